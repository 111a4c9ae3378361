"""Recordings that another thread ends, and who may not."""

import pytest

STEPS = """
from fastconv import _cuda
function = Function(lambda x: p.Relu()(p.Relu()(x)), device="cuda")
x = np.linspace(-1, 1, 64, dtype="f4")
launches = []
for _ in range(9):
    before = _cuda.launches()
    result = function(x)
    launches.append(_cuda.launches() - before)
    assert (result.numpy() == np.maximum(x, 0)).all()
print(*launches)
"""


def captures(trace):
    return trace.read_text().count("cudaStreamBeginCapture")


def test_a_recording_that_is_ended_is_tried_again(emulated, tmp_path):
    """The run itself is launched one by one; each of the two recordings takes its next turn."""
    said = emulated(STEPS, PTXSIM_FAIL="capture:1", PTXSIM_TRACE=str(tmp_path / "trace"))
    # Plainly; ended at its first launch, then plainly; recorded and replayed, for each of the two turns; replayed.
    assert said == "2 3 3 3 1 1 1 1 1\n"
    assert captures(tmp_path / "trace") == 3


def test_but_not_for_ever(emulated, tmp_path):
    every = ",".join(f"capture:{k}" for k in range(1, 20))
    said = emulated(STEPS, PTXSIM_FAIL=every, PTXSIM_TRACE=str(tmp_path / "trace"))
    assert said.split()[-4:] == ["2"] * 4
    assert captures(tmp_path / "trace") == 3


def test_a_measurement_goes_on_without(emulated):
    said = emulated(
        """
        x = np.linspace(-1, 1, 64, dtype="f4")
        fc.set_device("cuda")
        specs = [("float32", [64])]
        step = _core.OneStep("cuda:0", "relu", "elements", {}, [x], specs)
        print(len(step.seconds(2, batch=3)), (step.results()[0] == np.maximum(x, 0)).all())
        """,
        PTXSIM_FAIL="capture:1",
    )
    assert said == "2 True\n"


# While one thread records, another one lets go of memory that others have seen, or needs some of what is kept.
BESIDE = """
import sys, threading
sys.setswitchinterval(1e-4)
fc.set_device("cuda")
over = threading.Event()
told_there = []

def beside():
    k = 0
    try:
        while not over.is_set():
            k += 1
            {what}
    except Exception as error:
        told_there.append(repr(error))

thread = threading.Thread(target=beside)
thread.start()

def deep(x):
    for _ in range(60):
        x = p.Relu()(x)
    return x

x = np.linspace(-1, 1, 64, dtype="f4")
for _ in range(20):
    function = Function(deep, device="cuda")
    for _ in range(3):
        assert (function(x).numpy() == np.maximum(x, 0)).all()
over.set()
thread.join()
print(told_there)
"""


@pytest.mark.parametrize(
    ("what", "memory"),
    [
        ("_core.Buffer('cuda:0', 'float32', [4]).share()", "1G"),
        ("fc.Array.from_numpy(np.ones((3 + k % 2) << 20, 'f4'))", "24M"),
    ],
    ids=["shared", "kept"],
)
def test_we_end_none_ourselves(emulated, tmp_path, what, memory):
    trace = tmp_path / "trace"
    said = emulated(BESIDE.format(what=what), PTXSIM_MEMORY=memory, PTXSIM_TRACE=str(trace))
    assert said == "[]\n"
    assert captures(trace) == 40
    assert trace.read_text().count("cudaGraphInstantiate") == 40
    waits = "cudaDeviceSynchronize" if memory == "1G" else "cudaFree"
    assert trace.read_text().count(waits) > 40
