"""The protocol between data and training, and the operations on finite data sets.

`fit`, `evaluate` and `predict` take anything that has `epoch_batches`; `fastconv.data` lists the names.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from fastconv.data.folder import FolderIndex
from fastconv.data.reader import Batch, BatchReader
from fastconv.runtime.array import Array
from fastconv.runtime.device import get_device
from fastconv.runtime.errors import AbsentName, ArgumentError

Labels = Callable[[Batch], tuple[Any, ...]]  # a batch to (x,), (x, y) or (x, y, weights)
# (device, pictures as loaded (n, h, w, c), their indices, seed, pass) -> the finished pictures, an Array there
FinishThere = Callable[[Any, np.ndarray, np.ndarray, int, int], Array]


class FileBatch(tuple[Any, ...]):
    """(x,), (x, y) or (x, y, weights), and in `files` the names of the pictures in its rows, for messages."""

    files: list[str]


def _with_files(parts: tuple[Any, ...], files: list[str] | None) -> tuple[Any, ...]:
    if files is None:
        return parts
    named = FileBatch(parts)
    named.files = files
    return named


class Values(np.ndarray):
    """A NumPy array that is also asked for its values as tensors are: `images[0].numpy()`."""

    def numpy(self) -> np.ndarray:
        """The values as a plain NumPy array; a number where there is but one."""
        return np.asarray(self)[()]

    def __hash__(self) -> int:  # type: ignore[override]
        """That of the one number, which can be a key as NumPy's numbers can."""
        if self.ndim:
            raise TypeError(f"unhashable: expected one number; came an array of shape {self.shape}")
        return hash(self.item())

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return np.asarray(found).view(Values) if isinstance(found, np.generic) else found


def _values(part: Any) -> Any:
    return part.view(Values) if type(part) is np.ndarray else part


def _plain(part: Any) -> Any:
    return part.numpy() if hasattr(part, "numpy") else part


class Feed:
    """A reader with its labels: what training sees of a folder or an array.

    finish_there: does on a device what the reader does to pictures; None: the CPU alone can do it.
    """

    def __init__(
        self,
        reader: BatchReader,
        labelled: Labels,
        index: FolderIndex | None = None,
        finish_there: Callable[[], FinishThere | None] = lambda: None,
    ) -> None:
        self.reader, self._labelled, self.index = reader, labelled, index
        self._finish_there = finish_there
        self._in_file_order = False
        self._device: Any = None

    @property
    def samples(self) -> int:
        """Pictures of a pass, readable or not."""
        return len(self.reader.source)

    @property
    def batch_size(self) -> int:
        return self.reader.batch_size

    def __len__(self) -> int:
        """Batches of a pass."""
        return len(self.reader)

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """(file, reason) of each file that could not be read so far."""
        return self.reader.skipped

    @property
    def wait_s(self) -> float:
        """Seconds for which the consumer has waited for data so far."""
        return self.reader.wait_s

    @property
    def filenames(self) -> list[str]:
        """Readable files in file order."""
        return [self.index.filenames[i] for i in self.reader.readable()] if self.index is not None else []

    @property
    def classes(self) -> np.ndarray | None:
        """Class of each of `filenames`."""
        labels = None if self.index is None else self.index.labels
        return None if labels is None else labels[self.reader.readable()]

    def epoch_batches(self, epoch: int, steps: int | None = None) -> Iterator[tuple[Any, ...]]:
        """The batches of an epoch as (x,), (x, y) or (x, y, weights).

        Args:
            epoch: From 0; the batches depend on it and not on what ran before.
            steps: Batches of an epoch where it is not a pass: epoch k then begins at batch k * steps of the
                endless row of passes.
        """
        finish = self._finish_there() if self._device is not None else None
        unfinished = finish is not None
        if self._in_file_order:
            batches: Iterator[Batch] = self.reader.file_order(epoch, unfinished)
        else:
            wanted = len(self) if steps is None else steps
            batches = self.reader.batches(epoch * wanted, (epoch + 1) * wanted, unfinished)
        if finish is not None:
            batches = self._finished(batches, finish)
        return (_with_files(self._labelled(batch), self._files(batch)) for batch in batches)

    def _finished(self, batches: Iterator[Batch], finish: FinishThere) -> Iterator[Batch]:
        seed = self.reader.seed
        for batch in batches:
            x = finish(self._device, batch.x, batch.indices, seed, batch.epoch)
            yield dataclasses.replace(batch, x=x)

    def on_device(self, name: str | None) -> Feed:
        """The same data for a model on that device: batches are finished there where that is possible."""
        other = copy.copy(self)
        device = get_device(name)
        other._device = device if hasattr(device, "image_augment") else None
        return other

    def _files(self, batch: Batch) -> list[str] | None:
        if self.index is None:
            return None
        return [self.reader.source.name(i) for i in batch.indices.tolist()]

    def file_order(self) -> Feed:
        """The same data in file order, damaged files left out: for evaluate and predict."""
        other = copy.copy(self)
        other._in_file_order = True
        return other

    def with_reader(self, **changes: Any) -> Feed:
        """The same data, read in another way: `shuffle`, `batch_size`, `seed`."""
        other = copy.copy(self)
        other.reader = self.reader.changed(**changes)
        return other

    def labelled(self, batch: Batch) -> tuple[Any, ...]:
        """A batch with its labels."""
        return self._labelled(batch)


class Dataset:
    """Batches to loop over, one pass a loop; each pass of a shuffled set has its own order.

    The batches are NumPy arrays, which TensorFlow's `numpy()` gives as they are.

    >>> for images, labels in dataset:  # doctest: +SKIP
    ...     print(images.shape, labels.shape)

    Args:
        feed: Where batches come from.
        single: Whether loops yield one sample at a time instead of a batch.
    """

    def __init__(self, feed: Any, class_names: list[str] | None = None, single: bool = False) -> None:
        self._feed, self.class_names, self._single = feed, class_names, single
        self._passes = 0

    @property
    def file_paths(self) -> list[str]:
        """Paths of the images in file order, which is the order of the batches when shuffle=False."""
        index = self._feed.index
        return [] if index is None else [index.path(i) for i in range(len(index))]

    @property
    def filenames(self) -> list[str]:
        """Readable files in file order, relative to the folder."""
        return self._feed.filenames

    @property
    def samples(self) -> int:
        return self._feed.samples

    @property
    def batch_size(self) -> int:
        return self._feed.batch_size

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """(file, reason) of each file that could not be read so far."""
        return self._feed.skipped

    @property
    def wait_s(self) -> float:
        """Seconds for which loops over this set have waited for data so far."""
        return self._feed.wait_s

    def __len__(self) -> int:
        return len(self._feed)

    def __iter__(self) -> Iterator[Any]:
        number = self._passes
        self._passes += 1
        for batch in self._feed.epoch_batches(number):
            batch = tuple(_values(part) for part in batch)
            for parts in zip(*batch, strict=True) if self._single else (batch,):
                yield parts if len(parts) > 1 else parts[0]

    def epoch_batches(self, epoch: int, steps: int | None = None) -> Iterator[tuple[Any, ...]]:
        """See `fastconv.data`."""
        return self._feed.epoch_batches(epoch, steps)

    def file_order(self) -> Dataset:
        """The same set in file order, damaged files left out: for evaluate and predict."""
        return self._over(self._feed.file_order())

    def _over(self, feed: Any) -> Dataset:
        return type(self)(feed, self.class_names, self._single)

    def map(self, function: Callable[..., Any], num_parallel_calls: Any = None) -> Dataset:
        """`function(images, labels)` of each batch, which returns the new images, or (images, labels)."""
        return self._over(_Mapped(self._feed, function))

    def take(self, count: int) -> Dataset:
        """The first `count` batches of each pass."""
        return self._over(_Part(self._feed, 0, count))

    def skip(self, count: int) -> Dataset:
        """Each pass without its first `count` batches."""
        return self._over(_Part(self._feed, count, len(self._feed)))

    def shuffle(self, buffer_size: Any = None, seed: Any = None, **kwargs: Any) -> Dataset:
        """The same set, each pass in an order of its own, drawn from all samples by (seed, number of the pass)."""
        key = {} if seed is None else {"seed": int(seed)}  # else that of the set
        return self._over(self._feed.with_reader(shuffle=True, **key))

    def batch(self, batch_size: int, drop_remainder: bool = False, **kwargs: Any) -> Dataset:
        """Batches of a set of single samples (`batch_size=None`, or `unbatch()`).

        Raises:  ArgumentError: the set has batches already, or no such size.
        """
        if not self._single:
            raise ArgumentError(
                f"batch: expected single samples; came batches of {self.batch_size}. Give batch_size={batch_size} to "
                f"image_dataset_from_directory, or write unbatch().batch({batch_size})."
            )
        together = Dataset(self._feed.with_reader(batch_size=batch_size), self.class_names)
        return together.take(together.samples // batch_size) if drop_remainder else together

    def unbatch(self) -> Dataset:
        """The same samples one at a time."""
        return self if self._single else Dataset(_Single(self._feed), self.class_names, single=True)

    def repeat(self, count: int | None = None) -> Dataset:
        """So many passes as one; without a number the same set, which `fit` goes round as often as it needs."""
        return self if count is None or count < 0 else self._over(_Repeated(self._feed, count))

    def cardinality(self) -> int:
        """Batches of a pass."""
        return len(self)

    def prefetch(self, buffer_size: Any = None) -> Dataset:
        """The same set: batches are always prepared ahead."""
        return self

    def cache(self, filename: str | None = None) -> Dataset:
        """The same set: decoded images stay in memory when they fit."""
        if filename:
            raise ArgumentError(
                f"cache: expected no file name (images are kept in memory); came {filename!r}."
            )
        return self

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The same loop over plain NumPy arrays."""
        for found in self:
            yield tuple(map(_plain, found)) if isinstance(found, tuple) else _plain(found)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        known = [other for other in dir(type(self)) if not other.startswith("_")]
        raise AbsentName(
            f"Dataset: no {name!r} here; there are {', '.join(known)}. Loop over the set in Python for anything else."
        )


class _Derived:
    """A feed made from another one."""

    def __init__(self, feed: Any) -> None:
        self._feed = feed

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._feed, name)

    def __len__(self) -> int:
        return len(self._feed)


def _in_passes(length: int, epoch: int, steps: int | None) -> Iterator[tuple[int, int, int]]:
    """(pass, first, end) of each stretch of an epoch of `steps` batches, by default a pass of `length`."""
    wanted = length if steps is None else steps
    number = epoch * wanted
    while wanted > 0 and length:
        turn, position = divmod(number, length)
        here = min(length - position, wanted)
        yield turn, position, position + here
        wanted -= here
        number += here


class _Mapped(_Derived):
    def __init__(self, feed: Any, function: Callable[..., Any]) -> None:
        super().__init__(feed)
        self._function = function

    def epoch_batches(self, epoch: int, steps: int | None = None) -> Iterator[tuple[Any, ...]]:
        for batch in self._feed.epoch_batches(epoch, steps):
            changed = self._function(*batch)
            parts = changed if isinstance(changed, tuple) else (changed,)
            yield _with_files(parts, getattr(batch, "files", None))

    def with_reader(self, **changes: Any) -> _Mapped:
        return _Mapped(self._feed.with_reader(**changes), self._function)

    def file_order(self) -> _Mapped:
        return _Mapped(self._feed.file_order(), self._function)


class _Repeated(_Derived):
    """`count` passes as one."""

    def __init__(self, feed: Any, count: int) -> None:
        super().__init__(feed)
        self._count = count

    def __len__(self) -> int:
        return self._count * len(self._feed)

    @property
    def samples(self) -> int:
        return self._count * self._feed.samples

    def epoch_batches(self, epoch: int, steps: int | None = None) -> Iterator[tuple[Any, ...]]:
        if steps is not None:
            yield from self._feed.epoch_batches(epoch, steps)
            return
        for turn in range(epoch * self._count, (epoch + 1) * self._count):
            yield from self._feed.epoch_batches(turn)

    def with_reader(self, **changes: Any) -> _Repeated:
        return _Repeated(self._feed.with_reader(**changes), self._count)

    def file_order(self) -> _Repeated:
        return _Repeated(self._feed.file_order(), self._count)


class _Single(_Derived):
    """The samples of another feed's batches, as batches of one."""

    batch_size = 1

    def __len__(self) -> int:
        return int(self._feed.samples)

    def epoch_batches(self, epoch: int, steps: int | None = None) -> Iterator[tuple[Any, ...]]:
        for turn, low, high in _in_passes(len(self), epoch, steps):
            yield from islice(self._samples(turn), low, high)

    def _samples(self, turn: int) -> Iterator[tuple[Any, ...]]:
        for batch in self._feed.epoch_batches(turn):
            files = getattr(batch, "files", None)
            for row in range(len(batch[0])):
                one = slice(row, row + 1)
                yield _with_files(tuple(part[one] for part in batch), files and files[one])

    def with_reader(self, **changes: Any) -> Any:
        feed = self._feed.with_reader(**changes)
        return feed if "batch_size" in changes else _Single(feed)

    def file_order(self) -> _Single:
        return _Single(self._feed.file_order())


class _Part(_Derived):
    """Batches `first` to `last` of each pass."""

    def __init__(self, feed: Any, first: int, last: int) -> None:
        super().__init__(feed)
        if first < 0 or last < 0:
            raise ArgumentError(f"take, skip: expected a number of batches from 0; came {min(first, last)}.")
        self._first, self._last = min(first, len(feed)), min(last, len(feed))

    def __len__(self) -> int:
        return max(0, self._last - self._first)

    @property
    def samples(self) -> int:
        size = self._feed.batch_size
        return max(0, min(self._last * size, self._feed.samples) - self._first * size)

    def epoch_batches(self, epoch: int, steps: int | None = None) -> Iterator[tuple[Any, ...]]:
        for turn, low, high in _in_passes(len(self), epoch, steps):
            yield from islice(self._feed.epoch_batches(turn), self._first + low, self._first + high)

    def with_reader(self, **changes: Any) -> Any:
        raise ArgumentError(
            f"{' and '.join(changes)}: expected before take() and skip(), which take whole batches; came after. "
            "Write dataset.shuffle(1000).take(10)."
        )

    def file_order(self) -> _Part:
        return _Part(self._feed.file_order(), self._first, self._last)
