"""Losses of quantities."""

from __future__ import annotations

from typing import Any

from fastconv import ops
from fastconv.losses.loss import Loss
from fastconv.losses.shapes import aligned
from fastconv.ops.values import floats


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of (y - p)^2: (n, ..., k) -> (n, ...)."""
    y_true, y_pred = aligned("mean_squared_error", floats(y_true), floats(y_pred))
    return ops.mean(ops.square(ops.subtract(y_true, y_pred)), -1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of |y - p|: (n, ..., k) -> (n, ...)."""
    y_true, y_pred = aligned("mean_absolute_error", floats(y_true), floats(y_pred))
    return ops.mean(ops.absolute(ops.subtract(y_true, y_pred)), -1)


class MeanSquaredError(Loss):
    """Mean of the squares of what is missing.

    Args:  reduction, name: see Loss.

    >>> float(MeanSquaredError()([0.0, 1.0], [0.5, 1.0]))
    0.125
    """

    family = "regression"

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_squared_error"
    ) -> None:
        super().__init__(name, reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return mean_squared_error(y_true, y_pred)


class MeanAbsoluteError(Loss):
    """Mean of what is missing, taken positive.

    Args:  reduction, name: see Loss.
    """

    family = "regression"

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_absolute_error"
    ) -> None:
        super().__init__(name, reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return mean_absolute_error(y_true, y_pred)
