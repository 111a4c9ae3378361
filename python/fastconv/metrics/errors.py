"""Losses as metrics: means over all samples of an epoch."""

from __future__ import annotations

from typing import Any

from fastconv import losses, ops
from fastconv.metrics.metric import MeanOfFunction


class MeanSquaredError(MeanOfFunction):
    """Mean of the squares of what is missing.

    Args:  name: default "mean_squared_error".
    """

    def __init__(self, name: str | None = "mean_squared_error") -> None:
        super().__init__(losses.mean_squared_error, name)


class RootMeanSquaredError(MeanOfFunction):
    """Root of the mean of the squares of what is missing.

    Args:  name: default "root_mean_squared_error".
    """

    def __init__(self, name: str | None = "root_mean_squared_error") -> None:
        super().__init__(losses.mean_squared_error, name)

    def compute(self) -> Any:
        return ops.sqrt(super().compute())


class MeanAbsoluteError(MeanOfFunction):
    """Mean of what is missing, taken positive.

    Args:  name: default "mean_absolute_error".
    """

    def __init__(self, name: str | None = "mean_absolute_error") -> None:
        super().__init__(losses.mean_absolute_error, name)


class _CrossEntropy(MeanOfFunction):
    """What the cross-entropies share."""

    def __init__(self, fn: Any, name: str | None, **arguments: Any) -> None:
        super().__init__(fn, name, **arguments)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, **self._arguments}


class BinaryCrossentropy(_CrossEntropy):
    """Mean binary cross-entropy.

    Args:  name: default "binary_crossentropy".  from_logits, label_smoothing: see the loss.
    """

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(
            losses.binary_crossentropy, name, from_logits=from_logits, label_smoothing=label_smoothing
        )


class CategoricalCrossentropy(_CrossEntropy):
    """Mean cross-entropy over classes, labels one-hot.

    Args:  name: default "categorical_crossentropy".  from_logits, label_smoothing: see the loss.
    """

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(
            losses.categorical_crossentropy, name, from_logits=from_logits, label_smoothing=label_smoothing
        )


class SparseCategoricalCrossentropy(_CrossEntropy):
    """Mean cross-entropy over classes, labels as numbers.

    Args:  name: default "sparse_categorical_crossentropy".  from_logits: see the loss.
    """

    def __init__(
        self, name: str | None = "sparse_categorical_crossentropy", from_logits: bool = False
    ) -> None:
        super().__init__(losses.sparse_categorical_crossentropy, name, from_logits=from_logits)
