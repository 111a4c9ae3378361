"""Plans as the runtime sees them: interruption, more threads than processors, forks, several callers at once."""

import gc
import os
import re
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from fastconv import _core, compiler, primitives as p
from fastconv.graph import assign
from fastconv.runtime import device
from fastconv.runtime.array import Array
from fastconv.runtime.device import get_device, set_device
from fastconv.runtime.errors import ArgumentError, DeviceError, ShapeError
from fastconv.runtime.variable import Variable


def chain(x, steps=200):
    """Many steps: relu(x + 1) over and over."""
    for _ in range(steps):
        x = p.Relu()(x + 1.0)
    return x


def test_ctrl_c_between_two_steps_changes_nothing(heard_ctrl_c):
    state = Variable(np.zeros((512, 512), "f4"))

    def step(x):
        y = chain(x + state)
        assign(state, y)
        return y

    function = compiler.Function(step)
    x = np.zeros((512, 512), "f4")
    function.compiled([p.Spec("float32", x.shape)])
    values = [state.numpy()]

    def train():
        timer.start()
        for _ in range(100_000):  # far more than the timer's 30 ms leave time for
            function(x)
            values.append(state.numpy())

    timer = threading.Timer(0.03, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        train()
    timer.join()
    after = state.numpy()
    assert np.array_equal(after, values[-1]) or np.array_equal(after, chain_numpy(values[-1]))
    assert float(function(x).numpy()[0, 0]) == after[0, 0] + 200


def chain_numpy(x, steps=200):
    for _ in range(steps):
        x = np.maximum(x + np.float32(1), 0)
    return x


def test_a_plan_that_two_threads_call_gives_both_their_own_results():
    function = compiler.Function(lambda x: chain(x, 20))
    inputs = [np.full((64, 64), i, "f4") for i in range(8)]
    results = [None] * 8

    def call(i):
        for _ in range(20):
            results[i] = function(inputs[i]).numpy()

    threads = [threading.Thread(target=call, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, result in enumerate(results):
        assert (result == i + 20).all()


def test_threads_may_be_more_than_processors():
    before = _core.thread_count()
    x = np.random.default_rng(0).standard_normal((300, 300)).astype("f4")
    function = compiler.Function(lambda x: p.ReduceSum((0, 1), False)(chain(x, 5)))
    try:
        results = set()
        for threads in (1, 3, 16, 2):
            _core.set_thread_count(threads)
            assert _core.thread_count() == threads
            results.add(function(x).numpy().tobytes())
    finally:
        _core.set_thread_count(before)
    assert len(results) == 1


@pytest.mark.parametrize("threads", [-1, 257])
def test_a_number_of_threads_that_cannot_be(threads):
    with pytest.raises(ArgumentError) as caught:
        _core.set_thread_count(threads)
    assert str(caught.value) == (
        f"set_num_threads: expected a whole number from 1 to 256 (0: every processor); came {threads}."
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_computes():
    x = np.ones((300, 300), "f4")
    function = compiler.Function(lambda x: chain(x, 5))
    function(x)  # the pool has threads now
    child = os.fork()
    if child == 0:
        os._exit(0 if float(function(x).numpy()[0, 0]) == 6 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert float(function(x).numpy()[0, 0]) == 6


@pytest.mark.parametrize(
    "name",
    [
        "gpu9",
        "cuda:00",
        "gpu:01",
        "cuda:",
        "cuda:\N{ARABIC-INDIC DIGIT ONE}",
        "cuda: 1",
        "cuda:1\n",
        "CUDA",
        "cpu:0",
        "",
        1,
        None,
    ]
    + ["cuda:99999999999999999999", "cuda:0:0", "reference:1"],
)
def test_unknown_devices_are_named(name):
    with pytest.raises(DeviceError) as caught:
        set_device(name)
    said = name.replace("gpu:", "cuda:") if isinstance(name, str) else name
    assert str(caught.value) == (
        "device: expected one of 'cpu', 'cuda', 'reference', or 'cuda:N' with N = 0, 1, 2, ...; came "
        f"{said!r}. Call fastconv.set_device('cpu'), or unset FASTCONV_DEVICE."
    )


def test_nothing_moves_to_a_device_without_a_name():
    with pytest.raises(DeviceError, match="came ''"):
        Variable(np.zeros(1)).to("")
    with pytest.raises(DeviceError, match="came ''"):
        Array.from_numpy(np.zeros(1), "")


def members(protocol):
    return [*protocol.__annotations__, *(name for name in vars(protocol) if not name.startswith("_"))]


@pytest.mark.parametrize("name", ["cpu", "reference", "cuda"])
def test_a_device_answers_what_the_protocol_lists(name, request):
    one = get_device(request.getfixturevalue("cuda_device") if name == "cuda" else name)
    assert {"needed_bytes", "available_bytes", "lock"} <= set(members(device.Device))
    assert [member for member in members(device.Device) if not hasattr(one, member)] == []


@pytest.mark.parametrize(("said", "meant"), [("gpu", "cuda:0"), ("GPU", "cuda:0"), ("gpu:1", "cuda:1")])
def test_gpu_means_cuda(said, meant, monkeypatch):
    class Card:
        name = meant

    monkeypatch.setitem(device._made, meant, Card())
    monkeypatch.setattr(device, "_default", None)
    set_device(said)
    assert device.default_device() == meant and get_device(said) is get_device(meant)


def test_both_devices_take_the_same_plan():
    function = compiler.Function(lambda x: chain(x, 3))
    x = np.linspace(-3, 3, 7, dtype="f4")
    here = function(x).numpy()
    there = compiler.Function(lambda x: chain(x, 3), device="reference")(x).numpy()
    np.testing.assert_allclose(here, there, rtol=1e-6)


def test_a_buffer_refuses_what_does_not_fit():
    buffer = get_device("cpu").new_buffer("float32", (2, 3))
    with pytest.raises(ShapeError) as caught:
        buffer.write(np.zeros((3, 2), "f4"))
    assert str(caught.value) == "expected float32 (2, 3); came float32 (3, 2)."


def test_arrays_are_immutable_and_arithmetic_gives_arrays():
    a = Array.from_numpy([1.0, 2.0, 3.0])
    with pytest.raises(AttributeError):
        a.buffer = None
    assert (2.0 * a + np.ones(3)).numpy().tolist() == [3.0, 5.0, 7.0]
    assert (a > 1.5).numpy().tolist() == [False, True, True]
    assert a[1:].numpy().tolist() == [2.0, 3.0]
    assert np.asarray(a).sum() == 6.0
    assert np.from_dlpack(a).tolist() == [1.0, 2.0, 3.0]


def test_memory_comes_back():
    gc.collect()  # what other tests left would come back meanwhile
    before = _core.allocated_bytes()
    arrays = [Array.from_numpy(np.zeros((100, 100))) for _ in range(10)]
    assert _core.allocated_bytes() >= before + 10 * 40000
    del arrays
    assert _core.allocated_bytes() == before


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's here")
def test_out_of_memory_says_which_batch_fits():
    """In a process that may take 300 MB more; the batch that it names does fit."""
    program = """
import re, resource
from pathlib import Path
import numpy as np
from fastconv import compiler, primitives as p
from fastconv.runtime.errors import OutOfMemory

function = compiler.Function(lambda x: p.ReduceSum((0, 1), False)(p.Exp()(x)), name="step")
function(np.zeros((1, 4), "f4"))  # threads and their stacks
x = np.zeros((64, 1 << 22), "f4")
pages = int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 300_000_000, -1))
try:
    function(x)
except OutOfMemory as error:
    print(error)
    fits = int(re.search("batch of ([0-9]+) would", str(error))[1])
    print(float(function(x[:fits]).numpy()) == fits << 22, fits)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    message, outcome = done.stdout.splitlines()
    told = re.fullmatch(
        r"step: a batch of 64 needs 1,07\d MB on 'cpu'; (\d+) MB are free. A batch of (\d+) would fit, or free other "
        r"models and programs\.",
        message,
    )
    assert told, message
    assert outcome == f"True {told[2]}"
    assert int(told[1]) // 16.8 - 1 <= int(told[2]) <= int(told[1]) / 16.7
