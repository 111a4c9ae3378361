"""Metrics, with Keras's names, arguments and defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastconv.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    accuracy,
    binary_accuracy,
    binary_accuracy_of_logits,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from fastconv.metrics.confusion import AUC, Precision, Recall
from fastconv.metrics.errors import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    MeanAbsoluteError,
    MeanSquaredError,
    RootMeanSquaredError,
    SparseCategoricalCrossentropy,
)
from fastconv.metrics.metric import Mean, MeanMetricWrapper, MeanOfFunction, Metric, Sum
from fastconv.runtime import names
from fastconv.runtime.errors import ArgumentError

_by_name: dict[str, Any] = {
    "accuracy": Accuracy,
    "binary_accuracy": BinaryAccuracy,
    "categorical_accuracy": CategoricalAccuracy,
    "sparse_categorical_accuracy": SparseCategoricalAccuracy,
    "top_k_categorical_accuracy": TopKCategoricalAccuracy,
    "sparse_top_k_categorical_accuracy": SparseTopKCategoricalAccuracy,
    "mean_squared_error": MeanSquaredError,
    "root_mean_squared_error": RootMeanSquaredError,
    "mean_absolute_error": MeanAbsoluteError,
    "binary_crossentropy": BinaryCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "precision": Precision,
    "recall": Recall,
    "auc": AUC,
    "mean": Mean,
    "sum": Sum,
    "mse": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "rmse": RootMeanSquaredError,
    "bce": BinaryCrossentropy,
}
_absent = names.Absent(
    (
        "binary_focal_crossentropy", "binary_iou", "categorical_focal_crossentropy", "categorical_hinge",
        "concordance_correlation", "cosine_similarity", "f1_score", "false_negatives", "false_positives",
        "fbeta_score", "hinge", "huber", "iou", "kl_divergence", "log_cosh", "log_cosh_error", "mape",
        "mean_absolute_percentage_error", "mean_iou", "mean_squared_logarithmic_error", "msle", "one_hot_iou",
        "one_hot_mean_iou", "pearson_correlation", "poisson", "precision_at_recall", "r2_score",
        "recall_at_precision", "sensitivity_at_specificity", "specificity_at_sensitivity", "squared_hinge",
        "true_negatives", "true_positives",
    ),
    "A metric may be your own function (y_true, y_pred) -> values of the samples, of fastconv.ops.",
)  # fmt: skip


def get(identifier: Any) -> Metric | None:
    """The metric that is meant; "accuracy" and "acc" want `resolve`.

    Args:  identifier: a name ("mse", "binary_accuracy"), a configuration, a metric, its class, a function
        (y_true, y_pred) -> values of samples, or None.
    Raises:  ArgumentError: an unknown name; the message names the nearest.
    """
    found = names.resolve("metric", identifier, _by_name, _absent)
    if found is None or isinstance(found, Metric):
        return found
    return MeanOfFunction(found)


def resolve(identifier: Any, loss: Any = None, y_spec: Any = None, pred_spec: Any = None) -> Metric:
    """A metric for `compile`; "accuracy" and "acc" become the accuracy that fits loss and shapes.

    A loss says which: binary cross-entropy counts each unit (as Keras 2 did; Keras 3 goes by the shapes alone), of
    logits above 0; categorical and sparse cross-entropy count samples.  Else one output is binary, labels as wide as
    the predictions are one-hot, and others are numbers of classes.

    Args:  identifier: what the user wrote.  loss: a Loss.  y_spec, pred_spec: spec (dtype, shape) of labels and
        predictions; None where not known.
    Raises:  ArgumentError: an unknown name.

    The metric's name is what the user wrote, so that it is found again in the history.
    """
    if isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc"):
        return _accuracy(identifier, loss, _shape(y_spec), _shape(pred_spec))
    found = get(identifier)
    if found is None:
        raise ArgumentError("metrics: expected a name, a metric or a function; came None. Leave it out.")
    if isinstance(identifier, str):
        found.name = identifier if identifier.islower() else found.name
    return found


def _shape(spec: Any) -> tuple[int | None, ...] | None:
    return None if spec is None else tuple(getattr(spec, "shape", spec))


def _accuracy(name: str, loss: Any, labels: Any, predictions: Any) -> Metric:
    family = getattr(loss, "family", "")
    if family == "binary":
        return MeanOfFunction(binary_accuracy_of_logits, name) if loss.from_logits else BinaryAccuracy(name)
    if family == "categorical":
        return CategoricalAccuracy(name)
    if family == "sparse":
        return SparseCategoricalAccuracy(name)
    if predictions is None or predictions[-1] == 1:
        return BinaryAccuracy(name)
    if labels is not None and (len(labels) < len(predictions) or labels[-1] == 1):
        return SparseCategoricalAccuracy(name)
    return CategoricalAccuracy(name)


def serialize(metric: Metric) -> dict[str, Any]:
    """The configuration of a metric, which `get` takes."""
    return names.configuration(metric)


deserialize = get  # Keras's name, for configurations


__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "Mean",
    "MeanAbsoluteError",
    "MeanMetricWrapper",
    "MeanOfFunction",
    "MeanSquaredError",
    "Metric",
    "Precision",
    "Recall",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "Sum",
    "TopKCategoricalAccuracy",
    "accuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "deserialize",
    "get",
    "resolve",
    "serialize",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]

if not TYPE_CHECKING:
    __getattr__ = names.absent_names(__name__, __all__, _absent)
