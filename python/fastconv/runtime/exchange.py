"""Arrays handed over to other libraries and taken from them, where possible without a copy.

DLPack (`__dlpack__`, `from_dlpack`) for the host's memory and for GPUs, `__cuda_array_interface__` for GPUs.  Memory
is shared where it is dense and starts at a multiple of 16 bytes, which is what kernels need; else it is copied.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from fastconv import _core
from fastconv.runtime.device import get_device
from fastconv.runtime.errors import ArgumentError, DeviceError, ExchangeError, ShapeError

ALIGNMENT = 16
LEGACY, PER_THREAD = 1, 2  # CUDA's default streams, by number
HOST = (1, 0)

_version = (1, 1)  # of DLPack
_codes = {0: "int", 1: "uint", 2: "float", 3: "opaque", 4: "bfloat", 5: "complex", 6: "bool"}
_dtypes = {(2, 32): "float32", (0, 32): "int32", (0, 64): "int64", (1, 8): "uint8", (6, 8): "bool"}
_typestrs = {
    "float32": "<f4",
    "float64": "<f8",
    "int32": "<i4",
    "int64": "<i8",
    "uint8": "|u1",
    "bool": "|b1",
}
# Memory by DLPack's number: whose it is, and which of our devices reads it.
_places = {
    1: ("the host", "cpu"),
    2: ("CUDA", "cuda"),
    3: ("the host, pinned by CUDA", "cpu"),
    4: ("OpenCL", None),
    7: ("Vulkan", None),
    8: ("Metal", None),
    10: ("ROCm", None),
    11: ("the host, pinned by ROCm", "cpu"),
    13: ("CUDA, managed", "cuda"),
    14: ("oneAPI", None),
}


# Out


def place_of(buffer: Any) -> tuple[int, int]:
    """DLPack's numbers of the memory that others get: (kind, index)."""
    return get_device(buffer.device).dlpack_place or HOST


def export(
    buffer: Any,
    stream: int | None,
    max_version: tuple[int, int] | None,
    wanted: tuple[int, int] | None,
    copy: bool | None,
) -> Any:
    """A DLPack capsule over a buffer.

    Consumers that speak DLPack 1 learn that the memory must not be written.  Older ones cannot be told: what they
    write changes the array.
    """
    place = get_device(buffer.device).dlpack_place
    wanted = None if wanted is None else (int(wanted[0]), int(wanted[1]))
    if wanted not in (None, place, HOST):
        raise ExchangeError(
            f"__dlpack__: an array on '{buffer.device}' can be handed over there or on the host (1, 0); asked for {wanted}."
        )
    moved = place is None or (wanted == HOST and place != HOST)
    if moved and copy is False:
        raise ExchangeError(
            f"__dlpack__: an array on '{buffer.device}' gets to the host by a copy; asked for copy=False."
        )
    if moved or copy:
        buffer = _copied(buffer, "cpu" if moved else buffer.device)
        place = HOST if moved else place
    _check_stream("__dlpack__", stream, place)
    if place != HOST and stream != -1:
        _core.let_wait(buffer.device, LEGACY if stream is None else stream)
    versioned = max_version is not None and max_version[0] >= 1
    return buffer.dlpack(place, versioned, bool(moved or copy))


def _check_stream(where: str, stream: Any, place: tuple[int, int] | None) -> None:
    if stream is None or (isinstance(stream, int) and stream == -1):
        return
    if place == HOST:
        raise ArgumentError(
            f"{where}: memory of the host has no streams; expected stream=None, came {stream!r}."
        )
    if not isinstance(stream, int) or stream < -1 or stream == 0:
        raise ArgumentError(
            f"{where}: expected stream=None, -1 (no waiting), 1 (legacy default), 2 (per-thread default) or a handle; "
            f"came {stream!r}."
        )


def _copied(buffer: Any, device: str) -> Any:
    made = get_device(device).new_buffer(buffer.dtype, buffer.shape)
    made.write(buffer.view())
    return made


def cuda_interface(buffer: Any) -> dict[str, Any]:
    """`__cuda_array_interface__`, version 3.

    Raises:  AttributeError: the array is not on a GPU; so `hasattr` tells.
    """
    if place_of(buffer)[0] != 2:
        raise AttributeError(
            f"an array on '{buffer.device}' has no __cuda_array_interface__; it is not on a GPU."
        )
    buffer.share()
    return {
        "shape": tuple(buffer.shape),
        "typestr": _typestrs[buffer.dtype],
        "data": (buffer.pointer if math.prod(buffer.shape) else 0, True),  # read only
        "strides": None,
        "stream": _core.stream_of(buffer.device),
        "version": 3,
    }


# In


class _Tensor(NamedTuple):
    """What another library hands over; strides in elements, None where dense."""

    device: str
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None
    pointer: int
    owner: Any


def take(x: Any, device: str | None, copy: bool | None) -> Any:
    """A buffer of ours with the elements of another library's array.  See `fastconv.from_dlpack`."""
    if hasattr(x, "__dlpack__") and hasattr(x, "__dlpack_device__"):
        tensor = _through_dlpack(x)
    elif hasattr(x, "__cuda_array_interface__"):
        tensor = _through_cuda_interface(x)
    else:
        raise ArgumentError(
            f"from_dlpack: expected an array with __dlpack__ or __cuda_array_interface__; came {type(x).__name__}."
        )
    target = tensor.device if device is None else get_device(device).name
    _check_count(tensor, target)
    why = _reason_to_copy(tensor, target)
    if why and copy is False:
        raise ExchangeError(f"from_dlpack: {why}, so it must be copied; asked for copy=False.")
    if 0 in tensor.shape:
        return get_device(target).new_buffer(tensor.dtype, tensor.shape)
    there = get_device(tensor.device)
    if not why and not copy:
        return there.buffer_over(tensor.dtype, tensor.shape, tensor.pointer, tensor.owner)
    made = there.new_buffer(tensor.dtype, tensor.shape)
    made.gather(_dense(tensor.shape) if tensor.strides is None else tensor.strides, tensor.pointer)
    return made if target == tensor.device else _copied(made, target)


def is_on_gpu(x: Any) -> bool:
    """Whether another library's array lies in the memory of an NVIDIA GPU."""
    if hasattr(x, "__dlpack_device__"):
        return _places.get(int(x.__dlpack_device__()[0]), ("", None))[1] == "cuda"
    return hasattr(x, "__cuda_array_interface__")


def _through_dlpack(x: Any) -> _Tensor:
    kind, index = (int(number) for number in x.__dlpack_device__())
    device = _device_for(kind, index)
    stream = {} if device.dlpack_place == HOST else {"stream": _core.stream_of(device.name)}
    try:
        capsule = x.__dlpack__(max_version=_version, **stream)
    except TypeError:  # libraries from before DLPack 1
        capsule = x.__dlpack__(**stream)
    foreign = _core.Foreign(capsule)
    if foreign.place != (kind, index):
        raise DeviceError(
            f"from_dlpack: {type(x).__name__} said that it is on device {(kind, index)}; its capsule is on {foreign.place}."
        )
    code, bits, lanes = foreign.element
    dtype = _dtypes.get((code, bits)) if lanes == 1 else None
    _check_dtype(dtype, f"{_codes.get(code, code)}{bits}{'' if lanes == 1 else f'x{lanes}'}")
    shape = tuple(foreign.shape)
    strides = None if foreign.strides is None else tuple(foreign.strides)
    return _checked(_Tensor(device.name, str(dtype), shape, strides, foreign.pointer, foreign))


def _device_for(kind: int, index: int) -> Any:
    whose, ours = _places.get(kind, (f"a device of kind {kind}", None))
    if ours is None:
        raise DeviceError(
            f"from_dlpack: expected memory of the host or of CUDA; came {whose}. Move it to the host first."
        )
    return get_device(f"cuda:{index}" if ours == "cuda" else ours)


def _through_cuda_interface(x: Any) -> _Tensor:
    interface = _checked_interface(x.__cuda_array_interface__)
    shape = tuple(int(size) for size in interface["shape"])
    typestr = interface["typestr"]
    dtype = next((name for name, known in _typestrs.items() if known == typestr and name != "float64"), None)
    _check_dtype(dtype, repr(typestr))
    if interface.get("mask") is not None:
        raise ArgumentError(
            "from_dlpack: expected an array without a mask; came a masked __cuda_array_interface__."
        )
    pointer = int(interface["data"][0])
    device = _device_of_pointer(pointer) if 0 not in shape else "cuda:0"
    stream = interface.get("stream")
    if stream is not None:
        _check_stream("from_dlpack: __cuda_array_interface__", stream, None)
        _core.wait_for(get_device(device).name, stream)
    return _checked(_Tensor(device, str(dtype), shape, _in_elements(interface, typestr), pointer, x))


def _checked_interface(interface: Any) -> Mapping[str, Any]:
    """The interface, if it says what it has to."""
    if not isinstance(interface, Mapping):
        raise ArgumentError(
            f"from_dlpack: expected __cuda_array_interface__ to be a dict; came {interface!r}. {_ANOTHER_WAY}"
        )
    for name, (expected, is_right) in _interface_facts.items():
        if not is_right(interface.get(name), interface):
            came = repr(interface[name]) if name in interface else "none"
            raise ArgumentError(
                f"from_dlpack: expected {name!r} of __cuda_array_interface__ to be {expected}; came {came}. {_ANOTHER_WAY}"
            )
    return interface


def _are_whole(values: Any) -> bool:
    return isinstance(values, (tuple, list)) and all(isinstance(v, (int, np.integer)) for v in values)


_ANOTHER_WAY = "Hand over a NumPy array, or one with __dlpack__."
_interface_facts: dict[str, tuple[str, Callable[[Any, Mapping[str, Any]], bool]]] = {
    "shape": (
        "a tuple of whole numbers from 0 up",
        lambda shape, _: _are_whole(shape) and min(shape, default=0) >= 0,
    ),
    "typestr": ("text like '<f4'", lambda typestr, _: isinstance(typestr, str)),
    "data": (
        "(pointer, whether it is read only)",
        lambda data, _: (
            isinstance(data, tuple) and len(data) == 2 and _are_whole(data[:1]) and 0 <= data[0] < 1 << 64
        ),
    ),
    "strides": (
        "None or the bytes from one element to the next on each axis",
        lambda strides, it: strides is None or (_are_whole(strides) and len(strides) == len(it["shape"])),
    ),
    "version": ("a whole number", lambda version, _: isinstance(version, int)),
}


def _device_of_pointer(pointer: int) -> str:
    from fastconv.runtime.cuda import cuda_module

    index = cuda_module().device_of(pointer)
    if index < 0:
        raise DeviceError(
            "from_dlpack: expected memory of a GPU behind __cuda_array_interface__; its pointer lies in none's."
        )
    return get_device(f"cuda:{index}").name


def _in_elements(interface: Mapping[str, Any], typestr: str) -> tuple[int, ...] | None:
    strides, size = interface.get("strides"), int(typestr[2:])
    if strides is None:
        return None
    if any(stride % size for stride in strides):
        raise ArgumentError(
            f"from_dlpack: expected strides that are multiples of the {size} bytes of an element; came {tuple(strides)}."
        )
    return tuple(int(stride) // size for stride in strides)


def _check_dtype(dtype: str | None, came: str) -> None:
    if dtype is None:
        raise ArgumentError(
            f"from_dlpack: expected {', '.join(_dtypes.values())}; came {came}. Convert it first: x.float() in PyTorch, "
            "x.astype('float32') elsewhere."
        )


def _checked(tensor: _Tensor) -> _Tensor:
    _check_count(tensor, tensor.device)
    behind = tensor.pointer % np.dtype(tensor.dtype).itemsize
    if (
        behind and not get_device(tensor.device).in_host_memory
    ):  # read by a kernel, it would end the use of the GPU
        raise ArgumentError(
            f"from_dlpack: expected {tensor.dtype} at a multiple of its size; the array starts {behind} bytes behind one. "
            "Copy it where it comes from."
        )
    return tensor


def _check_count(tensor: _Tensor, device: str) -> None:
    if not get_device(device).in_host_memory and math.prod(tensor.shape) >= 1 << 31:
        raise ShapeError(
            f"from_dlpack: expected fewer than 2^31 elements on '{device}'; came {math.prod(tensor.shape):,} in "
            f"{tensor.shape}. Take it in parts."
        )


def _reason_to_copy(tensor: _Tensor, target: str) -> str:
    if target != tensor.device:
        return f"the array is on '{tensor.device}' and wanted on '{target}'"
    if tensor.strides is not None and not _is_dense(tensor.shape, tensor.strides):
        return f"the array's strides {tensor.strides} are not those of a dense {tensor.shape}"
    if tensor.pointer % ALIGNMENT:
        return f"the array starts {tensor.pointer % ALIGNMENT} bytes behind a multiple of {ALIGNMENT}"
    return ""


def _dense(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _is_dense(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Strides of axes with one element or none say nothing."""
    pairs = zip(shape, strides, _dense(shape), strict=True)
    return 0 in shape or all(size == 1 or stride == dense for size, stride, dense in pairs)
