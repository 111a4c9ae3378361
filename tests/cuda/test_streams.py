"""Arrays shared with a library that works on a stream of its own: each side waits for the other where it said which."""

import pytest

THEIRS = """
import ctypes
cuda = ctypes.CDLL("libcudart.so.13")
fc.set_device("cuda")
relu = Function(lambda x: p.Relu()(x), device="cuda")
x = np.linspace(-1, 1, 1 << 10, dtype="f4")
stream, memory = ctypes.c_void_p(), ctypes.c_void_p()
assert cuda.cudaStreamCreateWithFlags(ctypes.byref(stream), 1) == 0
assert cuda.cudaMalloc(ctypes.byref(memory), x.nbytes) == 0

def copy_there(target, source):
    there = 3  # cudaMemcpyDeviceToDevice
    assert cuda.cudaMemcpyAsync(ctypes.c_void_p(target), ctypes.c_void_p(source), x.nbytes, there, stream) == 0
"""
# They read what a kernel of ours makes, and we let go of it while they do.
READ = (
    THEIRS
    + """
y = relu(x)
capsule = y.__dlpack__(stream={stream})
copy_there(memory.value, y.buffer.pointer)
del capsule, y
results = [relu(x) for _ in range(4)]
print((results[-1].numpy() == np.maximum(x, 0)).all())
"""
)
# We read what they write.
WRITTEN = (
    THEIRS
    + """
source = fc.Array.from_numpy(x)
copy_there(memory.value, source.buffer.pointer)
class Their:
    __cuda_array_interface__ = dict(
        shape=x.shape, typestr="<f4", data=(memory.value, False), strides={strides}, version=3, stream={stream}
    )
taken = fc.from_dlpack(Their())
print((relu(taken).numpy() == np.maximum(x[::{step}], 0)).all())
"""
)
CHECKED = {"PTXSIM_CHECK": "race", "PTXSIM_LAZY": "1", "PTXSIM_FATAL": "1"}
FOUND = 99  # the checker's exit status


@pytest.mark.parametrize("lazy", ["1", "7"])
def test_they_wait_for_us_and_we_for_them_before_memory_is_used_anew(emulated, lazy):
    assert emulated(READ.format(stream="stream.value"), **CHECKED | {"PTXSIM_LAZY": lazy}) == "True\n"


def test_a_consumer_that_wants_no_waiting_races(emulated):
    """So the checker sees the wait above."""
    emulated(READ.format(stream=-1), status=FOUND, **CHECKED, PTXSIM_LOG="/dev/null")


@pytest.mark.parametrize(("strides", "step"), [(None, 1), ("(-4,)", -1)], ids=["shared", "copied"])
def test_we_wait_for_them(emulated, strides, step):
    program = WRITTEN.format(stream="stream.value", strides=strides, step=step)
    if step < 0:
        program = program.replace("data=(memory.value,", "data=(memory.value + x.nbytes - 4,")
    assert emulated(program, **CHECKED) == "True\n"


def test_a_producer_that_names_no_stream_races(emulated):
    program = WRITTEN.format(stream=None, strides=None, step=1)
    emulated(program, status=FOUND, **CHECKED, PTXSIM_LOG="/dev/null")
