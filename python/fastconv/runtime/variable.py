"""State: weights, optimiser slots, moving averages, metrics, counters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from fastconv.runtime.device import get_device
from fastconv.runtime.errors import ShapeError
from fastconv.runtime.operators import Operators

_note: Callable[[Any, Any], bool] | None = None


def install(note: Callable[[Any, Any], bool]) -> None:
    """Tells `assign` what a value means that is not there yet: note(variable, value) says whether it took it."""
    global _note
    _note = note


class Variable(Operators):
    """A tensor that keeps its value between steps and owns its memory on one device.

    Args:  value: first value (array-like).  dtype: default that of the value (float64 becomes float32).
        name: how messages and files call it.  trainable: whether optimisers may move it.  device: default the
        default device.
    """

    def __init__(
        self,
        value: Any,
        dtype: str | None = None,
        name: str = "variable",
        trainable: bool = True,
        device: str | None = None,
    ) -> None:
        array = np.asarray(value)
        dtype = dtype or ("float32" if array.dtype == np.float64 else array.dtype.name)
        self.name = name
        self.trainable = trainable
        self.buffer = get_device(device).new_buffer(dtype, array.shape)
        self.buffer.write(np.ascontiguousarray(array, dtype).reshape(array.shape))

    @property
    def device(self) -> str:
        """Name of the device that holds it."""
        return self.buffer.device

    @property
    def dtype(self) -> str:
        """Name of its dtype."""
        return self.buffer.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes, outermost axis first."""
        return tuple(self.buffer.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def version(self) -> int:
        """Changes with every write, whoever wrote."""
        return self.buffer.version

    def numpy(self) -> np.ndarray:
        """A copy on the host."""
        return self.buffer.numpy()

    def assign(self, value: Any) -> None:
        """Writes a new value of the same shape; a symbol is written when the traced function ends.

        Raises:  ShapeError: another shape.
        """
        if _note is not None and _note(self, value):
            return
        array = np.asarray(value)
        if array.shape != self.shape:
            raise ShapeError(f"variable '{self.name}': expected shape {self.shape}; came {array.shape}.")
        self.buffer.write(np.ascontiguousarray(array, self.dtype).reshape(array.shape))

    def assign_add(self, value: Any) -> None:
        """Writes the sum of its value and another one."""
        self.assign(self + value)

    def assign_sub(self, value: Any) -> None:
        """Writes its value less another one."""
        self.assign(self - value)

    @property
    def value(self) -> Variable:
        """Itself: Keras's way of asking a variable for what it holds."""
        return self

    def to(self, device: str) -> None:
        """Moves it to another device; it stays where it is if that fails."""
        move([self], device)

    def __eq__(self, other: Any) -> Any:
        """As for all tensors; variables whose shapes do not fit are not equal: `v in weights` goes past them."""
        try:
            return super().__eq__(other)
        except ShapeError:
            if isinstance(other, Variable):
                return False
            raise

    def __ne__(self, other: Any) -> Any:
        try:
            return super().__ne__(other)
        except ShapeError:
            if isinstance(other, Variable):
                return True
            raise

    __hash__ = Operators.__hash__

    def __float__(self) -> float:
        return float(self.numpy())

    def __int__(self) -> int:
        return int(self.numpy())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        value = self.numpy()
        return value if dtype is None else value.astype(dtype, copy=False)

    def __repr__(self) -> str:
        return f"<Variable {self.name} {self.dtype} {self.shape} on {self.device}>"


def move(variables: Iterable[Variable], device: str) -> None:
    """Moves variables to another device; all of them stay where they are if one does not fit."""
    target = get_device(device)
    moving = [variable for variable in variables if variable.device != target.name]
    buffers = [_copied(variable, target) for variable in moving]
    for variable, buffer in zip(moving, buffers, strict=True):
        variable.buffer = buffer


def _copied(variable: Variable, target: Any) -> Any:
    buffer = target.new_buffer(variable.dtype, variable.shape)
    buffer.write(variable.numpy())
    return buffer
