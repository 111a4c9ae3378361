"""Saving the model while it trains."""

from __future__ import annotations

import os
from typing import Any

from fastconv.callbacks.logs import Logs, find
from fastconv.callbacks.monitor import MonitorCallback
from fastconv.runtime.errors import ArgumentError
from fastconv.utils.folders import prepare_folder


class ModelCheckpoint(MonitorCallback):
    """Saves the model after every epoch, or whenever it has become better.

    Args:  filepath: where; `{epoch}` (counted from 1) and the names of logs are filled in, as in
        "model.{epoch:02d}-{val_loss:.2f}.fastconv".  Folders are made.  monitor: default "val_loss".
        verbose: 1 prints each save.  save_best_only: saves only what is better than before.
        save_weights_only: the weights without architecture and optimiser.  mode: "auto", "min", "max".
        save_freq: "epoch" (default), or a number of batches.  initial_value_threshold: a value to beat at first.
        period: epochs from one save to the next, as in Keras 2; default 1.
    Raises:  ArgumentError: the monitor is unknown or needs validation data.  DataError: the folder cannot be
        written to; said before the first epoch.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
        period: int = 1,
    ) -> None:
        super().__init__(monitor, mode)
        if save_freq != "epoch" and not _is_count(save_freq):
            raise ArgumentError(
                f"ModelCheckpoint: expected save_freq 'epoch' or a number of batches; came {save_freq!r}."
            )
        if not _is_count(period):
            raise ArgumentError(
                f"ModelCheckpoint: expected period to be a whole number of epochs from 1 up; came {period!r}."
            )
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.period = period
        self.best = self.worst if initial_value_threshold is None else initial_value_threshold
        self._batches = 0
        self._epoch = 0

    def on_train_begin(self, logs: Any = None) -> None:
        if self.save_best_only:
            self.check_validation()
        ending = os.path.splitext(self.filepath)[1]
        if ending in (".keras", ".h5", ".hdf5", ".tf"):  # told before the first epoch, not after it
            raise ArgumentError(
                f"ModelCheckpoint: expected a name that ends in '.fastconv'; came '{self.filepath}'. Write "
                f"'{self.filepath.removesuffix(ending)}.fastconv'."
            )
        prepare_folder("ModelCheckpoint", self.filepath)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._batches += 1
        if isinstance(self.save_freq, int) and self._batches % self.save_freq == 0:
            self._save_if_wanted(self._epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.save_freq == "epoch" and (epoch + 1) % self.period == 0:
            self._save_if_wanted(epoch, logs)

    def _save_if_wanted(self, epoch: int, logs: Any) -> None:
        if not self.save_best_only:
            self._save(epoch, logs)
            return
        value = self.value(logs)
        if self.is_better(value, self.best):
            if self.verbose:
                print(f"Epoch {epoch + 1}: {self.monitor} improved from {self.best:.5f} to {value:.5f}")
            self.best = value
            self._save(epoch, logs)
        elif self.verbose:
            print(f"Epoch {epoch + 1}: {self.monitor} did not improve from {self.best:.5f}")

    def _save(self, epoch: int, logs: Any) -> None:
        path = self._path(epoch, logs)
        prepare_folder("ModelCheckpoint", path)
        if self.verbose:
            print(f"Epoch {epoch + 1}: saving model to {path}")
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)

    def _path(self, epoch: int, logs: Any) -> str:
        values = Logs(logs or {})
        names = _Fields(values, epoch + 1)
        try:
            return self.filepath.format_map(names)
        except KeyError as error:
            raise ArgumentError(
                f"ModelCheckpoint: filepath '{self.filepath}' asks for {error.args[0]!r}; there are epoch, "
                f"{', '.join(values)}."
            ) from None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


class _Fields(dict):
    """The names that a filepath may hold, in either spelling."""

    def __init__(self, values: Logs, epoch: int) -> None:
        super().__init__({name: float(value) for name, value in values.items()}, epoch=epoch)

    def __missing__(self, name: str) -> Any:
        found = find(name, self.keys())
        if found is None:
            raise KeyError(name)
        return self[found]
