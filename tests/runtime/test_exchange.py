"""Arrays for and from other libraries: DLPack on the host and on a GPU, and `__cuda_array_interface__`."""

import ctypes
import gc

import numpy as np
import pytest

import fastconv as fc
from fastconv import _core
from fastconv.runtime.errors import ArgumentError, DeviceError, ExchangeError, ShapeError

VALUES = np.arange(-6, 6, dtype="f4").reshape(3, 4)


@pytest.fixture(params=["cpu", "cuda"])
def device(request):
    return request.param if request.param == "cpu" else request.getfixturevalue("cuda_device")


class View(ctypes.Structure):
    """DLTensor, to write what no well-behaved library would."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


class Versioned(ctypes.Structure):
    _fields_ = (
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("owner", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("view", View),
    )


class Managed(ctypes.Structure):
    _fields_ = (("view", View), ("owner", ctypes.c_void_p), ("deleter", ctypes.c_void_p))


def inside(capsule):
    """The structure that a capsule points to."""
    get_name, get_pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    get_name.restype, get_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    name = get_name(capsule)
    kind = Versioned if name.endswith(b"versioned") else Managed
    return kind.from_address(get_pointer(capsule, name))


class Theirs:
    """Another library's array over memory of ours; `edit` may change what its capsules say."""

    def __init__(self, array, edit=None, old=False):
        self.array, self.edit, self.old = array, edit or unchanged, old
        self.streams = []
        self.kept = []

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()

    def __dlpack__(self, **options):
        if self.old and "max_version" in options:
            raise TypeError("__dlpack__() got an unexpected keyword argument 'max_version'")
        self.streams.append(options.get("stream"))
        capsule = self.array.__dlpack__(**options)
        self.edit(inside(capsule).view, self.kept)
        return capsule


def numbers(kept, *values):
    kept.append((ctypes.c_int64 * len(values))(*values))
    return ctypes.cast(kept[-1], ctypes.POINTER(ctypes.c_int64))


def unchanged(view, kept):
    pass


def without_strides(view, kept):
    view.strides = None


def second_row_on(view, kept):
    view.byte_offset = 16
    view.shape = numbers(kept, 2, 4)


def transposed(view, kept):
    view.shape, view.strides = numbers(kept, 4, 3), numbers(kept, 1, 4)


def one_element_on(view, kept):
    view.data += 4
    view.shape = numbers(kept, 2, 4)


def backwards(view, kept):
    view.data += 44
    view.shape, view.strides, view.ndim = numbers(kept, 12), numbers(kept, -1), 1


def repeated(view, kept):
    view.shape, view.strides = numbers(kept, 2, 4), numbers(kept, 0, 1)


def strange_strides_of_single_axes(view, kept):
    view.ndim = 3
    view.shape, view.strides = numbers(kept, 1, 3, 4), numbers(kept, 777, 4, 1)


def empty(view, kept):
    view.data, view.shape = None, numbers(kept, 0, 4)


SHARED = {
    unchanged: VALUES,
    without_strides: VALUES,
    second_row_on: VALUES[1:],
    strange_strides_of_single_axes: VALUES[None],
}
COPIED = {
    transposed: (VALUES.T, "the array's strides (1, 4) are not those of a dense (4, 3)"),
    one_element_on: (
        VALUES.reshape(-1)[1:9].reshape(2, 4),
        "the array starts 4 bytes behind a multiple of 16",
    ),
    backwards: (VALUES.reshape(-1)[::-1], "the array's strides (-1,) are not those of a dense (12,)"),
    repeated: (VALUES[[0, 0]], "the array's strides (0, 1) are not those of a dense (2, 4)"),
}


@pytest.mark.parametrize("old", [False, True], ids=["versioned", "old"])
@pytest.mark.parametrize("edit", SHARED, ids=lambda edit: edit.__name__)
def test_dense_arrays_are_shared(device, edit, old):
    array = fc.Array.from_numpy(VALUES, device)
    taken = fc.from_dlpack(Theirs(array, edit, old), copy=False)
    assert taken.device == array.device
    assert 0 <= taken.buffer.pointer - array.buffer.pointer <= 16
    assert taken.numpy().tolist() == SHARED[edit].tolist()
    copy = fc.from_dlpack(Theirs(array, edit, old), copy=True)
    assert copy.buffer.pointer not in (taken.buffer.pointer, array.buffer.pointer)
    assert copy.numpy().tolist() == SHARED[edit].tolist()


@pytest.mark.parametrize("edit", COPIED, ids=lambda edit: edit.__name__)
def test_others_are_copied_or_refused(device, edit):
    array = fc.Array.from_numpy(VALUES, device)
    expected, why = COPIED[edit]
    assert fc.from_dlpack(Theirs(array, edit)).numpy().tolist() == expected.tolist()
    with pytest.raises(ExchangeError) as caught:
        fc.from_dlpack(Theirs(array, edit), copy=False)
    assert str(caught.value) == f"from_dlpack: {why}, so it must be copied; asked for copy=False."
    assert isinstance(caught.value, BufferError)


@pytest.mark.parametrize("dtype", ["float32", "int32", "int64", "uint8", "bool"])
def test_every_dtype(device, dtype):
    values = (np.arange(40).reshape(2, 5, 4) % 3).astype(dtype)
    array = fc.Array.from_numpy(values, device)
    taken = fc.from_dlpack(Theirs(array))
    assert taken.dtype == np.dtype(dtype)
    assert taken.numpy().tolist() == values.tolist()

    def crosswise(view, kept):
        view.shape, view.strides = numbers(kept, 4, 5, 2), numbers(kept, 1, 4, 20)

    assert fc.from_dlpack(Theirs(array, crosswise)).numpy().tolist() == values.T.tolist()


def test_an_empty_array(device):
    array = fc.Array.from_numpy(VALUES, device)
    taken = fc.from_dlpack(Theirs(array, empty), copy=False)
    assert (taken.shape, taken.device) == ((0, 4), array.device)


def test_memory_is_kept_until_the_last_use(device):
    array = fc.Array.from_numpy(VALUES, device)
    taken = fc.from_dlpack(Theirs(array))
    del array
    gc.collect()
    fc.Array.from_numpy(np.zeros_like(VALUES), device)  # would get the memory, were it free
    doubled = fc.kernels.relu(taken)
    del taken
    assert doubled.numpy().tolist() == np.maximum(VALUES, 0).tolist()


def test_capsules_that_nobody_takes_let_go(device):
    array = fc.Array.from_numpy(VALUES, device)
    capsules = [array.__dlpack__(), array.__dlpack__(max_version=(1, 0))]
    del array, capsules
    gc.collect()  # the device fixture and the next line see what is left
    assert fc.from_dlpack(Theirs(fc.Array.from_numpy(VALUES, device))).numpy().tolist() == VALUES.tolist()


def test_a_capsule_is_taken_once():
    capsule = fc.Array.from_numpy(VALUES).__dlpack__(max_version=(1, 1))
    _core.Foreign(capsule)
    with pytest.raises(ArgumentError) as caught:
        _core.Foreign(capsule)
    assert str(caught.value) == (
        "from_dlpack: expected a capsule 'dltensor' or 'dltensor_versioned'; came 'used_dltensor_versioned'. A capsule "
        "can be taken once."
    )


def test_what_a_capsule_says(device):
    array = fc.Array.from_numpy(VALUES, device)
    capsule = array.__dlpack__(max_version=(1, 2))
    header = inside(capsule)
    assert (header.major, header.minor, header.flags) == (1, 1, 1)  # read only
    assert (header.view.device_type, header.view.device_id) == array.__dlpack_device__()
    assert header.view.data == array.buffer.pointer
    assert header.view.strides[:2] == [4, 1]
    copied = array.__dlpack__(max_version=(1, 2), copy=True)
    assert inside(copied).flags == 2  # a copy, which may be written
    assert inside(copied).view.data != array.buffer.pointer
    old = array.__dlpack__()
    assert isinstance(inside(old), Managed)


def test_numpy_both_ways():
    array = fc.Array.from_numpy(VALUES)
    theirs = np.from_dlpack(array)
    assert not theirs.flags.writeable
    assert theirs.ctypes.data == array.buffer.pointer
    del array
    assert theirs.tolist() == VALUES.tolist()
    memory = np.arange(16, dtype="f4")
    start = -memory.ctypes.data % 16 // 4
    ours = fc.from_dlpack(memory[start : start + 8])
    memory[start] = 99
    assert ours.numpy()[0] == 99  # shared


def test_torch_both_ways(peer):
    torch = peer("torch")
    theirs = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    ours = fc.from_dlpack(theirs, copy=False)
    theirs[0, 0] = 5
    assert ours.numpy()[0, 0] == 5
    assert fc.from_dlpack(theirs.t()).numpy().tolist() == theirs.t().tolist()
    back = torch.from_dlpack(fc.Array.from_numpy(VALUES))
    assert back.tolist() == VALUES.tolist()
    with pytest.raises(ArgumentError) as caught:
        fc.from_dlpack(theirs.double())
    assert str(caught.value) == (
        "from_dlpack: expected float32, int32, int64, uint8, bool; came float64. Convert it first: x.float() in "
        "PyTorch, x.astype('float32') elsewhere."
    )


@pytest.mark.parametrize(
    ("kind", "whose"),
    [(10, "ROCm"), (8, "Metal"), (99, "a device of kind 99")],
    ids=["rocm", "metal", "unknown"],
)
def test_memory_that_cannot_be_read(kind, whose):
    class There:
        def __dlpack_device__(self):
            return (kind, 0)

        def __dlpack__(self, **options):
            raise AssertionError("asked for nothing")

    with pytest.raises(DeviceError) as caught:
        fc.from_dlpack(There())
    assert str(caught.value) == (
        f"from_dlpack: expected memory of the host or of CUDA; came {whose}. Move it to the host first."
    )


def test_dtypes_that_no_kernel_takes():
    def bfloat16(view, kept):
        view.code, view.bits = 4, 16

    def packed(view, kept):
        view.lanes = 4

    for edit, name in ((bfloat16, "bfloat16"), (packed, "float32x4")):
        with pytest.raises(ArgumentError) as caught:
            fc.from_dlpack(Theirs(fc.Array.from_numpy(VALUES), edit))
        assert str(caught.value) == (
            f"from_dlpack: expected float32, int32, int64, uint8, bool; came {name}. Convert it first: x.float() in "
            "PyTorch, x.astype('float32') elsewhere."
        )


def test_what_is_no_array():
    with pytest.raises(ArgumentError) as caught:
        fc.from_dlpack([1, 2])
    assert str(caught.value) == (
        "from_dlpack: expected an array with __dlpack__ or __cuda_array_interface__; came list."
    )


FACTS = {"shape": (2,), "typestr": "<f4", "data": (4096, False), "version": 3}
SHAPE, DATA = "a tuple of whole numbers from 0 up", "(pointer, whether it is read only)"
STRIDES = "None or the bytes from one element to the next on each axis"


@pytest.mark.parametrize(
    ("name", "expected", "came"),
    [
        *(("shape", SHAPE, came) for came in (2, None, ("a",), (-1,), (2.5,))),
        ("typestr", "text like '<f4'", 4),
        *(("data", DATA, came) for came in (4096, (), (4096,), ("a", False), (-1, False), (1 << 64, False))),
        *(("strides", STRIDES, came) for came in (4, (4, 4), (4.0,), "4")),
        ("version", "a whole number", "3"),
    ],
)
def test_an_interface_that_says_something_else(name, expected, came):
    class There:
        __cuda_array_interface__ = FACTS | {name: came}

    with pytest.raises(ArgumentError) as caught:
        fc.from_dlpack(There())
    assert str(caught.value) == (
        f"from_dlpack: expected {name!r} of __cuda_array_interface__ to be {expected}; came {came!r}. Hand over a NumPy "
        "array, or one with __dlpack__."
    )


@pytest.mark.parametrize("name", ["shape", "typestr", "data", "version"])
def test_an_interface_that_lacks_something(name):
    class There:
        __cuda_array_interface__ = {key: value for key, value in FACTS.items() if key != name}

    with pytest.raises(ArgumentError, match=f"expected '{name}' of __cuda_array_interface__ .*; came none"):
        fc.from_dlpack(There())


def test_an_interface_that_is_none():
    class There:
        __cuda_array_interface__ = None

    with pytest.raises(ArgumentError) as caught:
        fc.from_dlpack(There())
    assert str(caught.value) == (
        "from_dlpack: expected __cuda_array_interface__ to be a dict; came None. Hand over a NumPy array, or one with "
        "__dlpack__."
    )


def test_arrays_of_ours_come_back_as_they_are():
    array = fc.Array.from_numpy(VALUES)
    assert fc.from_dlpack(array) is array
    assert fc.from_dlpack(array, copy=True).buffer.pointer != array.buffer.pointer


def test_the_reference_device_hands_out_copies():
    array = fc.Array.from_numpy(VALUES, "reference")
    assert np.from_dlpack(array).tolist() == VALUES.tolist()
    assert fc.from_dlpack(VALUES.copy(), device="reference").device == "reference"
    with pytest.raises(ExchangeError) as caught:
        array.__dlpack__(copy=False)
    assert str(caught.value) == (
        "__dlpack__: an array on 'reference' gets to the host by a copy; asked for copy=False."
    )


@pytest.mark.parametrize("stream", [0, 1, "default"])
def test_the_host_has_no_streams(stream):
    with pytest.raises(ArgumentError) as caught:
        fc.Array.from_numpy(VALUES).__dlpack__(stream=stream)
    assert str(caught.value) == (
        f"__dlpack__: memory of the host has no streams; expected stream=None, came {stream!r}."
    )
    fc.Array.from_numpy(VALUES).__dlpack__(stream=-1)


# On a GPU


def test_the_producer_learns_our_stream(cuda_device):
    theirs = Theirs(fc.Array.from_numpy(VALUES, cuda_device))
    fc.from_dlpack(theirs)
    assert theirs.streams == [_core.stream_of(cuda_device)]


@pytest.mark.parametrize("stream", [None, 1, 2, -1])
def test_the_consumers_streams(cuda_device, stream):
    array = fc.Array.from_numpy(VALUES, cuda_device)
    assert inside(array.__dlpack__(stream=stream, max_version=(1, 0))).view.data == array.buffer.pointer


@pytest.mark.parametrize("stream", [0, -2, "legacy"])
def test_streams_that_cannot_be(cuda_device, stream):
    with pytest.raises(ArgumentError) as caught:
        fc.Array.from_numpy(VALUES, cuda_device).__dlpack__(stream=stream)
    assert str(caught.value) == (
        "__dlpack__: expected stream=None, -1 (no waiting), 1 (legacy default), 2 (per-thread default) or a handle; came "
        f"{stream!r}."
    )


def test_from_the_gpu_to_the_host(cuda_device):
    array = fc.Array.from_numpy(VALUES, cuda_device)
    assert np.from_dlpack(array, device="cpu").tolist() == VALUES.tolist()
    with pytest.raises(ExchangeError) as caught:
        array.__dlpack__(dl_device=(1, 0), copy=False)
    assert str(caught.value) == (
        f"__dlpack__: an array on '{cuda_device}' gets to the host by a copy; asked for copy=False."
    )
    with pytest.raises(ExchangeError) as caught:
        array.__dlpack__(dl_device=(2, 7))
    assert str(caught.value) == (
        f"__dlpack__: an array on '{cuda_device}' can be handed over there or on the host (1, 0); asked for (2, 7)."
    )


def test_from_the_host_to_the_gpu(cuda_device):
    taken = fc.from_dlpack(VALUES.copy(), device="cuda")
    assert (taken.device, taken.numpy().tolist()) == (cuda_device, VALUES.tolist())
    with pytest.raises(ExchangeError) as caught:
        fc.from_dlpack(VALUES.copy(), device="cuda", copy=False)
    assert str(caught.value) == (
        f"from_dlpack: the array is on 'cpu' and wanted on '{cuda_device}', so it must be copied; asked for copy=False."
    )


def test_too_many_elements(cuda_device):
    def huge(view, kept):
        view.shape, view.strides = numbers(kept, 1 << 16, 1 << 15), None

    with pytest.raises(ShapeError) as caught:
        fc.from_dlpack(Theirs(fc.Array.from_numpy(VALUES, cuda_device), huge))
    assert str(caught.value) == (
        f"from_dlpack: expected fewer than 2^31 elements on '{cuda_device}'; came 2,147,483,648 in (65536, 32768). Take "
        "it in parts."
    )


def test_too_many_elements_for_the_gpu(cuda_device):
    """They are counted before they are copied."""
    with pytest.raises(
        ShapeError, match=f"fewer than 2\\^31 elements on '{cuda_device}'; came 2,147,483,648"
    ):
        fc.from_dlpack(np.broadcast_to(np.float32(1), (1 << 16, 1 << 15)), device="cuda")


class Interface:
    """Another library's array that knows only __cuda_array_interface__."""

    def __init__(self, array, **changes):
        self.array = array
        self.__cuda_array_interface__ = {**array.__cuda_array_interface__, **changes}


def test_cuda_array_interface_out(cuda_device):
    array = fc.Array.from_numpy(VALUES, cuda_device)
    assert array.__cuda_array_interface__ == {
        "shape": (3, 4),
        "typestr": "<f4",
        "data": (array.buffer.pointer, True),
        "strides": None,
        "stream": _core.stream_of(cuda_device),
        "version": 3,
    }
    assert not hasattr(fc.Array.from_numpy(VALUES, "cpu"), "__cuda_array_interface__")


@pytest.mark.parametrize("stream", [None, 1, 2])
def test_cuda_array_interface_in(cuda_device, stream):
    array = fc.Array.from_numpy(VALUES, cuda_device)
    taken = fc.from_dlpack(Interface(array, stream=stream), copy=False)
    assert (taken.buffer.pointer, taken.numpy().tolist()) == (array.buffer.pointer, VALUES.tolist())
    columns = Interface(array, shape=(4, 3), strides=(4, 16))
    assert fc.from_dlpack(columns).numpy().tolist() == VALUES.T.tolist()


def test_cuda_array_interface_that_cannot_be_taken(cuda_device):
    array = fc.Array.from_numpy(VALUES, cuda_device)
    expected = {
        "from_dlpack: expected float32, int32, int64, uint8, bool; came '<f2'. Convert it first: x.float() in PyTorch, "
        "x.astype('float32') elsewhere.": {"typestr": "<f2"},
        "from_dlpack: expected an array without a mask; came a masked __cuda_array_interface__.": {
            "mask": array
        },
        "from_dlpack: expected strides that are multiples of the 4 bytes of an element; came (6, 3).": {
            "strides": (6, 3)
        },
        "from_dlpack: __cuda_array_interface__: expected stream=None, -1 (no waiting), 1 (legacy default), 2 (per-thread "
        "default) or a handle; came 0.": {"stream": 0},
        "from_dlpack: expected float32 at a multiple of its size; the array starts 2 bytes behind one. Copy it where it "
        "comes from.": {"shape": (2,), "data": (array.buffer.pointer + 2, False)},
        "from_dlpack: expected int64 at a multiple of its size; the array starts 4 bytes behind one. Copy it where it "
        "comes from.": {"shape": (2,), "typestr": "<i8", "data": (array.buffer.pointer + 4, False)},
    }
    for message, changes in expected.items():
        with pytest.raises(ArgumentError) as caught:
            fc.from_dlpack(Interface(array, **changes))
        assert str(caught.value) == message
    with pytest.raises(DeviceError) as caught:
        fc.from_dlpack(Interface(array, data=(VALUES.ctypes.data, False)))
    assert str(caught.value) == (
        "from_dlpack: expected memory of a GPU behind __cuda_array_interface__; its pointer lies in none's."
    )
    assert array.numpy().tolist() == VALUES.tolist()  # the device goes on


def test_arrays_on_the_gpu_are_fed_without_the_host(cuda_device, monkeypatch):
    function = fc.function(lambda x: fc.kernels.relu(x))
    array = fc.Array.from_numpy(VALUES, cuda_device)

    def read(buffer):
        raise AssertionError("went through the host")

    with monkeypatch.context() as patch:
        patch.setattr(_core.Buffer, "view", read)
        patch.setattr(_core.Buffer, "numpy", read)
        results = [function(array) for _ in range(3)] + [fc.kernels.relu(Theirs(array))]
    assert all(result.device == cuda_device for result in results)
    assert all(result.numpy().tolist() == np.maximum(VALUES, 0).tolist() for result in results)


def test_primitives_take_tensors_of_other_libraries(device, peer, monkeypatch):
    torch = peer("torch")
    monkeypatch.setattr("fastconv.runtime.device._default", device)
    x = torch.tensor([-1.0, 2.0])
    assert fc.kernels.relu(x).numpy().tolist() == [0, 2]
    assert fc.kernels.maximum(x.double(), 1).numpy().tolist() == [1, 2]
    with pytest.raises(ArgumentError) as caught:
        fc.kernels.relu(x.bfloat16())
    assert str(caught.value) == (
        "expected an array of numbers; came Tensor (Got unsupported ScalarType BFloat16). Give a NumPy array, or convert "
        "it first: x.float() in PyTorch."
    )


def test_primitives_take_arrays_of_other_libraries_on_a_gpu(cuda_device):
    """And compute where they lie."""
    x = fc.Array.from_numpy(VALUES, cuda_device)

    class Foreign:
        __cuda_array_interface__ = x.__cuda_array_interface__

    made = fc.kernels.relu(Foreign())
    assert made.device == cuda_device
    assert (made.numpy() == np.maximum(VALUES, 0)).all()
    assert (fc.kernels.maximum(Foreign(), 1).numpy() == np.maximum(VALUES, 1)).all()


@pytest.mark.parametrize("kind", [Theirs, Interface])
def test_models_take_arrays_of_other_libraries_on_a_gpu(cuda_device, kind, monkeypatch):
    monkeypatch.setattr("fastconv.runtime.device._default", cuda_device)
    model = fc.Sequential([fc.layers.Dense(1, input_shape=(4,), kernel_initializer="ones")])
    model.compile(fc.optimizers.SGD(0.0), "mse")
    y = VALUES.sum(1, keepdims=True)
    theirs, labels = (kind(fc.Array.from_numpy(values, cuda_device)) for values in (VALUES, y))
    assert model(theirs).numpy().tolist() == y.tolist()
    assert model.predict(theirs).tolist() == y.tolist()
    assert model.predict_on_batch(theirs).tolist() == y.tolist()
    assert model.train_on_batch(theirs, labels) == model.test_on_batch(theirs, labels) == 0
    assert model.evaluate(theirs, labels, verbose=0) == 0
    assert model.fit(theirs, labels, verbose=0).history["loss"] == [0]
