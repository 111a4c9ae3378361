"""Training, evaluation, prediction.

A training step is one call of a compiled function: forward, losses, metrics, gradients and the optimiser's update,
whose writes happen in the plan's closing block or not at all.  So an interrupted or non-finite step leaves the model
of the step before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastconv import graph, primitives
from fastconv.compiler import Function, grad
from fastconv.layers import context
from fastconv.layers.layer import Layer, tick
from fastconv.layers.structure import leaves
from fastconv.layers.traceback import short_errors
from fastconv.models import arguments, batches as data
from fastconv.models.batches import Batch, Naming
from fastconv.models.checks import check_fit, warn_of_raw_pixels
from fastconv.models.compilation import Compilation
from fastconv.models.fitting import Fit, Timed, callback_list, some_batches
from fastconv.models.input_checks import checked, fits_without_channel
from fastconv.models.layer_graph import LayerGraph
from fastconv.models.numerics import explained
from fastconv.models.progress import Progress
from fastconv.primitives.base import Spec
from fastconv.runtime import keys
from fastconv.runtime.errors import ArgumentError, DataError
from fastconv.runtime.location import warn
from fastconv.runtime.variable import Variable

_VALIDATION = "fit, validation_data"  # where, in messages about the data that `fit` validates with
_compiles: list[
    tuple[int, Any]
] = []  # (when, id of the model) of the last compile of each of the last two models


class Trainer(Layer):
    """What Model has for training; the methods are Keras's."""

    stop_training: bool
    history: Any
    optimizer: Any
    class_names: list[str] | None
    _graph: LayerGraph | None
    _compilation: Compilation | None
    _epochs_done: int
    _key: Variable | None
    _steps: dict[Any, Function]

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs."""
        raise NotImplementedError

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs."""
        raise NotImplementedError

    def _init_training(self) -> None:
        vars(self).update(
            _compilation=None,
            _epochs_done=0,
            _key=None,
            _steps={},
            stop_training=False,
            history=None,
            optimizer=None,
        )

    # compile

    @short_errors
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        loss_weights: Any = None,
        weighted_metrics: Any = None,
        **kwargs: Any,
    ) -> None:
        """Says how to train.

        Args:  optimizer: name or object, default "rmsprop".  loss: name, object or function; a list or dict for
            several outputs.  metrics: list of names or objects; "accuracy" (or "acc") becomes the one that fits loss
            and labels.  loss_weights: shares of the outputs' losses.  weighted_metrics: metrics that
            `sample_weight` and `class_weight` weigh.
        Raises:  ArgumentError: an unknown name (the message has the nearest), or an optimiser of another model.
        """
        arguments.refuse_unknown("compile", kwargs, self.compile)
        compilation = Compilation(self, optimizer, loss, metrics, loss_weights, weighted_metrics)
        compilation.optimizer.build([], self)
        _say_frozen(self)
        self._compilation = compilation
        self.optimizer = compilation.optimizer
        self._forget_steps()
        _note_compile(self)

    @property
    def loss(self) -> Any:
        """What `compile` was told."""
        return self._compilation.loss if self._compilation is not None else None

    @property
    def metrics(self) -> list[Any]:
        """The metrics, once the first batch has told which they are."""
        return [metric for _, _, metric in self._compilation.metrics] if self._compilation is not None else []

    @property
    def metrics_names(self) -> list[str]:
        """Names of what `evaluate` returns."""
        found = self._compilation.results() if self._compilation is not None else {}
        return list(found) or ["loss"]

    def _compiled(self, where: str) -> Compilation:
        if self._compilation is None:
            raise ArgumentError(
                f"{where}: model '{self.name}' is not compiled; compile(optimizer=, loss=) first."
            )
        return self._compilation

    def _forget_steps(self) -> None:
        self._steps.clear()

    def _training_variables(self) -> list[Variable]:
        found = [self._key] if self._key is not None else []
        if self._compilation is not None:
            found += [*self._compilation.state(), *self._compilation.optimizer.variables]
        return found

    # The steps

    def _step(self, kind: str, form: tuple[int, int, int]) -> Function:
        """The compiled step for so many inputs, labels and weights: "train", "test" or "predict"."""
        key = (kind, form)
        found = self._steps.get(key)
        if found is None:
            made = {"train": self._train_step, "test": self._test_step, "predict": self._predict_step}[kind]

            def step(*symbols: Any) -> Any:
                return made(*_split(symbols, form))

            found = Function(step, kind == "train", self._device(), f"{kind} step of '{self.name}'")
            self._steps[key] = found
        return found

    def _device(self) -> str | None:
        weights = self.weights
        return weights[0].device if weights else None

    def _run_step(self, kind: str, batch: Batch, explain: Any = None) -> Any:
        return self._step(kind, _form(batch))(*data.tensors(batch), explain=explain)

    def _forward(self, x: list[Any]) -> Any:
        return self._extend((x[0] if len(x) == 1 else x,), {})

    def _losses(self, x: list[Any], y: list[Any], weights: list[Any]) -> tuple[Any, tuple[Any, ...]]:
        compilation = self._compilation
        assert compilation is not None
        predictions = list(leaves(self._forward(x)))
        names = self._names_of_outputs(len(predictions))
        _check_count("y", y, names, self.name)
        _check_samples(x, [*y, *weights], self.name)
        weights = weights or [None] * len(names)
        weights = weights * len(names) if len(weights) == 1 else weights
        compilation.resolve(
            names, [s.spec for s in y], [s.spec for s in predictions], self._device() or "cpu"
        )
        total, parts = compilation.total_loss(y, predictions, weights)
        return total, (total, parts, y, predictions, weights, x[0].shape[0])

    def _train_step(self, x: list[Any], y: list[Any], weights: list[Any]) -> None:
        compilation = self._compilation
        assert compilation is not None and self._key is not None
        with context.random_key(self._key):
            total, seen = self._losses(x, y, weights)
        variables = compilation.trainable
        gradients = grad(total, variables)
        graph.guard(total, *gradients)
        compilation.optimizer.apply(gradients, variables)
        graph.assign(self._key, primitives.Add()(graph.as_symbol(self._key), np.array([0, 1], np.int64)))
        compilation.record(*seen)

    def _test_step(self, x: list[Any], y: list[Any], weights: list[Any]) -> None:
        assert self._compilation is not None
        _, seen = self._losses(x, y, weights)
        self._compilation.record(*seen)

    def _predict_step(self, x: list[Any], y: list[Any], weights: list[Any]) -> Any:
        return self._forward(x)

    def _names_of_outputs(self, count: int) -> list[str]:
        names = self.output_names
        return list(names) if len(names) == count else [f"output_{i + 1}" for i in range(count)]

    # Before the first step

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
            inputs = [graph.placeholder((None, *np.shape(a)[1:]), np.asarray(a).dtype.name) for a in batch.x]
            outputs = list(leaves(self._forward(inputs)))
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
        _check_count("y", y, names, self.name)

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

    # fit

    @short_errors
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
        **kwargs: Any,
    ) -> Any:
        """Trains, and returns a History: losses and metrics by epoch.

        Args:  x, y: arrays, or lists or dicts of them; or as x alone a generator of (x, y) or (x, y, weights), a data
            object (`flow_from_directory`, `image_dataset_from_directory`), or a sequence of batches.
            batch_size: default 32.  epochs: number of the last epoch (counted with `initial_epoch`), default 1.
            verbose: "auto" (a bar on a terminal, a line an epoch elsewhere), 2 lines, 0 silent.
            validation_split: share at the end of the arrays that is kept for validation.
            validation_data: (x, y), (x, y, weights), a generator or a data object.  shuffle: default True; drawn by
            (seed, number of epochs this model has ever had), so that training goes on after loading as if it had not
            stopped.  class_weight: weight of each class number.  steps_per_epoch: batches of an epoch, default
            all; data objects go round again if there are fewer.
        Raises:  ArgumentError: not compiled, nothing trainable, `trainable` changed after `compile`.
            DataError, ShapeError: data, labels, loss and last layer do not fit together.
            NumericsError: a loss or gradient is not finite; the model is that of the step before.
        """
        epochs = arguments.whole_number("fit", "epochs", kwargs.pop("nb_epoch", epochs), 0)
        initial_epoch = arguments.whole_number("fit", "initial_epoch", initial_epoch, 0)
        batch_size = arguments.count("fit", "batch_size", batch_size)
        steps_per_epoch = arguments.count("fit", "steps_per_epoch", steps_per_epoch)
        validation_steps = arguments.count("fit", "validation_steps", validation_steps)
        validation_batch_size = arguments.count("fit", "validation_batch_size", validation_batch_size)
        validation_freq = arguments.frequency(validation_freq)
        arguments.refuse_unknown("fit", kwargs, self.fit)
        if class_weight is not None:
            arguments.check_class_weight(class_weight)
        compilation = self._prepare_training("fit")
        assert self._key is not None
        seed = int(self._key.numpy()[0])
        naming = self._naming()
        arguments.check_given("fit", x, len(naming.inputs))
        training = data.data_for(x, y, sample_weight, naming, "fit", batch_size, shuffle, seed)
        validation = self._validation(
            training, validation_data, validation_split, validation_batch_size or batch_size
        )
        self._check_shapes(training)
        self._check_shapes(validation)
        first = self._first_batch(training)
        specs = self._build_for(first)
        self._check_trainable(compilation)
        self._check_data("fit", first, training, specs)
        warn_of_raw_pixels(self, "fit", first.x[0])
        if isinstance(validation, data.ArrayData):
            self._check_data(_VALIDATION, validation._batch(slice(0, 1)), validation, specs)
        self._remember(x)
        _check_pair(x, validation_data)
        compilation.optimizer.build(compilation.trainable, self)
        run = Fit(
            self, training, validation, steps_per_epoch, validation_steps, validation_freq, class_weight
        )
        return run.train(callbacks, epochs, initial_epoch, verbose)

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
        naming = self._naming()
        if given is not None:
            x, y, weights = arguments.validation_parts(given)
            arguments.check_given(_VALIDATION, x, len(naming.inputs))
            return data.data_for(x, y, weights, naming, _VALIDATION, batch_size, file_order=True)
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
        return data.ArrayData(x, y, weights, int(batch_size or 32))

    def _remember(self, x: Any) -> None:
        """Class names of the data go into the model and its file."""
        names = getattr(x, "class_names", None)
        if names:
            self.class_names = list(names)

    def _results(self) -> dict[str, float]:
        assert self._compilation is not None
        return self._compilation.results()

    # Single batches

    @short_errors
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """One training step; returns the loss and the metrics of this batch.

        As in Keras 2, metrics begin anew at each call (Keras 3 goes on with those of the calls before).
        """
        compilation = self._prepare_training("train_on_batch")
        batch = self._batch(x, y, sample_weight, "train_on_batch")
        if class_weight is not None:
            batch = data.class_weighted(batch, class_weight)
        if ("train", _form(batch)) not in self._steps:
            specs = self._build_for(batch)
            self._check_data("train_on_batch", batch, batch, specs)
            compilation.optimizer.build(compilation.trainable, self)
        self._check_trainable_fast(compilation)
        compilation.reset()
        self._guarded_step(batch, None)
        return _returned(self._results(), return_dict)

    def _check_trainable_fast(self, compilation: Compilation) -> None:
        latest = max((layer._trainable_set_at for layer in self._flattened()), default=0)
        if latest > compilation.at or not compilation.trainable:
            self._check_trainable(compilation)

    @short_errors
    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics of one batch."""
        compilation = self._compiled("test_on_batch")
        batch = self._batch(x, y, sample_weight, "test_on_batch")
        if ("test", _form(batch)) not in self._steps:
            self._check_data("test_on_batch", batch, batch, self._build_for(batch))
        compilation.reset()
        self._run_step("test", batch)
        return _returned(self._results(), return_dict)

    @short_errors
    def predict_on_batch(self, x: Any) -> Any:
        """Outputs for one batch, as NumPy arrays."""
        return self._predicted(self._batch(x, None, None, "predict_on_batch"))

    def _batch(self, x: Any, y: Any, weights: Any, where: str) -> Batch:
        naming = self._naming()
        return Batch(
            data.ordered(x, naming.inputs, f"{where}: x") or [],
            data.ordered(y, naming.outputs, f"{where}: y"),
            data.ordered(weights, naming.outputs, f"{where}: sample_weight"),
        )

    def _guarded_step(self, batch: Batch, epoch: int | None) -> None:
        """One training step; what is not finite is told with step, epoch, cause and remedy."""
        self._run_step("train", batch, lambda error: explained(self, error, batch, epoch))

    # evaluate

    @short_errors
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Loss and metrics over data: a number, a list [loss, metrics...], or with `return_dict` a dict.

        Data objects are walked in file order, damaged files left out.
        """
        arguments.refuse_unknown("evaluate", kwargs, self.evaluate)
        batch_size = arguments.count("evaluate", "batch_size", batch_size)
        steps = arguments.count("evaluate", "steps", steps)
        self._compiled("evaluate")
        arguments.check_given("evaluate", x, len(self._naming().inputs))
        source = data.data_for(x, y, sample_weight, self._naming(), "evaluate", batch_size, file_order=True)
        if isinstance(source, data.ArrayData):
            self._check_data(
                "evaluate", source._batch(slice(0, 1)), source, self._build_for(source._batch(slice(0, 1)))
            )
        progress = Progress(verbose, word="evaluate")
        listeners = callback_list(callbacks, self, source, 1, steps, verbose, None)
        listeners.on_test_begin({})
        values = self._evaluated(source, steps, 0, listeners, progress)
        listeners.on_test_end(values)
        return _returned(values, return_dict)

    def _evaluated(
        self,
        source: Any,
        steps: int | None,
        epoch: int,
        listeners: Any,
        progress: Progress | None,
        seen: Callable[[Batch], None] | None = None,
        where: str = "evaluate",
    ) -> dict[str, float]:
        compilation = self._compiled("evaluate")
        compilation.reset()
        if progress is not None:
            progress.begin(1, steps or data.count_of(source))
        samples = 0
        looked_at = isinstance(source, data.ArrayData)
        timed = Timed(some_batches(source, steps, epoch))
        for k, batch in enumerate(timed):
            if not looked_at:
                looked_at = True
                self._check_data(where, batch, batch, self._build_for(batch))
            listeners.on_test_batch_begin(k, {})
            self._run_step("test", batch)
            samples += batch.samples
            if seen is not None:
                seen(batch)
            if listeners.listens("on_test_batch_end"):
                listeners.on_test_batch_end(k, compilation.results())
            if progress is not None:
                progress.step(compilation.results() if progress.wants_values() else None, timed.wait_s)
        if samples == 0:
            raise ArgumentError("evaluate: expected batches; the data has none.")
        values = compilation.results()
        if progress is not None:
            progress.end(values, timed.wait_s, samples)
        return values

    # predict

    @short_errors
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = 0,
        steps: int | None = None,
        callbacks: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Outputs for data, as NumPy arrays.

        A picture's output has the same bits in any batch.  Data objects are walked in file order (damaged files left
        out), so that row i belongs to `filenames[i]` and `classes[i]`.  Default: silent, unlike Keras.
        """
        arguments.refuse_unknown("predict", kwargs, self.predict)
        batch_size = arguments.count("predict", "batch_size", batch_size)
        steps = arguments.count("predict", "steps", steps)
        whole = (
            type(x) is np.ndarray
            and x.ndim > 0
            and 0 < len(x) <= (batch_size or 32)
            and x.dtype.kind in "fiub"
        )
        if whole and callbacks is None and steps is None and verbose == 0:
            return self._predicted(Batch([x], None, None))
        arguments.check_given("predict", x, len(self._naming().inputs))
        source = data.data_for(x, None, None, self._naming(), "predict", batch_size, file_order=True)
        self._check_shapes(source)
        listeners = callback_list(callbacks, self, source, 1, steps, verbose, None)
        progress = Progress(verbose, word="predict")
        progress.begin(1, steps or data.count_of(source))
        listeners.on_predict_begin({})
        parts: list[Any] = []
        timed = Timed(some_batches(source, steps, 0))
        for k, batch in enumerate(timed):
            listeners.on_predict_batch_begin(k, {})
            parts.append(self._predicted(batch))
            listeners.on_predict_batch_end(k, {})
            progress.step(None, timed.wait_s)
        listeners.on_predict_end({})
        progress.end({}, timed.wait_s, len(parts))
        if not parts:
            raise ArgumentError("predict: expected at least one sample; the data has none.")
        return _joined(parts)

    def _predicted(self, batch: Batch) -> Any:
        x = batch.x[0] if len(batch.x) == 1 else batch.x
        outputs = self._compute((x,), {})
        if isinstance(outputs, (list, tuple)):
            return [output.numpy() for output in outputs]
        if isinstance(outputs, dict):
            return {name: output.numpy() for name, output in outputs.items()}
        return outputs.numpy()

    # Keras 2's other names

    def fit_generator(
        self, generator: Any, steps_per_epoch: int | None = None, epochs: int = 1, **kwargs: Any
    ) -> Any:
        """`fit` on a generator (Keras 2)."""
        if "samples_per_epoch" in kwargs:  # Keras 1 counted samples
            steps_per_epoch = -(-kwargs.pop("samples_per_epoch") // getattr(generator, "batch_size", 32))
        if "nb_val_samples" in kwargs:
            size = getattr(kwargs.get("validation_data"), "batch_size", 32)
            kwargs["validation_steps"] = -(-kwargs.pop("nb_val_samples") // size)
        return self.fit(generator, steps_per_epoch=steps_per_epoch, epochs=epochs, **kwargs)

    def evaluate_generator(self, generator: Any, steps: int | None = None, **kwargs: Any) -> Any:
        """`evaluate` on a generator (Keras 2)."""
        return self.evaluate(generator, steps=steps, **kwargs)

    def predict_generator(self, generator: Any, steps: int | None = None, **kwargs: Any) -> Any:
        """`predict` on a generator (Keras 2)."""
        return self.predict(generator, steps=steps, **kwargs)

    def predict_classes(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> np.ndarray:
        """Number of the likeliest class of each sample (Keras 2); for one unit, 1 above 0.5."""
        outputs = self.predict(x, batch_size, verbose)
        return outputs.argmax(-1) if outputs.shape[-1] > 1 else (outputs > 0.5).astype("int32")

    def predict_proba(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> np.ndarray:
        """`predict` (Keras 2)."""
        return self.predict(x, batch_size, verbose)


def _form(batch: Batch) -> tuple[int, int, int]:
    """How many inputs, labels and weights a batch has."""
    return len(batch.x), len(batch.y or ()), len(batch.weights or ())


def _split(symbols: Sequence[Any], form: tuple[int, int, int]) -> tuple[list[Any], list[Any], list[Any]]:
    x, y, _ = form
    return list(symbols[:x]), list(symbols[x : x + y]), list(symbols[x + y :])


def _one_or_list(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _check_count(what: str, values: Sequence[Any], names: Sequence[str], model_name: str) -> None:
    if len(values) != len(names):
        raise ArgumentError(
            f"model '{model_name}': expected {what} for {len(names)} outputs ({', '.join(names)}); came {len(values)}."
        )


def _check_samples(x: Sequence[Any], others: Sequence[Any], model_name: str) -> None:
    samples = x[0].shape[0]
    for other in others:
        if other.shape[:1] != (samples,):
            raise DataError(
                f"model '{model_name}': expected a label, and a weight if any, for each of the {samples} samples of a batch; "
                f"came an array {tuple(other.shape)}. Give each image its own entry."
            )


def _innermost(layer: Layer) -> Layer:
    """The layer that makes the output, also if it stands inside a model."""
    while layer.is_model and layer._children():
        layer = layer._children()[-1]
    return layer


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], list):
        return [np.concatenate([part[i] for part in parts]) for i in range(len(parts[0]))]
    if isinstance(parts[0], dict):
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _returned(values: dict[str, float], return_dict: bool) -> Any:
    if return_dict:
        return values
    found = list(values.values())
    return found[0] if len(found) == 1 else found


def _say_frozen(model: Trainer) -> None:
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


def _note_compile(model: Any) -> None:
    """Remembers who compiled when: the last time of this model, and the last of any other."""
    others = [entry for entry in _compiles if entry[1] != id(model)][-1:]
    _compiles[:] = [*others, (tick(), id(model))]


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


def _check_pair(training: Any, validation: Any) -> None:
    if hasattr(training, "epoch_batches") and hasattr(validation, "epoch_batches"):
        from fastconv.data import check_validation, warn_of_shared_files

        check_validation(training, validation)
        warn_of_shared_files(training, validation)
