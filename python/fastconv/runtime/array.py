"""What computations return: an immutable array on a device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from fastconv.runtime import exchange
from fastconv.runtime.device import get_device
from fastconv.runtime.operators import Operators


class Array(Operators):
    """An immutable tensor on a device.  Arithmetic gives arrays, `np.asarray(a)` and `a.numpy()` the values.

    Slices and reductions that no kernel is needed for go through NumPy and come back as arrays.
    """

    __slots__ = ("__weakref__", "buffer")
    buffer: Any

    def __init__(self, buffer: Any) -> None:
        object.__setattr__(self, "buffer", buffer)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("an Array is immutable; make a new one, or keep state in a Variable")

    @classmethod
    def from_numpy(cls, values: Any, device: str | None = None) -> Array:
        """A copy of `values` on a device (float64 becomes float32)."""
        array = np.asarray(values)
        dtype = "float32" if array.dtype == np.float64 else array.dtype.name
        buffer = get_device(device).new_buffer(dtype, array.shape)
        buffer.write(np.ascontiguousarray(array, dtype).reshape(array.shape))
        return cls(buffer)

    @property
    def device(self) -> str:
        """Name of the device that holds it."""
        return self.buffer.device

    @property
    def dtype(self) -> np.dtype:
        """Its NumPy dtype."""
        return np.dtype(self.buffer.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes, outermost axis first."""
        return tuple(self.buffer.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.buffer.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    def numpy(self) -> np.ndarray:
        """The values as a NumPy array of one's own."""
        return self.buffer.numpy()

    def to(self, device: str) -> Array:
        """The same values on another device."""
        name = get_device(device).name  # "cuda" means "cuda:0"
        return self if name == self.device else Array.from_numpy(self.buffer.view(), name)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        values = self.buffer.numpy() if copy or copy is None else self.buffer.view()
        return values if dtype is None else values.astype(dtype, copy=False)

    @classmethod
    def from_dlpack(cls, x: Any, device: str | None = None, copy: bool | None = None) -> Array:
        """See `fastconv.from_dlpack`."""
        if isinstance(x, Array):
            return (
                x.to(device or x.device) if not copy else cls.from_numpy(x.buffer.view(), device or x.device)
            )
        return cls(exchange.take(x, device, copy))

    def __dlpack__(
        self,
        *,
        stream: int | None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        return exchange.export(self.buffer, stream, max_version, dl_device, copy)

    def __dlpack_device__(self) -> tuple[int, int]:
        return exchange.place_of(self.buffer)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return exchange.cuda_interface(self.buffer)

    def __getitem__(self, index: Any) -> Array:
        return Array.from_numpy(self.buffer.view()[index], self.device)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without axes")
        return self.shape[0]

    def __iter__(self) -> Iterator[Array]:
        return (self[i] for i in range(len(self)))

    def __float__(self) -> float:
        return float(self.buffer.view())

    def __int__(self) -> int:
        return int(self.buffer.view())

    def __bool__(self) -> bool:
        return bool(self.buffer.view())

    def __index__(self) -> int:
        return self.buffer.view().__index__()

    def item(self) -> Any:
        """The one value as a Python number."""
        return self.buffer.view().item()

    def __repr__(self) -> str:
        return f"Array({np.array2string(self.buffer.view(), separator=', ', prefix='Array(')}, device={self.device!r})"


def from_dlpack(x: Any, *, device: str | None = None, copy: bool | None = None) -> Array:
    """An Array of another library's array (PyTorch, CuPy, NumPy, JAX, ...) on the host or on an NVIDIA GPU.

    The memory is shared where it is dense and starts at a multiple of 16 bytes: then whoever writes into `x` changes
    the Array.  Else it is copied.  On a GPU, work here waits for the work that makes `x`, and `x` is kept until the
    last use here is over.

    Args:  x: has `__dlpack__`, or else `__cuda_array_interface__`.  device: default where `x` is; another one takes a
        copy.  copy: True always copies; False never does, which is an error where it is needed; default where needed.
    Raises:  ArgumentError: a dtype other than float32, int32, int64, uint8 and bool; on a GPU also a start between two
        elements.
        DeviceError: memory of neither the host nor CUDA.  ShapeError: 2^31 elements or more on a GPU.
        ExchangeError: copy=False where a copy is needed.

    >>> from_dlpack(np.arange(3, dtype="float32")).numpy()
    array([0., 1., 2.], dtype=float32)
    """
    return Array.from_dlpack(x, device, copy)
