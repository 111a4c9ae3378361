"""Writing losses and metrics to a file."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

from fastconv.callbacks.callback import Callback
from fastconv.utils.folders import writing


class CSVLogger(Callback):
    """One line of a CSV file an epoch: its number and all losses and metrics.

    Args:  filename: where; folders are made.  separator: default ",".  append: goes on with a file that is there
        (for training in several runs), its header kept.
    Raises:  DataError: the folder cannot be written to; said before the first epoch.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.separator = separator
        self.append = append
        self._keys: list[str] | None = None
        self._file: Any = None

    def on_train_begin(self, logs: Any = None) -> None:
        path = Path(self.filename)
        self._keys = None
        if self.append and path.exists() and path.stat().st_size:
            with path.open(newline="", encoding="utf-8") as file:
                self._keys = next(csv.reader(file, delimiter=self.separator))[1:]
        with writing("CSVLogger", self.filename):
            self._file = path.open("a" if self.append else "w", newline="", encoding="utf-8")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs = logs or {}
        writer = csv.writer(self._file, delimiter=self.separator, lineterminator="\n")
        if self._keys is None:
            self._keys = sorted(logs)
            writer.writerow(["epoch", *self._keys])
        writer.writerow([epoch, *(_text(logs.get(key, "NA")) for key in self._keys)])
        self._file.flush()

    def on_train_end(self, logs: Any = None) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(float(value))
