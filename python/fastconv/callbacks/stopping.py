"""Callbacks that end the training."""

from __future__ import annotations

import math
from typing import Any

from fastconv.callbacks.callback import Callback
from fastconv.callbacks.monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
    """Ends the training when a number has not become better for some epochs.

    Args:  monitor: default "val_loss".  min_delta: smaller changes do not count, default 0.  patience: epochs to
        wait, default 0.  verbose: 1 prints when it stops.  mode: "auto" (default), "min", "max".  baseline: a value
        that must be passed at all.  restore_best_weights: gives the model the weights of its best epoch at the end.
        start_from_epoch: epochs before it are not judged.
    Raises:  ArgumentError: the monitor is unknown, or needs validation data.

    After training, `stopped_epoch` is the epoch it stopped at (0: it did not) and `best` the best value.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = self.worst
        self.best_epoch = 0
        self.best_weights: Any = None

    def on_train_begin(self, logs: Any = None) -> None:
        self.check_validation()
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        value = self.value(logs)
        if epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._keep(epoch, self.best)
        self.wait += 1
        if self.is_better(value, self.best):
            self.best = value
            if self.restore_best_weights:
                self._keep(epoch, value)
            self.best_epoch = epoch
            if self.baseline is None or self.is_better(value, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep(self, epoch: int, value: float) -> None:
        self.best_weights = self.model.get_weights()
        self.best_epoch = epoch

    def on_train_end(self, logs: Any = None) -> None:
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose:
                print(f"Weights are those of the best epoch, {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)


class TerminateOnNaN(Callback):
    """Ends the training at a loss that is not finite.

    `fit` itself stops there with NumericsError, which says where the first bad value arose; this is for programs
    that have always had it.
    """

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(float(loss)):
            print(f"Batch {batch}: the loss is {float(loss)}, training ends")
            self.model.stop_training = True
