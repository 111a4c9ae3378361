"""One run of `fit`, and how the batches of any run are walked through."""

from __future__ import annotations

import time
from typing import Any

from fastconv.models import batches as data
from fastconv.models.compilation import Compilation
from fastconv.models.preparation import VALIDATION
from fastconv.models.progress import Progress
from fastconv.models.stuck import Watch


class Fit:
    """One run of `fit`."""

    def __init__(
        self,
        model: Any,
        training: Any,
        validation: Any,
        steps: int | None,
        validation_steps: int | None,
        validation_freq: int,
        class_weight: dict[int, float] | None,
    ) -> None:
        self.model, self.training, self.validation = model, training, validation
        self.steps, self.validation_steps = steps, validation_steps
        self.validation_freq, self.class_weight = validation_freq, class_weight
        self.compilation: Compilation = model._compilation
        self.validated = 0
        self.watch = Watch(model, class_weight is not None)

    def train(self, callbacks: Any, epochs: int, initial_epoch: int, verbose: Any) -> Any:
        model = self.model
        self.progress = Progress(verbose, epochs)
        listeners = callback_list(
            callbacks, model, self.training, epochs, self.steps, verbose, self.validation is not None, True
        )
        self.listeners = listeners
        model.stop_training = False
        model.history = listeners.history
        self._say_steps()
        listeners.on_train_begin({})
        values: dict[str, float] = {}
        try:
            for epoch in range(initial_epoch, epochs):
                values = self._epoch(epoch)
                if model.stop_training:
                    break
        finally:
            self.progress.abandon()
        listeners.on_train_end(values)
        return listeners.history

    def _say_steps(self) -> None:
        count = data.count_of(self.training)
        if self.steps is not None and count and self.steps > count:
            self.progress.note(
                f"epoch is {count} batches; steps_per_epoch={self.steps} goes round {self.steps / count:.1f} times."
            )

    def _epoch(self, epoch: int) -> dict[str, float]:
        model, listeners = self.model, self.listeners
        listeners.on_epoch_begin(epoch, {})
        self.compilation.reset()
        self.progress.begin(epoch + 1, self.steps or data.count_of(self.training))
        samples = 0
        self.watch.begin()
        timed = Timed(self.training.epoch_batches(model._epochs_done, self.steps))
        try:
            for k, batch in enumerate(timed):
                listeners.on_train_batch_begin(k, {})
                if self.class_weight is not None:
                    batch = data.class_weighted(batch, self.class_weight)
                model._guarded_step(batch, epoch)
                self.watch.training.add(batch)
                samples += batch.samples
                self._after_step(k, timed.wait_s)
                if model.stop_training:
                    break
        finally:
            timed.close()
        values = self.compilation.results()
        model._epochs_done += 1
        values |= self._validate(epoch)
        self.progress.end(values, timed.wait_s, samples)
        self._report(epoch, values)
        listeners.on_epoch_end(epoch, values)
        return values

    def _after_step(self, k: int, wait_s: float) -> None:
        values = None
        if self.listeners.listens("on_train_batch_end"):
            values = self.compilation.results()
            self.listeners.on_train_batch_end(k, values)
        if values is None and self.progress.wants_values():
            values = self.compilation.results()
        self.progress.step(values, wait_s)

    def _validate(self, epoch: int) -> dict[str, float]:
        freq = self.validation_freq
        due = epoch + 1 in freq if isinstance(freq, (list, tuple, set)) else (epoch + 1) % freq == 0
        if self.validation is None or not due:
            return {}
        self.listeners.on_test_begin({})
        values = self.model._evaluated(
            self.validation,
            self.validation_steps,
            self.validated,
            self.listeners,
            None,
            self.watch.validation.add,
            VALIDATION,
        )
        self.listeners.on_test_end(values)
        self.validated += 1
        return {f"val_{name}": value for name, value in values.items()}

    def _report(self, epoch: int, values: dict[str, float]) -> None:
        from fastconv.data import skipped_line

        for source in (self.training, self.validation):
            if getattr(source, "skipped", None):
                self.progress.note(skipped_line(source))
        if not self.progress.silent:
            for line in self.watch.lines(epoch, values):
                self.progress.note(line)


class Timed:
    """Batches, with the seconds that were spent waiting for them."""

    def __init__(self, batches: Any) -> None:
        self.batches = batches
        self.wait_s = 0.0

    def __iter__(self) -> Any:
        while True:
            start = time.perf_counter()
            batch = next(self.batches, None)
            self.wait_s += time.perf_counter() - start
            if batch is None:
                return
            yield batch

    def close(self) -> None:
        """Ends the threads behind the batches."""
        self.batches.close()


def some_batches(source: Any, steps: int | None, epoch: int) -> Any:
    """The batches of an evaluation: a whole pass, or the first `steps` of it."""
    if isinstance(source, data.IteratorData):
        yield from source.epoch_batches(epoch, steps)
        return
    batches = source.epoch_batches(0)
    try:
        for k, batch in enumerate(batches):
            if steps is not None and k >= steps:
                return
            yield batch
    finally:
        batches.close()


def callback_list(
    callbacks: Any,
    model: Any,
    source: Any,
    epochs: int,
    steps: int | None,
    verbose: Any,
    validation: bool | None,
    history: bool = False,
) -> Any:
    from fastconv.callbacks import CallbackList

    if isinstance(callbacks, CallbackList):
        return callbacks
    params = {"epochs": epochs, "steps": steps or data.count_of(source), "verbose": verbose}
    if validation is not None:
        params["validation"] = validation
    return CallbackList(callbacks, add_history=history, model=model, **params)
