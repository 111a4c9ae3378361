"""The epoch's lines about a model that does not learn: a loss no better than guessing, or one class for everything.

While all is well this costs a count of the labels.  Only an epoch whose loss is that of guessing has one batch of it
run again, to see what comes out and which units are dead.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from fastconv import primitives
from fastconv.compiler import Function
from fastconv.layers.structure import leaves
from fastconv.models.batches import Batch
from fastconv.models.checks import unscaled
from fastconv.models.layer_graph import LayerGraph
from fastconv.models.output_checks import activation_name

_GUESSING = 0.99  # of the loss of guessing: below it something has been learnt
_STILL = 0.002  # of that loss: what it moves by in epochs that do not count as progress
_FEWEST_EPOCHS, _FEWEST_STEPS = 3, 100  # in a row, before which a run has only begun
_CONSTANT = 1e-6  # spread of the outputs of a batch: nothing of the image arrives
_NEARLY_CONSTANT = 1e-3  # the same, if it lasts for two epochs
_FEWEST_SAMPLES = 4  # whose outputs say anything about their spread
_MANY_DEAD = 0.5  # share of a layer's units that is worth naming
_LEARNING = 0.95  # of the loss of guessing: below it one class for all is a matter of the threshold
_UNEQUAL = 1.2  # times the share that each class would have: from here on classes are unequal
_ACCURACIES = ("accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy")


class Shares:
    """How often each class came in the batches of a pass, and the first of those batches."""

    def __init__(self, loss: Any) -> None:
        self._loss = loss
        self._counts = np.zeros(0)
        self._weights = np.zeros(0)
        self.batch: Batch | None = None
        self.samples = 0
        self.steps = 0
        self.known = _is_plain(loss)

    def add(self, batch: Batch) -> None:
        """Takes a batch in; labels that are no classes of samples end the counting."""
        classes = _classes(batch, self._loss) if self.known else None
        if classes is None:
            self.known = False
            return
        if self.batch is None:
            self.batch = batch
        weights = np.ones(len(classes))
        if batch.weights:
            weights = np.asarray(batch.weights[0], np.float64).reshape(-1)
        if len(weights) != len(classes):
            self.known = False
            return
        self.samples += len(classes)
        self.steps += 1
        self._counts = _sum(self._counts, np.bincount(classes))
        self._weights = _sum(self._weights, np.bincount(classes, weights))

    @property
    def several(self) -> bool:
        """More than one class came."""
        return self.known and int((self._counts > 0).sum()) > 1

    @property
    def guessing_loss(self) -> float:
        """The least loss of a model that gives every image the same answer: the entropy of the classes."""
        weights = self._weights[self._weights > 0]
        return float(-(weights * np.log(weights / weights.sum())).sum() / self.samples)

    @property
    def largest(self) -> tuple[int, float]:
        """The most frequent class and its share."""
        number = int(self._counts.argmax())
        return number, float(self._counts[number] / self.samples)

    @property
    def unequal(self) -> bool:
        """The most frequent class has clearly more than an equal share."""
        return self.largest[1] > _UNEQUAL / int((self._counts > 0).sum())

    def balancing_weights(self) -> str:
        """What `class_weight` makes the classes equal, as text."""
        most = self._counts.max()
        found = {i: float(f"{most / count:.2g}") for i, count in enumerate(self._counts.tolist()) if count}
        return str(found)


class Watch:
    """Looks at the epochs of one run of `fit` and says, once, that nothing is learnt."""

    def __init__(self, model: Any, weighted: bool) -> None:
        self._model = model
        self._weighted = weighted  # class_weight was given
        self._losses: list[float] = []  # of the epochs in a row that were no better than guessing
        self._steps = 0  # of those epochs
        self._one_class = 0  # epochs in a row whose accuracy was the share of the largest class
        self._said: set[str] = set()

    def begin(self) -> None:
        """An epoch begins."""
        losses = self._model._compilation.losses
        weighted = self._model._compilation.loss_weights is not None
        loss = losses[0] if losses is not None and len(losses) == 1 and not weighted else None
        self.training, self.validation = Shares(loss), Shares(loss)

    def lines(self, epoch: int, values: dict[str, Any]) -> Iterator[str]:
        """What is to be said behind an epoch with these results."""
        if not self.training.several:
            return
        for kind, line in (("loss", self._loss_line(epoch, values)), ("class", self._class_line(values))):
            if line and kind not in self._said:
                self._said.add(kind)
                yield line

    # A loss that does not move

    def _loss_line(self, epoch: int, values: dict[str, Any]) -> str | None:
        loss, guessing = values["loss"], self.training.guessing_loss
        if loss < _GUESSING * guessing:
            self._losses, self._steps = [], 0
            return None
        self._losses.append(loss)
        self._steps += self.training.steps
        batch = self.training.batch
        if "loss" in self._said or batch is None or batch.samples < _FEWEST_SAMPLES:
            return None
        outputs = np.asarray(self._model._predicted(batch))
        spread = float(np.ptp(outputs, axis=0).max())
        constant = spread <= _CONSTANT
        nearly = not constant and spread < _NEARLY_CONSTANT and len(self._losses) > 1
        if not (constant or nearly or self._stands_still(guessing)):
            return None
        is_guessing = f"loss {loss:.3g} = guessing"
        if loss > (2 - _GUESSING) * guessing:
            is_guessing = f"loss {loss:.3g}, guessing gives {guessing:.3g}"
        found = [f"output {'nearly ' * nearly}constant"] if constant or nearly else []
        text = "; ".join(found + self._dead_layers(batch))
        text = f"{text[0].upper()}{text[1:]}. " if text else ""
        return f"epoch {epoch + 1}: {is_guessing}. {text}{self._remedy(batch, constant)}"

    def _stands_still(self, guessing: float) -> bool:
        last = self._losses[-_FEWEST_EPOCHS:]
        enough = len(last) == _FEWEST_EPOCHS and self._steps >= _FEWEST_STEPS
        return enough and max(last) - min(last) < _STILL * guessing

    def _dead_layers(self, batch: Batch) -> list[str]:
        dead = {name: share for name, share in dead_shares(self._model, batch).items() if share >= _MANY_DEAD}
        return [f"{share:.0%} of '{name}' dead" for name, share in dead.items()]

    def _remedy(self, batch: Batch, constant: bool) -> str:
        if unscaled := self._unscaled(batch):
            return unscaled
        optimizer = self._model.optimizer
        rate, usual = float(optimizer.learning_rate.numpy()), _usual_rate(optimizer)
        text = f"Rate {rate:g} for {optimizer.name}"
        if constant:  # dead units do not come back
            return f"{text}: try {usual if rate > 1.5 * usual else rate / 10:g}, with new weights."
        if rate > 1.5 * usual or rate < usual / 3:
            return f"{text}: try {usual:g}."
        return f"{text} is usual: see whether the labels belong to their images."

    def _unscaled(self, batch: Batch) -> str | None:
        found = unscaled(self._model, batch.x[0])
        if found is None:
            return None
        low, high = found
        scale = f"1/{max(-low, high):g}"
        return (
            f"Inputs are {low:g}..{high:g}: rescale={scale}, or a layer Rescaling({scale}), with new weights."
        )

    # One class for everything

    def _class_line(self, values: dict[str, Any]) -> str | None:
        prefix, shares = ("val_", self.validation) if self.validation.samples else ("", self.training)
        name = next((prefix + key for key in _ACCURACIES if prefix + key in values), None)
        if name is None or self._weighted or not (shares.several and shares.unequal):
            return None
        number, share = shares.largest
        as_share = abs(values[name] - share) < 0.5 / shares.samples
        learning = values["loss"] < _LEARNING * self.training.guessing_loss
        self._one_class = self._one_class + 1 if as_share and not learning else 0
        enough = self._one_class >= _FEWEST_EPOCHS and self._one_class * self.training.steps >= _FEWEST_STEPS
        if not enough or "class" in self._said or not self._says_only(number, shares.batch):
            return None
        return (
            f"{name} {values[name]:.2f} = share of {self._class_name(number)}: model says one class. "
            f"Use class_weight={self.training.balancing_weights()}."
        )

    def _says_only(self, number: int, batch: Batch | None) -> bool:
        if batch is None:
            return False
        outputs = np.asarray(self._model._predicted(batch))
        if outputs.shape[-1] > 1:
            return bool((outputs.argmax(-1) == number).all())
        compilation = self._model._compilation
        sigmoid = activation_name(self._model._last_layers(1)[0]) == "sigmoid"
        limit = 0.0 if compilation.losses[0].from_logits and not sigmoid else 0.5
        return bool(((outputs > limit) == number).all())

    def _class_name(self, number: int) -> str:
        names = self._model.class_names or []
        return f"class '{names[number]}'" if number < len(names) else f"class {number}"


def dead_shares(model: Any, batch: Batch) -> dict[str, float]:
    """The share of each ReLU layer's units (of a convolution: channels) that are 0 for every sample of a batch."""
    described = model._graph
    calls = [] if described is None else [c for c in described.calls if _ends_with_relu(c.layer)]
    if not calls:
        return {}
    inner = LayerGraph(described.inputs, [call.outputs for call in calls], model.name)

    def sums(*inputs: Any) -> list[Any]:
        (prepared,), _ = model._prepared((inputs[0] if len(inputs) == 1 else list(inputs),), {})
        outputs = inner.run(list(leaves(prepared)))
        return [primitives.ReduceSum(tuple(range(len(s.shape) - 1)), False)(s) for s in outputs]

    found = Function(sums, device=model._device(), name=f"activations of '{model.name}'")(*batch.x)
    return {call.layer.name: float(np.mean(np.asarray(s) == 0)) for call, s in zip(calls, found)}


def _ends_with_relu(layer: Any) -> bool:
    return activation_name(layer) in ("relu", "relu6")


def _is_plain(loss: Any) -> bool:
    """A cross-entropy of classes, as a mean over the samples: its loss for a guess is known."""
    return (
        getattr(loss, "family", "") in ("binary", "categorical", "sparse")
        and getattr(loss, "reduction", "") in ("sum_over_batch_size", "mean")
        and not getattr(loss, "label_smoothing", 0.0)
    )


def _classes(batch: Batch, loss: Any) -> np.ndarray | None:
    """The class of each sample; None where labels are anything else."""
    if batch.y is None or len(batch.y) != 1 or not isinstance(batch.y[0], np.ndarray):
        return None  # an Array may lie on a device that works on, which is not to be waited for
    labels = batch.y[0]
    if loss.family == "categorical":
        if labels.ndim != 2 or not (((labels == 0) | (labels == 1)).all() and (labels.sum(-1) == 1).all()):
            return None
        return labels.argmax(-1)
    if labels.size != batch.samples or labels.dtype.kind not in "fiub":
        return None
    classes = labels.reshape(-1).astype(np.int64)
    highest = 1 if loss.family == "binary" else 1 << 20
    whole = (classes == labels.reshape(-1)).all()
    return classes if whole and ((classes >= 0) & (classes <= highest)).all() else None


def _sum(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The sum of two counts, of which one may know more classes."""
    total = np.zeros(max(len(a), len(b)))
    total[: len(a)] += a
    total[: len(b)] += b
    return total


def _usual_rate(optimizer: Any) -> float:
    """The rate that the optimiser's class starts from if nobody says another."""
    parameter = inspect.signature(type(optimizer).__init__).parameters.get("learning_rate")
    usual = parameter.default if parameter is not None else None
    return float(usual) if isinstance(usual, float) else 0.001
