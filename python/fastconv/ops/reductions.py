"""Over axes: sum, mean, and the place of the largest."""

from __future__ import annotations

import math
from typing import Any

from fastconv import primitives
from fastconv.ops.values import axes, floats, value
from fastconv.runtime.errors import ShapeError


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
    Raises:  ShapeError: the size of an axis is not known yet.
    """
    x = floats(x)
    over = axes("mean", x, axis)
    if not over:
        return x
    sizes = [x.shape[one] for one in over]
    if None in sizes:
        raise ShapeError(
            f"mean: expected known sizes on axes {over}; x is {tuple(x.shape)}. Take it inside a layer's call."
        )
    count = math.prod(sizes)
    return primitives.Rescale(scale=1.0 / count if count else math.nan)(sum(x, over, keepdims))


def argmax(x: Any, axis: int = -1) -> Any:
    """Place of the largest value of the last axis, the first of several; int64."""
    x = value(x)
    (one,) = axes("argmax", x, axis)
    if one != len(x.shape) - 1:
        raise ShapeError(f"argmax: expected the last axis; came axis {axis} of {tuple(x.shape)}.")
    return primitives.Argmax()(floats(x))
