"""Training, evaluation, prediction.

A training step is one call of a compiled function: forward, losses, metrics, gradients and the optimiser's update,
whose writes happen in the plan's closing block or not at all.  So an interrupted or non-finite step leaves the model
of the step before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastconv.layers.traceback import short_errors
from fastconv.models import arguments, batches as data
from fastconv.models.batches import Batch
from fastconv.models.checks import largest_pixel, warn_of_other_scale, warn_of_raw_pixels
from fastconv.models.compilation import Compilation
from fastconv.models.fitting import Fit, Timed, callback_list, some_batches
from fastconv.models.numerics import explained
from fastconv.models.preparation import (
    VALIDATION,
    Preparation,
    check_pair,
    note_compile,
    refuse_own_steps,
    say_frozen,
)
from fastconv.models.progress import Progress
from fastconv.models.steps import as_called, form_of
from fastconv.runtime.errors import ArgumentError
from fastconv.runtime.location import warn


class Trainer(Preparation):
    """What Model has for training; the methods are Keras's."""

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
        refuse_own_steps(self)
        compilation = Compilation(self, optimizer, loss, metrics, loss_weights, weighted_metrics)
        compilation.optimizer.build([], self)
        say_frozen(self)
        self._compilation = compilation
        self.optimizer = compilation.optimizer
        self._forget_steps()
        note_compile(self)

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

    def reset_metrics(self) -> None:
        """Losses and metrics begin anew."""
        if self._compilation is not None:
            self._compilation.reset()

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
            batch_size: default 32, or so many that arrays make `steps_per_epoch` batches.  epochs: number of the last
            epoch (counted with `initial_epoch`), default 1.
            verbose: "auto" (a bar on a terminal, a line an epoch elsewhere), 2 lines, 0 silent.
            validation_split: share at the end of the arrays that is kept for validation.
            validation_data: (x, y), (x, y, weights), a generator or a data object.  shuffle: default True; drawn by
            (seed, number of epochs this model has ever had), so that training goes on after loading as if it had not
            stopped.  class_weight: weight of each class number.  steps_per_epoch: batches of an epoch, default
            all; data objects go round again if there are fewer.
        Raises:  ArgumentError: not compiled, nothing trainable, `trainable` changed after `compile`.
            DataError, ShapeError: data, labels, loss and last layer do not fit together.
            NumericsError: a loss or gradient is not finite; the model is that of the step before (NonFiniteData, a
            DataError too: because of the batch).
        """
        epochs = arguments.whole_number("fit", "epochs", kwargs.pop("nb_epoch", epochs), 0)
        initial_epoch = arguments.whole_number("fit", "initial_epoch", initial_epoch, 0)
        if initial_epoch > epochs > 0:
            warn(
                f"fit: expected epochs to be the number of the last epoch; came epochs={epochs}, initial_epoch="
                f"{initial_epoch}: nothing is trained. Write epochs={initial_epoch + epochs}."
            )
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
        training = self._source("fit", x, y, sample_weight, batch_size, shuffle=shuffle, seed=seed)
        validation = self._validation(
            training, validation_data, validation_split, validation_batch_size or batch_size
        )
        data.fit_steps(training, batch_size, steps_per_epoch)
        data.fit_steps(validation, validation_batch_size or batch_size, validation_steps)
        self._check_shapes(training)
        self._check_shapes(validation)
        first = self._first_batch(training)
        specs = self._build_for(first)
        self._check_trainable(compilation)
        self._check_data("fit", first, training, specs)
        rows = slice(0, training.batch_size) if isinstance(training, data.ArrayData) else None
        pictures = first.x[0] if rows is None else training._batch(rows).x[0]
        warn_of_raw_pixels(self, "fit", pictures)
        vars(self)["_largest_trained"] = largest_pixel(pictures)
        if isinstance(validation, data.ArrayData):
            self._check_data(VALIDATION, validation._batch(slice(0, 1)), validation, specs)
        self._remember(x)
        check_pair(x, validation_data)
        compilation.optimizer.build(compilation.trainable, self)
        run = Fit(
            self, training, validation, steps_per_epoch, validation_steps, validation_freq, class_weight
        )
        return run.train(callbacks, epochs, initial_epoch, verbose)

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
        arguments.refuse_unknown("train_on_batch", kwargs, self.train_on_batch)
        compilation = self._prepare_training("train_on_batch")
        batch = self._batch(x, y, sample_weight, "train_on_batch")
        if class_weight is not None:
            batch = data.class_weighted(batch, class_weight)
        if ("train", form_of(batch)) not in self._steps:
            specs = self._build_for(batch)
            self._check_data("train_on_batch", batch, batch, specs)
            compilation.optimizer.build(compilation.trainable, self)
        self._check_trainable_fast(compilation)
        compilation.reset()
        self._guarded_step(batch, None)
        return _returned(self._results(), return_dict)

    @short_errors
    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics of one batch."""
        compilation = self._compiled("test_on_batch")
        batch = self._batch(x, y, sample_weight, "test_on_batch")
        if ("test", form_of(batch)) not in self._steps:
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
        inputs, input_keys = data.inputs_of(x, naming.inputs, f"{where}: x")
        return Batch(
            inputs,
            data.ordered(y, naming.outputs, f"{where}: y"),
            data.ordered(weights, naming.outputs, f"{where}: sample_weight"),
            input_keys=input_keys,
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
        source = self._source("evaluate", x, y, sample_weight, batch_size, file_order=True)
        data.fit_steps(source, batch_size, steps)
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
        timed = Timed(some_batches(source, steps, epoch))
        for k, batch in enumerate(timed):
            if k == 0 and epoch == 0:  # of a validation, in the first epoch only
                warn_of_other_scale(self, where, batch.x[0])
                if not isinstance(source, data.ArrayData):
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
        source = self._source("predict", x, None, None, batch_size, file_order=True)
        data.fit_steps(source, batch_size, steps)
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
        outputs = self._compute((as_called(batch.x, batch.input_keys),), {})
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
