"""What the functions of `ops` take: symbols, variables, our arrays, NumPy's, lists and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastconv import primitives
from fastconv.graph import Symbol
from fastconv.runtime.array import Array
from fastconv.runtime.errors import ArgumentError
from fastconv.runtime.variable import Variable


def value(x: Any) -> Any:
    """The same value with `shape` and `dtype`; lists and numbers become NumPy arrays (float64 becomes float32)."""
    if isinstance(x, (Symbol, Variable, Array)):
        return x
    array = np.asarray(x)
    return array.astype(np.float32) if array.dtype == np.float64 else array


def dtype_name(x: Any) -> str:
    """Name of the dtype of a value."""
    return str(np.dtype(x.dtype))


def cast(x: Any, dtype: Any) -> Any:
    """x in another dtype: cut to whole numbers towards 0; to bool: whether it is not 0.

    Args:  dtype: "float32", "int64", "int32", "uint8", "bool" or "float64".
    """
    x, name = value(x), str(np.dtype(dtype))
    return x if dtype_name(x) == name else primitives.Cast(name)(x)


def floats(x: Any) -> Any:
    """x in float32 (booleans and whole numbers are cast)."""
    return cast(x, "float32")


def pair(a: Any, b: Any) -> tuple[Any, Any]:
    """Two operands in one dtype: that of both, float32 where they differ; a plain number takes the other's."""
    if _is_number(a) and not _is_number(b):
        second, first = pair(b, a)
        return first, second
    if _is_number(b):
        a = value(a)
        if isinstance(b, float) and not dtype_name(a).startswith("float"):
            a = floats(a)
        return a, np.asarray(b, dtype_name(a))
    a, b = value(a), value(b)
    if dtype_name(a) == dtype_name(b):
        return a, b
    common = str(np.result_type(dtype_name(a), dtype_name(b)))
    common = "float32" if common.startswith("float") else common
    return cast(a, common), cast(b, common)


def _is_number(x: Any) -> bool:
    return isinstance(x, (bool, int, float))


def axes(who: str, x: Any, axis: Any) -> tuple[int, ...]:
    """Axes from 0 on, ascending; None means all.

    Raises:  ArgumentError: x has no such axis.
    """
    rank = len(x.shape)
    if axis is None:
        return tuple(range(rank))
    wanted = axis if isinstance(axis, (tuple, list)) else (axis,)
    for one in wanted:
        if not -rank <= one < rank:
            raise ArgumentError(
                f"{who}: expected an axis of {-rank}..{rank - 1}, as x is {tuple(x.shape)}; came {one}."
            )
    return tuple(sorted({one % rank for one in wanted}))
