"""History: what `fit` returns."""

from __future__ import annotations

from typing import Any

from fastconv.callbacks.callback import Callback
from fastconv.callbacks.logs import Logs


class History(Callback):
    """Losses and metrics by epoch.

    `history`: name -> one number an epoch; `history['acc']` and `history['accuracy']` are the same list.
    `epoch`: numbers of the epochs.
    """

    def __init__(self) -> None:
        super().__init__()
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = Logs()

    def on_train_begin(self, logs: Any = None) -> None:
        self.epoch = []
        self.history = Logs()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
