"""Metrics from the counts of right and wrong answers of yes-or-no units."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastconv import ops
from fastconv.losses.loss import weights_like
from fastconv.losses.shapes import aligned
from fastconv.metrics.metric import _TINY, Metric, accumulate
from fastconv.ops.values import floats
from fastconv.runtime.errors import ArgumentError


class _Counts(Metric):
    """Sums of weights of the samples that a threshold and the label divide."""

    counted: tuple[str, ...] = ()

    def __init__(self, thresholds: float | None, name: str | None) -> None:
        super().__init__(name)
        if thresholds is not None and not isinstance(thresholds, (int, float)):
            raise ArgumentError(
                f"{type(self).__name__}: expected one threshold; came {thresholds!r}. Make a metric for each."
            )
        self.thresholds = 0.5 if thresholds is None else float(thresholds)
        for kind in self.counted:
            setattr(self, kind, self.add_variable(name=kind))

    def record(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = aligned(self.name, floats(y_true), floats(y_pred))
        yes = floats(ops.greater(y_pred, self.thresholds))
        label = floats(ops.not_equal(y_true, 0.0))
        parts = {
            "true_positives": lambda: ops.multiply(yes, label),
            "false_positives": lambda: ops.multiply(yes, ops.subtract(1.0, label)),
            "false_negatives": lambda: ops.multiply(ops.subtract(1.0, yes), label),
        }
        for kind in self.counted:
            part = parts[kind]()
            if sample_weight is not None:
                part = ops.multiply(part, weights_like(sample_weight, part))
            accumulate(getattr(self, kind), ops.sum(part))

    def compute(self) -> Any:
        right, wrong = self.variables
        return ops.divide(right, ops.maximum(ops.add(right, wrong), _TINY))

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "thresholds": self.thresholds}


class Precision(_Counts):
    """Share of the yes answers that are right; 0 if there were none.

    Args:  thresholds: above it is yes, default 0.5; one number.  name: default "precision".
    """

    counted = ("true_positives", "false_positives")

    def __init__(self, thresholds: float | None = None, name: str | None = "precision") -> None:
        super().__init__(thresholds, name)


class Recall(_Counts):
    """Share of the samples of the class that were found; 0 if there were none.

    Args:  thresholds: above it is yes, default 0.5; one number.  name: default "recall".
    """

    counted = ("true_positives", "false_negatives")

    def __init__(self, thresholds: float | None = None, name: str | None = "recall") -> None:
        super().__init__(thresholds, name)


class AUC(Metric):
    """Area under the ROC curve, from counts at equally spaced thresholds (Keras's way and defaults).

    Args:  num_thresholds: default 200.  curve: "ROC" only.  name: default "auc".
    Raises:  ArgumentError: another curve, or fewer than 2 thresholds.
    """

    def __init__(self, num_thresholds: int = 200, curve: str = "ROC", name: str | None = "auc") -> None:
        super().__init__(name)
        if curve != "ROC":
            raise ArgumentError(f"AUC: expected curve='ROC', the only one here; came {curve!r}.")
        if num_thresholds < 2:
            raise ArgumentError(
                f"AUC: expected 2 or more thresholds; came {num_thresholds}. The default is 200."
            )
        self.num_thresholds = int(num_thresholds)
        inner = np.arange(1, num_thresholds - 1) / (num_thresholds - 1)
        self._thresholds = np.concatenate([[-1e-7], inner, [1.0 + 1e-7]]).astype(np.float32)
        self.true_positives = self.add_variable((num_thresholds,), name="true_positives")
        self.false_positives = self.add_variable((num_thresholds,), name="false_positives")
        self.positives = self.add_variable(name="positives")
        self.negatives = self.add_variable(name="negatives")

    def record(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = aligned(self.name, floats(y_true), floats(y_pred))
        label = floats(ops.not_equal(y_true, 0.0))
        other = ops.subtract(1.0, label)
        if sample_weight is not None:
            weights = weights_like(sample_weight, label)
            label, other = ops.multiply(label, weights), ops.multiply(other, weights)
        label, other = ops.reshape(label, (-1, 1)), ops.reshape(other, (-1, 1))
        yes = floats(ops.greater(ops.reshape(y_pred, (-1, 1)), self._thresholds))  # (values, thresholds)
        accumulate(self.true_positives, ops.sum(ops.multiply(yes, label), 0))
        accumulate(self.false_positives, ops.sum(ops.multiply(yes, other), 0))
        accumulate(self.positives, ops.sum(label))
        accumulate(self.negatives, ops.sum(other))

    def compute(self) -> Any:
        found = ops.divide(self.true_positives, ops.maximum(self.positives, _TINY))
        alarms = ops.divide(self.false_positives, ops.maximum(self.negatives, _TINY))
        products = ops.multiply(ops.expand_dims(alarms, 1), ops.expand_dims(found, 0))
        return ops.sum(ops.multiply(products, _trapezoids(self.num_thresholds)))

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "num_thresholds": self.num_thresholds}


def _trapezoids(count: int) -> np.ndarray:
    """Weights w with sum_ij w_ij x_i y_j = sum_i (x_i - x_(i+1)) (y_i + y_(i+1)) / 2: the area below a falling x."""
    weights = np.zeros((count, count), np.float32)
    i = np.arange(count - 1)
    weights[i, i] += 0.5
    weights[i, i + 1] += 0.5
    weights[i + 1, i] -= 0.5
    weights[i + 1, i + 1] -= 0.5
    return weights
