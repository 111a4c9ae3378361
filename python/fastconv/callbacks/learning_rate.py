"""Callbacks that change the learning rate."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from fastconv.callbacks.callback import Callback
from fastconv.callbacks.monitor import MonitorCallback
from fastconv.runtime.errors import ArgumentError


def _rate(model: Any) -> float:
    return float(model.optimizer.learning_rate.numpy())


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of each epoch.

    Args:  schedule: function (epoch, rate) -> rate, or (epoch) -> rate, as in Keras 2; epochs count from 0.
        verbose: 1 prints the rate.
    Raises:  ArgumentError: the function gave back something else than a number.

    The rate of each epoch is in `logs['learning_rate']`, so also in the history.
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose
        self._takes_rate = _takes_two(schedule)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        arguments = (epoch, _rate(self.model)) if self._takes_rate else (epoch,)
        try:
            rate = float(self.schedule(*arguments))
        except (TypeError, ValueError) as error:
            raise ArgumentError(
                f"LearningRateScheduler: expected the schedule to return a number at epoch {epoch}; {error}."
            ) from error
        self.model.optimizer.learning_rate = rate
        if self.verbose:
            print(f"Epoch {epoch + 1}: learning rate {rate}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs is not None:
            logs["learning_rate"] = _rate(self.model)


def _takes_two(schedule: Callable[..., Any]) -> bool:
    try:
        inspect.signature(schedule).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # a built-in without a signature
        return True
    return True


class ReduceLROnPlateau(MonitorCallback):
    """Lowers the learning rate when a number has not become better for some epochs.

    Args:  monitor: default "val_loss".  factor: new rate = old rate * factor, default 0.1.  patience: epochs to
        wait, default 10.  verbose: 1 prints each change.  mode: "auto", "min", "max".  min_delta: smaller changes do
        not count, default 1e-4.  cooldown: epochs after a change that are not judged.  min_lr: lower limit.
    Raises:  ArgumentError: a factor that is not below 1; the monitor is unknown or needs validation data.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        epsilon: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, min_delta if epsilon is None else epsilon)
        if factor >= 1.0:
            raise ArgumentError(
                f"ReduceLROnPlateau: expected a factor below 1; came {factor}. The default is 0.1."
            )
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._reset()

    def _reset(self) -> None:
        self.best = self.worst
        self.wait = 0
        self.cooldown_counter = 0

    def on_train_begin(self, logs: Any = None) -> None:
        self.check_validation()
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        value = self.value(logs)
        if logs is not None:
            logs["learning_rate"] = _rate(self.model)
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_better(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.cooldown_counter:
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        old = _rate(self.model)
        if old <= self.min_lr:
            return
        new = max(old * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = new
        self.cooldown_counter = self.cooldown
        self.wait = 0
        if self.verbose:
            print(f"Epoch {epoch + 1}: learning rate {old:.4g} -> {new:.4g}")
