"""Batches by number, as a class of the user's own gives them."""

from __future__ import annotations

from typing import Any


class PyDataset:
    """Base of data that is asked for batch by batch: write `__len__` (batches of an epoch) and `__getitem__(number)`.

    A batch is (x, y) or (x, y, weights).  `fit` takes the batches in an order drawn anew each epoch, or with
    `shuffle=False` in order.

    Args:  workers, use_multiprocessing, max_queue_size: taken as Keras has them, and without meaning here: batches are
        asked for one after the other.
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers, self.use_multiprocessing, self.max_queue_size = (
            workers,
            use_multiprocessing,
            max_queue_size,
        )

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has no __len__(); return the number of batches.")

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} has no __getitem__(); return the batch of that number."
        )

    @property
    def num_batches(self) -> int:
        """Batches of an epoch."""
        return len(self)

    def on_epoch_end(self) -> None:
        """Called behind the last batch of each epoch."""


Sequence = PyDataset  # Keras 2's name
