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
_absent = names.Absent(
    (
        "binary_focal_crossentropy", "categorical_focal_crossentropy",
        "categorical_generalized_cross_entropy", "categorical_hinge", "circle", "cosine_similarity", "ctc",
        "dice", "hinge", "huber", "kl_divergence", "kld", "kullback_leibler_divergence", "log_cosh", "mape",
        "mean_absolute_percentage_error", "mean_squared_logarithmic_error", "msle", "poisson",
        "squared_hinge", "tversky",
    ),
    "A loss may be your own function (y_true, y_pred) -> losses of the samples, of fastconv.ops.",
)  # fmt: skip
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
    found = names.resolve("loss", identifier, _by_name, _absent)
    if found is None or isinstance(found, Loss):
        return found
    if found in _classes_of_functions:
        return _classes_of_functions[found]()
    return FunctionLoss(found)


def serialize(loss: Loss) -> dict[str, Any]:
    """The configuration of a loss, which `get` takes."""
    return names.configuration(loss)


deserialize = get  # Keras's name, for configurations


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
    "deserialize",
    "get",
    "mae",
    "mean_absolute_error",
    "mean_squared_error",
    "mse",
    "serialize",
    "sparse_categorical_crossentropy",
]

if not TYPE_CHECKING:
    __getattr__ = names.absent_names(__name__, __all__, _absent)
