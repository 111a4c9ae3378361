"""Labels and predictions of one shape."""

from __future__ import annotations

from typing import Any

from fastconv import ops
from fastconv.runtime.errors import ShapeError


def aligned(who: str, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both with as many axes: labels (n,) fit predictions (n, 1), and the other way round.

    Raises:  ShapeError: the shapes differ in another way.
    """
    y_true, y_pred = same_rank(y_true, y_pred)
    a, b = tuple(y_true.shape), tuple(y_pred.shape)
    if len(a) != len(b) or any(x != y for x, y in zip(a, b, strict=True) if x is not None and y is not None):
        raise ShapeError(
            f"{who}: expected labels of the predictions' shape {b}; came {a}. Look at the last layer."
        )
    if not a:
        return ops.reshape(y_true, (1,)), ops.reshape(y_pred, (1,))
    return y_true, y_pred


def same_rank(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Adds or takes off a last axis of size 1 where the ranks differ by it."""
    more = len(y_pred.shape) - len(y_true.shape)
    if more == 1 and y_pred.shape[-1] == 1:
        return ops.expand_dims(y_true, -1), y_pred
    if more == -1 and y_true.shape[-1] == 1:
        if len(y_pred.shape) == 1:
            return y_true, ops.expand_dims(y_pred, -1)
        return ops.squeeze(y_true, -1), y_pred
    return y_true, y_pred
