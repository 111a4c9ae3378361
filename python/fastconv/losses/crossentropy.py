"""Cross-entropies: of independent units, and of classes that exclude each other."""

from __future__ import annotations

from typing import Any

from fastconv import ops, primitives
from fastconv.losses.logits import logits_of
from fastconv.losses.loss import Loss
from fastconv.losses.shapes import aligned
from fastconv.ops.values import cast, dtype_name, floats, value
from fastconv.runtime.errors import ArgumentError, ShapeError


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Mean over the last axis of -y log(p) - (1 - y) log(1 - p): (n, ..., k) -> (n, ...).

    Args:  y_true: 0 and 1, or probabilities.  y_pred: probabilities, or any numbers with from_logits.
        label_smoothing: s turns labels into y (1 - s) + s / 2.  axis: -1 only.
    Raises:  ShapeError: labels and predictions of other shapes.

    Probabilities that a sigmoid made are computed from what went into it; others are clipped to 1e-7 as in Keras.
    """
    _last_axis("binary_crossentropy", axis)
    y_true, y_pred = aligned("binary_crossentropy", floats(y_true), floats(y_pred))
    if label_smoothing:
        y_true = primitives.Rescale(scale=1.0 - label_smoothing, offset=0.5 * label_smoothing)(y_true)
    logits = _logits(y_pred, "sigmoid", from_logits)
    if logits is not None:
        losses = primitives.SigmoidCrossEntropy()(logits, y_true)
    else:
        losses = primitives.BinaryCrossEntropy()(y_pred, y_true)
    return ops.mean(losses, -1)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """-sum over the last axis of y log(p): one-hot labels and predictions (n, ..., k) -> (n, ...).

    Args:  y_true: one-hot, or probabilities.  y_pred: probabilities, or any numbers with from_logits.
        label_smoothing: s turns labels into y (1 - s) + s / k.  axis: -1 only.
    Raises:  ShapeError: labels and predictions of other shapes.

    Probabilities that a softmax made are computed from what went into it; others are divided by their sum and clipped
    to 1e-7 as in Keras.
    """
    _last_axis("categorical_crossentropy", axis)
    y_true, y_pred = aligned("categorical_crossentropy", floats(y_true), floats(y_pred))
    if label_smoothing:
        classes = y_true.shape[-1]
        y_true = primitives.Rescale(scale=1.0 - label_smoothing, offset=label_smoothing / classes)(y_true)
    return _class_loss(y_true, y_pred, from_logits, sparse=False)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """-log of the probability of the right class: labels (n, ...) or (n, ..., 1), predictions (n, ..., k) -> (n, ...).

    Args:  y_true: numbers of classes, from 0.  y_pred: probabilities, or any numbers with from_logits.
        ignore_class: not supported yet; weight such samples 0.  axis: -1 only.
    Raises:  ShapeError: labels that are no numbers of classes.

    A label that names no class makes the loss NaN.
    """
    _last_axis("sparse_categorical_crossentropy", axis)
    if ignore_class is not None:
        raise ArgumentError(
            f"sparse_categorical_crossentropy: expected ignore_class=None; came {ignore_class}. "
            "Give those samples a sample_weight of 0."
        )
    y_true, y_pred = value(y_true), floats(y_pred)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    if len(y_true.shape) != len(y_pred.shape) - 1:
        raise ShapeError(
            f"sparse_categorical_crossentropy: expected labels of shape {tuple(y_pred.shape[:-1])}; "
            f"came {tuple(y_true.shape)}. For one-hot labels use categorical_crossentropy."
        )
    if dtype_name(y_true) not in ("int64", "float32"):
        y_true = cast(y_true, "int64")
    return _class_loss(y_true, y_pred, from_logits, sparse=True)


def _class_loss(y_true: Any, y_pred: Any, from_logits: bool, sparse: bool) -> Any:
    logits = _logits(y_pred, "softmax", from_logits)
    if logits is not None:
        return primitives.SoftmaxCrossEntropy(sparse)(logits, y_true)
    return primitives.CategoricalCrossEntropy(sparse)(y_pred, y_true)


def _logits(y_pred: Any, stem: str, from_logits: bool) -> Any | None:
    """What is before the sigmoid or softmax, also where from_logits says that there is none; None if not known."""
    logits = logits_of(y_pred, stem)
    return y_pred if logits is None and from_logits else logits


def _last_axis(who: str, axis: int) -> None:
    if axis != -1:
        raise ArgumentError(f"{who}: expected axis=-1, the only one here; came {axis}. Put the classes last.")


class _CrossEntropy(Loss):
    """What the cross-entropies share: from_logits."""

    def __init__(
        self,
        from_logits: bool,
        axis: int,
        reduction: str | None,
        name: str | None,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(name, reduction)
        _last_axis(type(self).__name__, axis)
        if not 0.0 <= label_smoothing <= 1.0:
            raise ArgumentError(
                f"{type(self).__name__}: expected label_smoothing from 0 to 1; came {label_smoothing}. 0.1 is usual."
            )
        self.from_logits = bool(from_logits)
        self.label_smoothing = float(label_smoothing)

    def get_config(self) -> dict[str, Any]:
        smoothing = {} if self.family == "sparse" else {"label_smoothing": self.label_smoothing}
        return {**super().get_config(), "from_logits": self.from_logits, **smoothing}


class BinaryCrossentropy(_CrossEntropy):
    """Cross-entropy of units that do not exclude each other: one sigmoid for two classes, or several labels at once.

    Args:  from_logits: y_pred is before the sigmoid.  label_smoothing: 0 to 1.  reduction, name: see Loss.

    >>> loss = BinaryCrossentropy()
    >>> round(float(loss([0, 1], [0.2, 0.8])), 4)
    0.2231
    """

    family = "binary"

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
    ) -> None:
        super().__init__(from_logits, axis, reduction, name, label_smoothing)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return binary_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing)


class CategoricalCrossentropy(_CrossEntropy):
    """Cross-entropy of classes that exclude each other, labels one-hot.

    Args:  from_logits: y_pred is before the softmax.  label_smoothing: 0 to 1.  reduction, name: see Loss.
    """

    family = "categorical"

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
    ) -> None:
        super().__init__(from_logits, axis, reduction, name, label_smoothing)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return categorical_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing)


class SparseCategoricalCrossentropy(_CrossEntropy):
    """Cross-entropy of classes that exclude each other, labels as numbers from 0.

    Args:  from_logits: y_pred is before the softmax.  ignore_class: not supported yet.  reduction, name: see Loss.
    """

    family = "sparse"

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "sparse_categorical_crossentropy",
    ) -> None:
        super().__init__(from_logits, axis, reduction, name)
        if ignore_class is not None:
            raise ArgumentError(
                f"SparseCategoricalCrossentropy: expected ignore_class=None; came {ignore_class}. "
                "Give those samples a sample_weight of 0."
            )

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return sparse_categorical_crossentropy(y_true, y_pred, self.from_logits)
