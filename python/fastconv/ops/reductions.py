"""Over axes: sum, mean, and the place of the largest."""

from __future__ import annotations

from typing import Any

from fastconv import primitives
from fastconv.ops.values import axes, floats, value


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Sum over axes, float32.

    Args:  axis: one, several, or None (default) for all.  keepdims: keeps them with size 1.
    """
    x = floats(x)
    over = axes("sum", x, axis)
    return primitives.ReduceSum(over, keepdims)(x) if over else x


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Mean over axes, float32.

    Args:  axis: one, several, or None (default) for all.  keepdims: keeps them with size 1.
    """
    x = floats(x)
    over = axes("mean", x, axis)
    return primitives.ReduceMean(over, keepdims)(x) if over else x


def argmax(x: Any, axis: int = -1) -> Any:
    """Place of the largest value along an axis (default the last), the first of several; int64."""
    x = value(x)
    (one,) = axes("argmax", x, axis)
    return primitives.Argmax(one)(floats(x))
