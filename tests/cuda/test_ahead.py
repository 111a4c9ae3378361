"""The host runs ahead of the device by two steps; a step that is not finite changes nothing, nor do those behind it."""

import gc
import json
import re
import sys
import threading

import numpy as np
import pytest

from fastconv import layers, primitives as p
from fastconv.compiler import Function
from fastconv.graph import as_symbol, assign, guard
from fastconv.models import Sequential
from fastconv.primitives.base import Spec
from fastconv.runtime.array import from_dlpack
from fastconv.runtime.device import get_device
from fastconv.runtime.errors import NonFiniteData, NumericsError
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


def raised(action, error=NumericsError):
    with pytest.raises(error) as caught:
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


def doubling(device, state=None):
    """A function of its own, or one that reads a state."""
    return Function(lambda x: p.Add()(x, x if state is None else as_symbol(state)), device=device)


class Foreign:
    """An output in the hands of another library."""

    def __init__(self, interface):
        self.__cuda_array_interface__ = interface


@pytest.mark.parametrize(
    "who", ["write", "an output", "who reads the state", "who is given an output", "who shares an output"]
)
def test_who_else_hears_of_it(cuda_device, who):
    state, step = counter(cuda_device)
    total = step(BAD)
    shared = from_dlpack(Foreign(total.__cuda_array_interface__))
    actions = {
        "write": lambda: state.assign(ONES),
        "an output": total.numpy,
        "who reads the state": lambda: doubling(cuda_device, state)(ONES),
        "who is given an output": lambda: doubling(cuda_device)(total),
        "who shares an output": shared.numpy,
    }
    assert raised(actions[who]) == MESSAGE
    assert state.numpy().tolist() == [0] * 4
    actions[who]()


@pytest.mark.parametrize("strides", [None, (-4,)], ids=["forwards", "backwards"])
def test_who_takes_a_copy_of_what_shares_it_hears_too(cuda_device, strides):
    _, step = counter(cuda_device)
    total = step(BAD)
    interface = total.__cuda_array_interface__
    start, _ = interface["data"]
    interface["data"] = (start if strides is None else start + 12, True)
    taken = Foreign(interface | {"strides": strides})
    assert raised(lambda: from_dlpack(taken, copy=True)) == MESSAGE


def test_who_does_not(cuda_device):
    """Other plans on the device go on, and the error waits for those whom it concerns."""
    state, step = counter(cuda_device)
    own, other = counter(cuda_device)
    step(BAD)
    for _ in range(3):
        total = other(ONES)
        assert doubling(cuda_device)(ONES).numpy().tolist() == [2] * 4
    assert total.numpy().tolist() == own.numpy().tolist() == [3] * 4
    own.assign(ONES)
    get_device(cuda_device).release_memory()
    assert raised(state.numpy) == MESSAGE
    assert state.numpy().tolist() == [0] * 4


def test_plans_that_read_the_same_do_not_hear_of_each_other(cuda_device):
    base = Variable(ONES, name="base", device=cuda_device)

    def head():
        state = Variable(np.zeros(4, "f4"), name="state", device=cuda_device)

        def step(x):
            total = p.Add()(p.Add()(as_symbol(state), as_symbol(base)), x)
            guard(total)
            assign(state, total)

        return state, Function(step, device=cuda_device)

    (bad, step), (good, other) = head(), head()
    step(BAD)
    other(ONES)
    assert good.numpy().tolist() == [2] * 4
    assert base.numpy().tolist() == [1] * 4
    assert raised(lambda: base.assign(ONES)) == MESSAGE  # the step is run again, from what it read
    assert bad.numpy().tolist() == [0] * 4


@pytest.fixture
def threads_take_turns():
    """After each few instructions."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(function, *arguments):
    threads = [threading.Thread(target=function, args=given) for given in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_models_in_two_threads(cuda_device, threads_take_turns):
    """Each hears of its own steps alone."""

    def train(every, told):
        state, step = counter(cuda_device)
        for k in range(60):
            try:
                step(BAD if k % every == 1 else ONES)
                if k % every == 1:
                    state.numpy()
            except NumericsError as error:
                told.append((k, str(error)))
        told.append(state.numpy().tolist())

    good, bad = [], []
    in_threads(train, (100, good), (3, bad))
    assert good == [(1, MESSAGE), [59] * 4]
    assert bad == [*((k, MESSAGE) for k in range(1, 60, 3)), [40] * 4]


def test_one_model_in_two_threads(cuda_device, threads_take_turns):
    """Whoever hears of a bad step is told what was wrong in it; no step is lost but those behind it."""
    state, step = counter(cuda_device)
    told = []

    def train(bad):
        for k in range(400):
            try:
                step(BAD if k % 4 == bad else ONES)
            except Exception as error:
                told.append(str(error))

    in_threads(train, (0,), (1,), (2,), (3,))
    assert set(told) == {MESSAGE}
    try:
        state.numpy()
    except NumericsError:
        told.append(MESSAGE)
    # A call that tells of a step is not begun, and at most one was under way behind it.
    assert 1200 - 2 * len(told) <= state.numpy()[0] <= 1200


def test_a_bad_step_is_told_until_it_is_repeated(cuda_device):
    """So no other thread's call gets in between."""
    state, step = counter(cuda_device)
    plan = step.compiled([Spec("float32", (4,))]).executable
    run = lambda x: plan.run([x], [get_device(cuda_device).new_buffer("float32", (4,))], ahead=True)  # noqa: E731
    run(ONES)
    run(BAD)
    assert [plan.hear(), plan.hear(), run(ONES).late, plan.shut_run] == [False, False, True, 1]
    plan.repeat(lambda number, after: None)
    assert plan.hear()
    assert not run(ONES).late
    assert state.numpy().tolist() == [2] * 4


def test_a_dropped_plan_gives_back_its_memory(cuda_device):
    """With the next plan that is built: nobody can hear of its runs any more."""
    memory = get_device(cuda_device).memory
    _, step = counter(cuda_device)
    step(ONES)
    doubling(cuda_device)(ONES)
    before = memory()["blocks"]
    for _ in range(4):
        _, step = counter(cuda_device)
        step(ONES)
        gc.collect()
        doubling(cuda_device)(ONES)
    gc.collect()
    assert memory()["blocks"] == before


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
    monkeypatch.setattr("fastconv.runtime.device._default", cuda_device)
    model = Sequential([layers.Dense(2, input_shape=(3,))])
    model.compile("sgd", "mse")
    x, y = np.ones((4, 3), "f4"), np.ones((4, 2), "f4")
    model.train_on_batch(x, y)
    bad = np.where(np.arange(3) == 0, np.nan, x).astype("f4")
    assert "FASTCONV_CHECK" not in raised(lambda: model.train_on_batch(bad, y), NonFiniteData)
    model.train_on_batch(x, y)
    assert int(model.optimizer.iterations.numpy()) == 2
