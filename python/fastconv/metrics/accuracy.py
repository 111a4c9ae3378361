"""Accuracies: shares of right answers."""

from __future__ import annotations

from typing import Any

from fastconv import ops
from fastconv.losses.logits import logits_of
from fastconv.losses.shapes import aligned
from fastconv.metrics.metric import MeanOfFunction
from fastconv.ops.values import cast, floats, value
from fastconv.runtime.errors import ShapeError


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where prediction and label are equal: any one shape -> the same."""
    y_true, y_pred = aligned("accuracy", floats(y_true), floats(y_pred))
    return floats(ops.equal(y_true, y_pred))


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """1 where the prediction is above the threshold exactly if the label is 1: (n, ..., k) -> (n, ..., k)."""
    y_true, y_pred = aligned("binary_accuracy", floats(y_true), floats(y_pred))
    above = floats(ops.greater(y_pred, threshold))
    return floats(ops.equal(above, y_true))


def binary_accuracy_of_logits(y_true: Any, y_pred: Any) -> Any:
    """`binary_accuracy` for a loss with from_logits: the limit is 0, or 0.5 if a sigmoid made the predictions."""
    return binary_accuracy(y_true, y_pred, 0.0 if logits_of(y_pred, "sigmoid") is None else 0.5)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest prediction is that of the class: one-hot labels and predictions (n, ..., k) -> (n, ...)."""
    y_true, y_pred = aligned("categorical_accuracy", floats(y_true), floats(y_pred))
    return floats(ops.equal(ops.argmax(y_true), ops.argmax(y_pred)))


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest prediction is that of the class: labels (n, ...), predictions (n, ..., k) -> (n, ...)."""
    y_true = _class_numbers("sparse_categorical_accuracy", y_true, y_pred)
    return floats(ops.equal(y_true, ops.argmax(y_pred)))


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the class is among the k largest predictions: one-hot labels (n, ..., classes) -> (n, ...)."""
    y_true, y_pred = aligned("top_k_categorical_accuracy", floats(y_true), floats(y_pred))
    return _among_largest(ops.one_hot(ops.argmax(y_true), y_pred.shape[-1]), y_pred, k)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the class is among the k largest predictions: labels (n, ...) -> (n, ...)."""
    y_pred = floats(y_pred)
    y_true = _class_numbers("sparse_top_k_categorical_accuracy", y_true, y_pred)
    return _among_largest(ops.one_hot(y_true, y_pred.shape[-1]), y_pred, k)


def _class_numbers(who: str, y_true: Any, y_pred: Any) -> Any:
    y_true = cast(y_true, "int64")
    y_pred = value(y_pred)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    if len(y_true.shape) != len(y_pred.shape) - 1:
        raise ShapeError(
            f"{who}: expected labels of shape {tuple(y_pred.shape[:-1])}; came {tuple(y_true.shape)}. "
            "For one-hot labels use the metric without 'sparse'."
        )
    return y_true


def _among_largest(one_hot: Any, y_pred: Any, k: int) -> Any:
    """1 where fewer than k predictions are larger than that of the class."""
    own = ops.sum(ops.multiply(one_hot, y_pred), -1, keepdims=True)
    larger = ops.sum(ops.greater(y_pred, own), -1)
    return floats(ops.less(larger, float(k)))


class Accuracy(MeanOfFunction):
    """Share of predictions that equal the label.

    Args:  name: default "accuracy".
    """

    def __init__(self, name: str | None = "accuracy") -> None:
        super().__init__(accuracy, name)


class BinaryAccuracy(MeanOfFunction):
    """Share of right answers of units that say yes or no.

    Args:  name: default "binary_accuracy".  threshold: above it is yes, default 0.5 (logits want 0).
    """

    def __init__(self, name: str | None = "binary_accuracy", threshold: float = 0.5) -> None:
        super().__init__(binary_accuracy, name, threshold=float(threshold))
        self.threshold = float(threshold)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "threshold": self.threshold}


class CategoricalAccuracy(MeanOfFunction):
    """Share of samples whose largest prediction is that of their class, labels one-hot.

    Args:  name: default "categorical_accuracy".
    """

    def __init__(self, name: str | None = "categorical_accuracy") -> None:
        super().__init__(categorical_accuracy, name)


class SparseCategoricalAccuracy(MeanOfFunction):
    """Share of samples whose largest prediction is that of their class, labels as numbers.

    Args:  name: default "sparse_categorical_accuracy".
    """

    def __init__(self, name: str | None = "sparse_categorical_accuracy") -> None:
        super().__init__(sparse_categorical_accuracy, name)


class TopKCategoricalAccuracy(MeanOfFunction):
    """Share of samples whose class is among the k largest predictions, labels one-hot.

    Args:  k: default 5.  name: default "top_k_categorical_accuracy".
    """

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy") -> None:
        super().__init__(top_k_categorical_accuracy, name, k=int(k))
        self.k = int(k)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "k": self.k}


class SparseTopKCategoricalAccuracy(MeanOfFunction):
    """Share of samples whose class is among the k largest predictions, labels as numbers.

    Args:  k: default 5.  name: default "sparse_top_k_categorical_accuracy".
    """

    def __init__(self, k: int = 5, name: str | None = "sparse_top_k_categorical_accuracy") -> None:
        super().__init__(sparse_top_k_categorical_accuracy, name, k=int(k))
        self.k = int(k)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "k": self.k}
