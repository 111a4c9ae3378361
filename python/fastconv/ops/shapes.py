"""The same values in another shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv import primitives
from fastconv.ops.arithmetic import equal
from fastconv.ops.values import axes, cast, value
from fastconv.runtime.array import Array


def convert_to_tensor(x: Any, dtype: Any = None) -> Any:
    """x as an Array, perhaps in another dtype; symbols stay symbols."""
    made = value(x) if dtype is None else cast(x, dtype)
    return Array.from_numpy(made) if isinstance(made, np.ndarray) else made


def convert_to_numpy(x: Any) -> np.ndarray:
    """The values as a NumPy array."""
    return np.asarray(x)


def shape(x: Any) -> tuple[int | None, ...]:
    """Sizes of x; None where not known yet."""
    return tuple(value(x).shape)


def reshape(x: Any, newshape: Sequence[int]) -> Any:
    """x in another shape; one axis may be -1."""
    return primitives.Reshape(tuple(newshape))(value(x))


def expand_dims(x: Any, axis: int) -> Any:
    """x with one axis more, of size 1."""
    x = value(x)
    place = axis % (len(x.shape) + 1)
    return _reshaped(x, (*x.shape[:place], 1, *x.shape[place:]))


def squeeze(x: Any, axis: Any = None) -> Any:
    """x without axes of size 1.

    Args:  axis: which; default all of size 1.
    """
    x = value(x)
    gone = (
        axes("squeeze", x, axis)
        if axis is not None
        else tuple(i for i, size in enumerate(x.shape) if size == 1)
    )
    return _reshaped(x, tuple(size for i, size in enumerate(x.shape) if i not in gone))


def _reshaped(x: Any, sizes: tuple[int | None, ...]) -> Any:
    return reshape(x, unknown_kept(x.shape, sizes))


def unknown_kept(before: Sequence[int | None], sizes: Sequence[int | None]) -> tuple[int, ...]:
    """A new shape as the primitive takes it: 0 keeps an axis that is not known yet, -1 is what is left."""
    return tuple(
        size if size is not None else 0 if i < len(before) and before[i] is None else -1
        for i, size in enumerate(sizes)
    )


def one_hot(x: Any, num_classes: int) -> Any:
    """Class numbers (...) -> (..., num_classes), float32: 1 at the class, 0 elsewhere."""
    numbers = expand_dims(cast(x, "int64"), -1)
    return cast(equal(numbers, np.arange(num_classes)), "float32")


def size(x: Any) -> int:
    """Number of elements."""
    return math.prod(value(x).shape)
