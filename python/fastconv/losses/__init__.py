"""Losses, with Keras's names, arguments and defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastconv.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from fastconv.losses.loss import FunctionLoss, Loss
from fastconv.losses.regression import (
    MeanAbsoluteError,
    MeanSquaredError,
    mean_absolute_error,
    mean_squared_error,
)
from fastconv.runtime import names

MSE = mse = mean_squared_error
MAE = mae = mean_absolute_error

_by_name: dict[str, Any] = {
    "binary_crossentropy": BinaryCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "mean_squared_error": MeanSquaredError,
    "mean_absolute_error": MeanAbsoluteError,
    "bce": BinaryCrossentropy,
    "mse": MeanSquaredError,
    "mae": MeanAbsoluteError,
}
_classes_of_functions: dict[Any, type[Loss]] = {
    binary_crossentropy: BinaryCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
    mean_squared_error: MeanSquaredError,
    mean_absolute_error: MeanAbsoluteError,
}


def get(identifier: Any) -> Loss | None:
    """The loss that is meant.

    Args:  identifier: a name ("mse", "binary_crossentropy", "BinaryCrossentropy"), a configuration, a loss, its class,
        a function (y_true, y_pred) -> losses of samples, or None.
    Raises:  ArgumentError: an unknown name; the message names the nearest.
    """
    found = names.resolve("loss", identifier, _by_name)
    if found is None or isinstance(found, Loss):
        return found
    if found in _classes_of_functions:
        return _classes_of_functions[found]()
    return FunctionLoss(found)


def serialize(loss: Loss) -> dict[str, Any]:
    """The configuration of a loss, which `get` takes."""
    return names.configuration(loss)


__all__ = [
    "MAE",
    "MSE",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "FunctionLoss",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "get",
    "mae",
    "mean_absolute_error",
    "mean_squared_error",
    "mse",
    "serialize",
    "sparse_categorical_crossentropy",
]

if not TYPE_CHECKING:
    __getattr__ = names.absent_names(
        __name__,
        __all__,
        "A loss may be your own function (y_true, y_pred) -> losses of the samples, of fastconv.ops.",
    )
