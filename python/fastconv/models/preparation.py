"""What happens before the first step: weights are made, data, labels, loss and flags are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv import graph
from fastconv.layers.layer import Layer, tick
from fastconv.layers.structure import leaves
from fastconv.models import arguments, batches as data
from fastconv.models.batches import Batch, Naming
from fastconv.models.checks import check_fit
from fastconv.models.compilation import Compilation
from fastconv.models.input_checks import checked, fits_without_channel
from fastconv.models.steps import Steps, check_count
from fastconv.primitives.base import Spec
from fastconv.runtime import keys
from fastconv.runtime.errors import ArgumentError
from fastconv.runtime.location import warn
from fastconv.runtime.variable import Variable

VALIDATION = "fit, validation_data"  # where, in messages about the data that `fit` validates with
_compiles: list[
    tuple[int, Any]
] = []  # (when, id of the model) of the last compile of each of the last two models


class Preparation(Steps):
    """What `fit`, `evaluate` and the methods for single batches do first."""

    def _prepare_training(self, where: str) -> Compilation:
        compilation = self._compiled(where)
        if self._key is None:
            vars(self)["_key"] = Variable(
                np.array([keys.get_seed(), 0], np.int64),
                name="random_key",
                trainable=False,
                device=self._device(),
            )
        return compilation

    def _build_for(self, batch: Batch) -> list[Any]:
        """Makes the weights if there are none yet; specs of the outputs, None where not known."""
        with graph.tracing():
            inputs = [graph.placeholder((None, *np.shape(a)[1:]), _dtype_name(a)) for a in batch.x]
            outputs = list(leaves(self._forward(inputs, batch.input_keys)))
        compilation = self._compilation
        if compilation is not None and not compilation.trainable:
            compilation.trainable = self.trainable_weights
        return [Spec(s.dtype, s.shape) for s in outputs]

    def _check_trainable(self, compilation: Compilation) -> None:
        now = self.trainable_weights
        seen = {id(v) for v in compilation.trainable}
        if {id(v) for v in now} != seen:
            changed = [layer for layer in self._flattened() if layer._trainable_set_at > compilation.at]
            latest = max((layer._trainable_set_at for layer in changed), default=0)
            if not any(at > latest and who != id(self) for at, who in _compiles):
                raise ArgumentError(_changed_text(changed))
        if not compilation.trainable:
            count = len(self.weights)
            raise ArgumentError(
                f"fit: all {count} tensors are frozen. Set layer.trainable = True on what is to learn, and compile again."
            )

    def _check_data(self, where: str, first: Batch, whole: Any, specs: list[Any]) -> None:
        """Labels, loss and last layer together, before the first step."""
        compilation = self._compiled(where)
        names = self._names_of_outputs(len(specs))
        losses = compilation.loss_of_outputs(names)
        x, y, weights = (whole.x, whole.y, whole.weights) if isinstance(whole, data.ArrayData) else first[:3]
        if y is None:
            raise ArgumentError(
                f"{where}: expected labels; came none. Call {where}(x, y), or give a generator that yields (x, y)."
            )
        layers = self._last_layers(len(specs))
        single = len(specs) == 1 and len(y) == 1
        check_fit(
            self,
            _one_or_list(x),
            y[0] if single else y,
            None if weights is None else _one_or_list(weights),
            losses[0] if single else losses,
            specs[0] if single else specs,
            layers[0] if single else layers,
            where,
            first.files if first.x is x else None,
        )
        check_count("y", y, names, self.name)

    def _last_layers(self, count: int) -> list[Any]:
        described = self._graph
        if described is None:
            return [None] * count
        return [_innermost(symbol.history[0]) for symbol in described.output_symbols]

    def _check_shapes(self, source: Any) -> None:
        """Arrays as the user gave them, before they are cut into batches."""
        if isinstance(source, data.ArrayData) and self._graph is not None:
            for symbol, array in zip(self._graph.input_symbols, source.x, strict=False):
                if not fits_without_channel(symbol.shape, np.shape(array)):
                    checked(self.name, symbol.shape, np.shape(array))

    def _naming(self) -> Naming:
        described = self._graph
        if described is None:
            return Naming()
        inputs = list(described.inputs) if isinstance(described.inputs, dict) else self.input_names
        return Naming(inputs, self.output_names)

    def _check_trainable_fast(self, compilation: Compilation) -> None:
        latest = max((layer._trainable_set_at for layer in self._flattened()), default=0)
        if latest > compilation.at or not compilation.trainable:
            self._check_trainable(compilation)

    def _source(self, where: str, x: Any, y: Any, weights: Any, batch_size: int | None, **how: Any) -> Any:
        """The data object for what the user gave."""
        naming = self._naming()
        arguments.check_given(where, x, len(naming.inputs))
        arguments.check_labels(where, y, weights)
        return data.data_for(x, y, weights, naming, where, batch_size, device=self._device(), **how)

    def _first_batch(self, training: Any) -> Batch:
        if isinstance(training, data.IteratorData):
            return training.peek()
        if isinstance(training, data.ArrayData):
            return training._batch(slice(0, 1))
        source = training.epoch_batches(self._epochs_done)
        try:
            first = next(source, None)
        finally:
            source.close()
        if first is None:
            raise ArgumentError("fit: expected batches; the data has none.")
        return first

    def _validation(self, training: Any, given: Any, share: float, batch_size: int | None) -> Any:
        if given is not None:
            x, y, weights = arguments.validation_parts(given)
            return self._source(VALIDATION, x, y, weights, batch_size, file_order=True)
        if not share:
            return None
        if not isinstance(training, data.ArrayData):
            raise ArgumentError("fit: validation_split cuts arrays; came a generator. Give validation_data=.")
        if not 0 < share < 1:
            raise ArgumentError(f"fit: expected validation_split between 0 and 1; came {share}.")
        _warn_of_sorted(training, share)
        kept = [data.cut_validation(a, share) for a in (training.x, training.y, training.weights)]
        training.x, training.y, training.weights = (part for part, _ in kept)
        training.samples = len(training.x[0])
        x, y, weights = (part for _, part in kept)
        return data.ArrayData(x, y, weights, int(batch_size or 32), input_keys=training.input_keys)

    def _remember(self, x: Any) -> None:
        """Class names of the data go into the model and its file."""
        names = getattr(x, "class_names", None)
        if names:
            self.class_names = list(names)


def _dtype_name(values: Any) -> str:
    return (values if hasattr(values, "dtype") else np.asarray(values)).dtype.name


def _one_or_list(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _innermost(layer: Layer) -> Layer:
    """The layer that makes the output, also if it stands inside a model."""
    while layer.is_model and layer._children():
        layer = layer._children()[-1]
    return layer


def _changed_text(changed: Sequence[Layer]) -> str:
    outermost = next((layer for layer in changed if layer.weights), None)
    if outermost is None:
        return "fit: layers were added or removed after compile; compile again so that they take part."
    word, keras = ("unfrozen", "go on without it") if outermost.trainable else ("frozen", "go on training it")
    return (
        f"fit: '{outermost.name}' was {word} after compile; compile again so that it takes effect "
        f"(Keras would {keras})."
    )


def _warn_of_sorted(training: Any, share: float) -> None:
    """Warns if the part cut off for validation has one class only, and the rest has others."""
    if training.y is None or len(training.y) != 1:
        return
    labels = np.asarray(training.y[0])
    if labels.ndim > 1 and labels.shape[-1] > 1:
        labels = labels.argmax(-1)
    labels = labels.reshape(-1)
    if labels.dtype.kind == "f" and not np.all(labels == np.floor(labels)):
        return
    at = int(np.floor(len(labels) * (1.0 - share)))
    last, before = np.unique(labels[at:]), np.unique(labels[:at])
    if len(last) == 1 and len(labels) - at > 1 and set(before.tolist()) - set(last.tolist()):
        warn(
            f"fit: the last {share:.0%} are all class {int(last[0])}; shuffle before, or give validation_data."
        )


def check_pair(training: Any, validation: Any) -> None:
    if hasattr(training, "epoch_batches") and hasattr(validation, "epoch_batches"):
        from fastconv.data import check_validation, warn_of_shared_files

        check_validation(training, validation)
        warn_of_shared_files(training, validation)


# Methods of Keras's Model that a subclass may replace there, to train in another way.
_OWN_STEPS = (
    "train_step",
    "test_step",
    "predict_step",
    "compute_loss",
    "compute_metrics",
    "make_train_function",
    "make_test_function",
    "make_predict_function",
)


def refuse_own_steps(model: Any) -> None:
    """Raises ArgumentError if a class of the user's own wants to train in its own way, which nobody here would call."""
    own = next((name for name in _OWN_STEPS if callable(getattr(model, name, None))), None)
    if own is not None:
        raise ArgumentError(
            f"compile: {type(model).__name__} has a {own}() of its own, which fit does not call: a step is compiled as "
            "a whole. Loop over the batches yourself: in a function given to fastconv.function compute the loss, then "
            "optimizer.apply(fastconv.grad(loss, weights), weights)."
        )


def say_frozen(model: Steps) -> None:
    """What is trained and what is not, if flags say that not all is."""
    flat = model._flattened()
    if all(layer._trainable for layer in flat) or not model.weights:
        return
    training = [layer.name for layer in model._children() if layer.trainable_weights]
    frozen = [layer.name for layer in model._children() if layer.weights and not layer.trainable_weights]
    print(
        f"training {len(model.trainable_weights)} of {len(model.weights)} tensors: {', '.join(training) or 'none'}; "
        f"frozen: {', '.join(frozen) or 'none wholly'}"
    )


def note_compile(model: Any) -> None:
    """Remembers who compiled when: the last time of this model, and the last of any other."""
    others = [entry for entry in _compiles if entry[1] != id(model)][-1:]
    _compiles[:] = [*others, (tick(), id(model))]
