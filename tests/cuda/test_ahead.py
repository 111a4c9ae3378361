"""The host runs ahead of the device by two steps; a step that is not finite changes nothing, nor do those behind it."""

import json
import re

import numpy as np
import pytest

from fastconv import layers, primitives as p
from fastconv.compiler import Function
from fastconv.graph import as_symbol, assign, guard
from fastconv.models import Sequential
from fastconv.runtime.errors import NumericsError
from fastconv.runtime.variable import Variable

ONES, BAD = np.ones(4, "f4"), np.array([1, np.nan, 1, 1], "f4")


def counter(device):
    """A state, and a step that adds its input to it where all is finite."""
    state = Variable(np.zeros(4, "f4"), name="state", device=device)

    def step(x):
        total = p.Add()(as_symbol(state), x)
        guard(total)
        assign(state, total)
        return total

    return state, Function(step, device=device)


def raised(action):
    with pytest.raises(NumericsError) as caught:
        action()
    return str(caught.value)


MESSAGE = "output of a add holds 1 values that are not finite (NaN) of 4. Nothing of this step was kept."


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("behind", range(2))
def test_the_error_comes_when_a_result_is_asked_for(cuda_device, before, behind):
    state, step = counter(cuda_device)
    for _ in range(before):
        step(ONES)
    step(BAD)
    for _ in range(behind):
        step(ONES)
    assert raised(state.numpy) == MESSAGE
    assert state.numpy().tolist() == [before] * 4
    step(ONES)
    assert state.numpy().tolist() == [before + 1] * 4


def test_or_with_the_call_after_the_next(cuda_device):
    """Which is not begun."""
    state, step = counter(cuda_device)
    for x in (ONES, ONES, BAD, ONES):
        step(x)
    assert raised(lambda: step(ONES)) == MESSAGE
    assert state.numpy().tolist() == [2] * 4
    for _ in range(3):
        step(ONES)
    assert state.numpy().tolist() == [5] * 4


def test_the_explanation_is_that_of_the_bad_step(cuda_device):
    _, step = counter(cuda_device)
    say = lambda text: lambda error: NumericsError(f"{text}: {error}")  # noqa: E731
    for k, x in enumerate((ONES, ONES, BAD, BAD)):
        step(x, explain=say(f"step {k}"))
    assert raised(lambda: step(ONES, explain=say("step 4"))) == f"step 2: {MESSAGE}"


@pytest.mark.parametrize("who", ["write", "another function", "an output"])
def test_who_else_hears_of_it(cuda_device, who):
    state, step = counter(cuda_device)
    total = step(BAD)
    other = Function(lambda x: p.Relu()(x), device=cuda_device)
    actions = {
        "write": lambda: state.assign(ONES),
        "another function": lambda: other(ONES),
        "an output": total.numpy,
    }
    assert raised(actions[who]) == MESSAGE
    assert state.numpy().tolist() == [0] * 4
    actions[who]()


def test_inputs_may_be_written_over_at_once(cuda_device):
    state, step = counter(cuda_device)
    x = np.empty(4, "f4")
    for k in range(7):
        x[:] = k
        step(x)
    x[:] = 99
    assert state.numpy().tolist() == [21] * 4


def test_results_of_steps_under_way_are_their_own(cuda_device):
    _, step = counter(cuda_device)
    totals = [step(ONES) for _ in range(6)]
    assert [total.numpy()[0] for total in totals] == [1, 2, 3, 4, 5, 6]


FITTING = """
import hashlib, json, warnings
warnings.simplefilter("ignore")

def fitted(device, batches):
    fc.set_device(device)
    fc.utils.set_random_seed(7)
    made = fc.Sequential([
        fc.layers.Dense(8, activation="relu", input_shape=(6,)),
        fc.layers.Dropout(0.5),
        fc.layers.Dense(3, activation="softmax"),
    ])
    made.compile(fc.optimizers.SGD(0.125), "categorical_crossentropy")
    try:
        made.fit(iter(batches), steps_per_epoch=len(batches), verbose=0)
        said = None
    except fc.FastconvError as error:
        said = f"{type(error).__name__}: {error}"
    weights = b"".join(w.tobytes() for w in made.get_weights())
    return said, hashlib.sha256(weights).hexdigest(), int(made.optimizer.iterations.numpy())

random = np.random.default_rng(3)
batches = [
    (random.standard_normal((8, 6)).astype("f4"), np.eye(3, dtype="f4")[random.integers(0, 3, 8)]) for _ in range(7)
]
bad = [(x.copy(), y) for x, y in batches]
bad[KIND[0]][0][5] = KIND[1]
print(json.dumps([fitted(DEVICE, bad), fitted(DEVICE, batches[: KIND[0]])]))
"""


@pytest.mark.parametrize("at", [1, 4, 6])
@pytest.mark.parametrize("value", ["np.nan", "3.3e38"])
@pytest.mark.parametrize("lazy", ["1", "7"])
def test_fit_tells_what_the_cpu_tells(emulated, at, value, lazy):
    """And keeps the weights of the step before, bit for bit.

    How many values overflow depends on the order of summation, and is left out.
    """

    def run(device, **environment):
        program = f"DEVICE, KIND = {device!r}, ({at}, {value})\n{FITTING}"
        return json.loads(re.sub(r"holds \d+ values", "holds some values", emulated(program, **environment)))

    here, good = run("cuda", PTXSIM_LAZY=lazy, PTXSIM_CHECK="race", PTXSIM_STRICT="1")
    there, _ = run("cpu")
    assert here[0] == there[0]
    assert f"Weights are those of step {at}." in here[0]
    assert here[1:] == good[1:]
    assert good[0] is None


def test_a_checked_step_goes_on_behind_a_bad_one(cuda_device, monkeypatch):
    """FASTCONV_CHECK=1 has nothing to compare behind a shut gate, and the next step finds it open."""
    monkeypatch.setenv("FASTCONV_CHECK", "1")
    monkeypatch.setenv("FASTCONV_DEVICE", cuda_device)
    model = Sequential([layers.Dense(2, input_shape=(3,))])
    model.compile("sgd", "mse")
    x, y = np.ones((4, 3), "f4"), np.ones((4, 2), "f4")
    model.train_on_batch(x, y)
    bad = np.where(np.arange(3) == 0, np.nan, x).astype("f4")
    assert "FASTCONV_CHECK" not in raised(lambda: model.train_on_batch(bad, y))
    model.train_on_batch(x, y)
    assert int(model.optimizer.iterations.numpy()) == 2
