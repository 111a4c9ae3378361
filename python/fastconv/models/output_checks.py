"""Labels, loss and last layer of one output together: the rules that `check_fit` applies in order."""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastconv.runtime.errors import DataError, ShapeError
from fastconv.runtime.location import warn

# Layers that leave a map of pixels a map: Flatten belongs before them.
_ADDS_NO_MAP = ("Dense", "Activation", "Dropout", "Softmax", "ReLU", "InputLayer")


@dataclasses.dataclass
class Output:
    """One output with its labels, loss and layer."""

    model: Any
    where: str
    key: str
    labels: np.ndarray
    loss: Any
    spec: Any
    layer: Any

    @property
    def layer_name(self) -> str:
        return f"layer '{self.layer.name}'" if self.layer is not None else "the last layer"

    @property
    def units(self) -> int:
        return int(self.spec.shape[-1] or 0) if self.spec.shape else 0

    @property
    def family(self) -> str:
        """binary, categorical, sparse, regression; empty for a loss of the user's own."""
        return getattr(self.loss, "family", "")

    @property
    def loss_name(self) -> str:
        return getattr(self.loss, "name", str(self.loss))

    @property
    def from_logits(self) -> bool:
        return bool(getattr(self.loss, "from_logits", False))

    @property
    def activation(self) -> str | None:
        """Name of what the last layer ends with; "linear" for nothing; None where unknown."""
        return activation_name(self.layer)

    @property
    def shape(self) -> str:
        """Shape of the labels with n for the batch."""
        return _with_n(self.labels.shape)

    @property
    def output_shape(self) -> str:
        return _with_n(self.spec.shape)

    @property
    def one_column(self) -> bool:
        """Labels of one number a place: no axis of classes, or one of size 1."""
        rank = len(self.spec.shape)
        return self.labels.ndim < rank or (self.labels.ndim == rank and self.labels.shape[-1] == 1)

    @property
    def one_hot(self) -> bool:
        """Rows that hold one 1 and zeros."""
        y = self.labels
        if y.ndim < 2 or y.shape[-1] < 2:
            return False
        return bool(((y == 0) | (y == 1)).all() and (y.sum(axis=-1) == 1).all())

    def warn(self, message: str) -> None:
        warn_once(self.model, message)


def _with_n(shape: Sequence[int | None]) -> str:
    rest = ", ".join("?" if size is None else str(size) for size in shape[1:])
    return f"(n, {rest})" if rest else "(n,)"


_warned: weakref.WeakKeyDictionary[Any, set[str]] = weakref.WeakKeyDictionary()


def warn_once(model: Any, message: str) -> None:
    """A FastconvWarning, once a model and message."""
    said = _warned.setdefault(model, set())
    if message not in said:
        said.add(message)
        warn(message)


def activation_name(layer: Any) -> str | None:
    """What a layer ends with: the name of its activation; None where that is not known."""
    if layer is None:
        return None
    kind = type(layer).__name__
    if kind in ("Softmax", "ReLU"):
        return kind.lower()
    if not hasattr(layer, "activation"):
        return None
    activation = layer.activation
    if activation is None:
        return "linear"
    return activation if isinstance(activation, str) else getattr(activation, "__name__", None)


def check_output(output: Output) -> None:
    """All rules in order: shapes first, then the meaning of the labels, then the last layer."""
    rules: list[Callable[[Output], None]] = [
        _flatten_forgotten,
        _one_hot_for_one_unit,
        _softmax_over_one_unit,
        _categorical_labels,
        _sparse_labels,
        _binary_labels,
        _same_shape,
        _activation_fits_loss,
        _exclusive_classes,
        _regression_on_classes,
    ]
    for rule in rules:
        rule(output)


def _flatten_forgotten(o: Output) -> None:
    rank = len(o.spec.shape)
    labels_rank = o.labels.ndim - (o.labels.ndim > 1 and o.labels.shape[-1] == 1)
    if rank <= 2 or labels_rank > (2 if o.family == "categorical" else 1) or labels_rank >= rank:
        return
    if o.family not in ("binary", "categorical", "sparse", "regression"):
        return
    before = _last_map(o.model, o.layer)
    raise ShapeError(
        f"{o.where}: expected one output a label; the output is {o.output_shape}, the labels are {o.shape}. "
        f"{f'After {before!r} add' if before else 'Add'} Flatten() or GlobalAveragePooling2D()."
    )


def _last_map(model: Any, layer: Any) -> str | None:
    """Name of the last layer that makes a map: behind it Flatten belongs."""
    layers = [*getattr(model, "layers", ())] or [layer]
    for candidate in reversed(layers):
        if candidate is not None and type(candidate).__name__ not in _ADDS_NO_MAP:
            return candidate.name
    return None


def _one_hot_for_one_unit(o: Output) -> None:
    if o.units == 1 and o.labels.ndim == len(o.spec.shape) and o.one_hot:
        classes = o.labels.shape[-1]
        binary = " Either class_mode='binary' (labels y.argmax(-1)), or" if classes == 2 else " Use"
        raise DataError(
            f"{o.where}: expected labels {o.output_shape}, as {o.layer_name} has 1 unit; labels are one-hot of {classes}."
            f"{binary} Dense({classes}, activation='softmax') with loss='categorical_crossentropy'."
        )


def _softmax_over_one_unit(o: Output) -> None:
    if o.activation == "softmax" and o.units == 1:
        o.warn(
            f"{o.layer_name}: expected softmax over 2 or more units; it has 1 unit, whose softmax is always 1. "
            "Use activation='sigmoid'."
        )


def _categorical_labels(o: Output) -> None:
    if o.family != "categorical" or o.units < 2 or not o.one_column:
        return
    if not _whole(o.labels):
        return
    raise DataError(
        f"{o.where}: loss {o.loss_name} expects one-hot labels {o.output_shape}; y is integers {o.shape}. "
        f"Use sparse_categorical_crossentropy, or to_categorical(y, {o.units})."
    )


def _sparse_labels(o: Output) -> None:
    if o.family != "sparse":
        return
    y = o.labels
    if o.one_hot and y.ndim == len(o.spec.shape):
        raise DataError(
            f"{o.where}: loss {o.loss_name} expects integers {_with_n(o.spec.shape[:-1])}; y is one-hot {o.shape}. "
            "Use categorical_crossentropy."
        )
    if o.units == 1:
        raise DataError(
            f"{o.where}: loss {o.loss_name} expects one unit a class; {o.layer_name} has 1 unit. "
            "Use Dense(1, activation='sigmoid') with binary_crossentropy, or Dense(2, activation='softmax')."
        )
    if not o.one_column:
        raise ShapeError(
            f"{o.where}: loss {o.loss_name} expects integers {_with_n(o.spec.shape[:-1])}; y is {o.shape}. "
            "Give one whole number a sample."
        )
    if not _whole(y):
        raise DataError(
            f"{o.where}: loss {o.loss_name} expects whole numbers; y holds {y.ravel()[y.ravel() % 1 != 0][0]}. "
            "Give the number of the class, or use mean_squared_error for quantities."
        )
    _label_range(o)


def _label_range(o: Output) -> None:
    y, last = o.labels, o.units - 1
    low, high = int(y.min()), int(y.max())
    if low >= 0 and high <= last:
        return
    expected = f"{o.where}: expected labels 0..{last}, as {o.layer_name} has {o.units} units;"
    if low == 1 and high == o.units:
        raise DataError(f"{expected} y is 1..{high}. Use y - 1.")
    if o.units == 2 and (low, high) == (0, 255):
        raise DataError(f"{expected} y holds 0 and 255. Use y // 255.")
    bad = high if high > last else low
    sample = int(np.argwhere(y == bad)[0][0])
    remedy = f"Give the layer {high + 1} units, or correct the label." if low >= 0 else "Correct the label."
    raise DataError(f"{expected} y holds {bad} (sample {sample}). {remedy}")


def _whole(y: np.ndarray) -> bool:
    return y.dtype.kind in "iub" or bool((y % 1 == 0).all())


def _binary_labels(o: Output) -> None:
    if o.family != "binary":
        return
    y = o.labels
    low, high = y.min(), y.max()
    if low >= 0 and high <= 1:
        return
    values = np.unique(y)
    if low > -0.5 and high < 1.5 and len(values) > 2:  # 0 and 1 with noise, as GANs are trained
        return
    expected = f"{o.where}: loss {o.loss_name} expects labels 0 and 1;"
    if len(values) == 2:
        remedy = {(-1, 1): "(y + 1) / 2", (1, 2): "y - 1", (0, 255): "y // 255"}.get((low, high))
        remedy = remedy or f"(y == {high:g})"
        raise DataError(f"{expected} y holds {low:g} and {high:g}. Use {remedy}.")
    classes = int(high) + 1
    remedy = "Rescale them to 0..1."
    if _whole(y) and low >= 0 and o.units == 1 and classes <= 10_000:
        remedy = f"For {classes} classes use Dense({classes}, activation='softmax') with sparse_categorical_crossentropy."
    raise DataError(f"{expected} y is {low:g}..{high:g}. {remedy}")


def _same_shape(o: Output) -> None:
    """Labels and output have one shape, or differ by an axis of size 1 at the end."""
    if o.family in ("", "sparse"):
        return
    wanted, came = tuple(o.spec.shape[1:]), tuple(o.labels.shape[1:])
    if len(came) == len(wanted) - 1 and wanted[-1] == 1:
        came = (*came, 1)
    elif len(came) == len(wanted) + 1 and came[-1] == 1:
        came = came[:-1]
    if len(wanted) == len(came) and all(w is None or w == c for w, c in zip(wanted, came, strict=True)):
        return
    remedy = f"Give {o.layer_name} as many units as the labels have columns."
    if o.family == "binary" and o.units > 1 and o.one_column:
        remedy = "For classes that exclude each other use softmax with sparse_categorical_crossentropy."
    elif o.one_hot and len(came) == len(wanted):
        remedy = f"The labels are one-hot of {came[-1]}: give {o.layer_name} {came[-1]} units."
    raise ShapeError(
        f"{o.where}: loss {o.loss_name} expects labels of the output's shape {o.output_shape}; y is {o.shape}. {remedy}"
    )


def _activation_fits_loss(o: Output) -> None:
    if o.family not in ("binary", "categorical", "sparse"):
        return
    wanted = "sigmoid" if o.family == "binary" else "softmax"
    if o.from_logits:
        if o.activation in ("sigmoid", "softmax"):
            o.warn(
                f"{o.layer_name}: loss {o.loss_name} with from_logits=True expects any number; the layer already applies "
                f"{o.activation}. Remove one of them."
            )
    elif o.activation == "linear":
        o.warn(
            f"{o.layer_name}: loss {o.loss_name} expects numbers in 0..1; the layer has no activation and gives any "
            f"number. Add activation='{wanted}', or give the loss from_logits=True."
        )
    elif o.activation == "relu":
        o.warn(
            f"{o.layer_name}: loss {o.loss_name} expects probabilities; relu gives exact zeros, and anything above 1. "
            f"Use activation='{wanted}'."
        )
    elif o.activation == "softmax" and o.family == "binary" and o.units > 1:
        o.warn(
            f"{o.layer_name}: loss {o.loss_name} expects independent units; softmax makes {o.units} that exclude each "
            "other. It works, but accuracy counts each unit; use categorical_crossentropy."
        )


def _exclusive_classes(o: Output) -> None:
    if (
        o.activation == "sigmoid"
        and o.units > 1
        and (o.family in ("categorical", "sparse") or _surely_one_hot(o))
    ):
        labels = "class numbers" if o.family == "sparse" else "one-hot labels"
        o.warn(
            f"{o.layer_name}: expected softmax for classes that exclude each other ({labels}); came {o.units} sigmoids, "
            "which sum to no probability. Use activation='softmax' and "
            f"{'sparse_' if o.family == 'sparse' else ''}categorical_crossentropy."
        )


def _surely_one_hot(o: Output) -> bool:
    """One-hot by more than chance: in labels that do not exclude each other, few rows of ten would all be so."""
    return o.family == "binary" and o.labels.shape[0] >= 10 and o.one_hot


def _regression_on_classes(o: Output) -> None:
    if o.family == "regression" and o.one_hot and o.labels.ndim == len(o.spec.shape):
        o.warn(
            f"{o.where}: loss {o.loss_name} expects quantities; y is one-hot {o.shape}, from which it learns slowly. "
            "categorical_crossentropy is meant for it."
        )
