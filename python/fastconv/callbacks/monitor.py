"""Watching one loss or metric: its name, and which way is better."""

from __future__ import annotations

import math
from typing import Any

from fastconv.callbacks.callback import Callback
from fastconv.callbacks.logs import find
from fastconv.runtime.errors import ArgumentError

_UPWARD = ("acc", "auc", "precision", "recall", "f1", "fmeasure")


class MonitorCallback(Callback):
    """Base of the callbacks that watch a number.

    Args:  monitor: name of a loss or metric; `val_` in front for validation.  mode: "min", "max" or "auto"
        (upwards for accuracies and the like, downwards for the rest).  min_delta: smaller changes do not count.
    Raises:  ArgumentError: an unknown mode; during training, an unknown monitor, or `val_` without validation data.
    """

    def __init__(self, monitor: str, mode: str = "auto", min_delta: float = 0.0) -> None:
        super().__init__()
        if mode not in ("min", "max", "auto"):
            raise ArgumentError(
                f"{type(self).__name__}: expected mode 'min', 'max' or 'auto'; came {mode!r}. "
                "Use 'max' for accuracies, 'min' for losses."
            )
        self.monitor = monitor
        upward = mode == "max" or (mode == "auto" and _goes_up(monitor))
        self.mode = "max" if upward else "min"
        self.min_delta = abs(float(min_delta))

    @property
    def worst(self) -> float:
        """A value that everything is better than."""
        return -math.inf if self.mode == "max" else math.inf

    def is_better(self, value: float, best: float) -> bool:
        """Whether `value` is better than `best` by more than min_delta."""
        return value - self.min_delta > best if self.mode == "max" else value + self.min_delta < best

    def check_validation(self) -> None:
        """Before the first epoch: a `val_` name needs validation data."""
        if self.monitor.startswith("val_") and self.params.get("validation") is False:
            raise ArgumentError(self._no_validation())

    def value(self, logs: Any) -> float:
        """The watched number of this epoch.

        Raises:  ArgumentError: there is none of that name.
        """
        logs = logs or {}
        found = find(self.monitor, logs)
        if found is not None:
            return float(logs[found])
        if self.monitor.startswith("val_") and not any(name.startswith("val_") for name in logs):
            raise ArgumentError(self._no_validation())
        raise ArgumentError(f"{type(self).__name__}: no {self.monitor!r}; there are {', '.join(logs)}.")

    def _no_validation(self) -> str:
        return (
            f"{type(self).__name__}: {self.monitor!r} needs validation data; fit got none. "
            f"Give fit validation_data= or validation_split=, or monitor {self.monitor[4:]!r}."
        )


def _goes_up(monitor: str) -> bool:
    plain = monitor.removeprefix("val_")
    return any(word in plain for word in _UPWARD)
