"""Batches of a source, prepared ahead by threads.

Batches are numbered without end: pass k of a source of b batches holds numbers k * b to k * b + b - 1, each with an
order of its own, keyed by (seed, pass).  A batch is a function of its number, so a run that resumes at batch n sees
what an uninterrupted one saw.

The consumer hands out work for the batches ahead (two of them) to a pool, waits for the oldest, and alone changes
what is remembered (damaged files, kept pictures): workers only read.  There is no lock that a fork could copy in a
locked state.  The pool lives as long as the generator that uses it: ending the generator waits for what its workers are
doing, unless a worker ends it (Python collects garbage in whatever thread allocates), which cannot wait for itself.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count, islice, pairwise
from typing import Any

import numpy as np

from fastconv import _core
from fastconv.data.decode import DamagedImage
from fastconv.data.source import Source
from fastconv.runtime import keys
from fastconv.runtime.errors import ArgumentError, DataError

batches_ahead = 2
damage_allowed = 0.05

_this_thread = threading.local()  # works: it is a worker's

# (pictures, their indices, seed, pass, rows of the batch to write)
Finish = Callable[[list[np.ndarray], list[int], int, int, np.ndarray], None]


def as_loaded(pictures: list[np.ndarray], indices: list[int], seed: int, epoch: int, out: np.ndarray) -> None:
    """The pictures as they are: somebody else finishes the batch."""
    for row, picture in zip(out, pictures, strict=True):
        row[...] = picture


@dataclass
class Batch:
    """Rows of one batch: pixels, in the host's memory or on a device, and the index of the picture in each."""

    number: int
    epoch: int
    x: Any
    indices: np.ndarray


@dataclass
class _Chunk:
    """What a worker made of neighbouring rows: index of the picture in each row, -1 where none could be read."""

    indices: list[int]
    loaded: dict[int, np.ndarray] = field(default_factory=dict)
    damaged: dict[int, str] = field(default_factory=dict)


@dataclass
class _Job:
    number: int
    out: np.ndarray
    futures: list[Future[_Chunk]]

    def end(self) -> None:
        """Waits for what is being done; the rest is not begun."""
        for future in self.futures:
            if not future.cancel():
                future.exception()


@dataclass(frozen=True)
class _Pass:
    """What stays the same while one generator runs."""

    workers: int
    seed: int
    replace: bool  # a damaged picture's place is taken by the next one
    finish: Finish
    dtype: np.dtype  # of the rows


def _new_pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(
        workers, "fastconv-data", initializer=setattr, initargs=(_this_thread, "works", True)
    )


class BatchReader:
    """Draws batches from `source`.

    Args:
        source: The pictures.
        shape: (h, w, c) of a finished picture.
        finish: Turns loaded pictures into rows of a float32 batch; called in worker threads.
        batch_size: Rows of a batch; the last of a pass may have fewer.
        shuffle: Whether each pass has an order of its own.
        seed: Key of orders; None: the seed in force when a pass begins.
    """

    def __init__(
        self,
        source: Source,
        shape: tuple[int, int, int],
        finish: Finish,
        batch_size: int,
        shuffle: bool,
        seed: int | None,
    ) -> None:
        if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise ArgumentError(f"batch_size: expected a whole number from 1; came {batch_size!r}.")
        self.source, self.shape, self.finish = source, shape, finish
        self.batch_size, self.shuffle, self._seed = int(batch_size), bool(shuffle), seed
        self.damaged: dict[int, str] = {}
        self.wait_s = 0.0
        self._order: tuple[tuple[int, int], np.ndarray] | None = None

    @property
    def seed(self) -> int:
        """Key of everything drawn, 64 bits."""
        return (keys.get_seed() if self._seed is None else int(self._seed)) & 0xFFFFFFFFFFFFFFFF

    def changed(
        self, batch_size: int | None = None, shuffle: bool | None = None, seed: int | None = None
    ) -> BatchReader:
        """A reader of the same source, which knows of the same damaged files; what is None stays."""
        made = BatchReader(
            self.source,
            self.shape,
            self.finish,
            self.batch_size if batch_size is None else batch_size,
            self.shuffle if shuffle is None else shuffle,
            self._seed if seed is None else seed,
        )
        made.damaged = self.damaged
        return made

    def __len__(self) -> int:
        return -(-len(self.source) // self.batch_size)

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """(file, reason) of every file that could not be read so far, in file order."""
        return [(self.source.name(i), self.damaged[i]) for i in sorted(self.damaged)]

    def readable(self) -> list[int]:
        """Indices of the pictures that are not known to be damaged, in file order."""
        return [i for i in range(len(self.source)) if i not in self.damaged]

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Indices in the order of a shuffled pass."""
        key = (seed, epoch)
        if self._order is None or self._order[0] != key:
            self._order = (key, _core.image_permutation(seed, epoch, len(self.source)))
        return self._order[1]

    def endless(self, start: int = 0) -> Iterator[Batch]:
        """Batches from number `start` on; a damaged picture's place is taken by the next one of the pass."""
        return self._stream(count(start), replace=True)

    def batches(self, start: int, stop: int, unfinished: bool = False) -> Iterator[Batch]:
        """The same from `start` up to `stop`; nothing beyond is prepared.  unfinished: pictures as they were loaded."""
        return self._stream(iter(range(start, stop)), replace=True, unfinished=unfinished)

    def file_order(self, epoch: int = 0, unfinished: bool = False) -> Iterator[Batch]:
        """One pass in file order; damaged pictures leave their rows out."""
        first = epoch * len(self)
        return self._stream(iter(range(first, first + len(self))), replace=False, unfinished=unfinished)

    def batch(self, number: int) -> Batch:
        """One batch alone."""
        return next(self.batches(number, number + 1))

    def _stream(self, numbers: Iterator[int], replace: bool, unfinished: bool = False) -> Iterator[Batch]:
        finish, dtype = (as_loaded, self.source.dtype) if unfinished else (self.finish, np.dtype(np.float32))
        plan = _Pass(_core.thread_count(), self.seed, replace, finish, dtype)
        owner, pool = os.getpid(), _new_pool(plan.workers)
        jobs: deque[_Job] = deque()
        try:
            for number in islice(numbers, batches_ahead):
                jobs.append(self._begin(pool, plan, number))
            while jobs:
                if os.getpid() != owner:  # the threads stayed in the parent: begin what they were doing again
                    owner, pool = os.getpid(), _new_pool(plan.workers)
                    jobs = deque(self._begin(pool, plan, job.number) for job in jobs)
                for number in islice(numbers, 1):
                    jobs.append(self._begin(pool, plan, number))
                batch = self._finished(jobs[0])
                jobs.popleft()
                if len(batch.indices):
                    yield batch
        finally:
            if os.getpid() == owner:
                # Joining threads takes a lock of Python's, which may be held where garbage is collected.
                pool.shutdown(wait=False, cancel_futures=True)
                if not hasattr(_this_thread, "works"):
                    for job in jobs:
                        job.end()

    def _begin(self, pool: ThreadPoolExecutor, plan: _Pass, number: int) -> _Job:
        epoch, position = divmod(number, len(self))
        first = position * self.batch_size
        rows = min(self.batch_size, len(self.source) - first)
        order = self.order(plan.seed, epoch) if plan.replace and self.shuffle else None
        out = np.empty((rows, *self.shape), plan.dtype)
        chunks = min(plan.workers, rows)
        edges = [rows * k // chunks for k in range(chunks + 1)]
        return _Job(
            number,
            out,
            [
                pool.submit(self._fill, out[low:high], first + low, order, epoch, plan)
                for low, high in pairwise(edges)
            ],
        )

    def _fill(self, out: np.ndarray, first: int, order: np.ndarray | None, epoch: int, plan: _Pass) -> _Chunk:
        """Runs in a worker: the rows from position `first` of the pass on."""
        chunk = _Chunk([])
        pictures: list[np.ndarray] = []
        for row in range(len(out)):
            if len(chunk.damaged) > damage_allowed * len(self.source):  # the consumer will stop here
                chunk.indices += [-1] * (len(out) - row)
                break
            found = self._readable_at(first + row, order, plan.replace, chunk)
            if found is None:
                chunk.indices.append(-1)
                continue
            chunk.indices.append(found[0])
            pictures.append(found[1])
        rows = [row for row, index in enumerate(chunk.indices) if index >= 0]
        if len(rows) == len(out):
            plan.finish(pictures, chunk.indices, plan.seed, epoch, out)
        elif rows:
            part = np.empty((len(rows), *self.shape), plan.dtype)
            plan.finish(pictures, [chunk.indices[row] for row in rows], plan.seed, epoch, part)
            out[rows] = part
        return chunk

    def _readable_at(
        self, position: int, order: np.ndarray | None, replace: bool, chunk: _Chunk
    ) -> tuple[int, np.ndarray] | None:
        total = len(self.source)
        for step in range(total if replace else 1):
            at = (position + step) % total
            index = at if order is None else int(order[at])
            if index in self.damaged or index in chunk.damaged:
                continue
            pixels = chunk.loaded.get(index)
            if pixels is None:
                try:
                    pixels = self.source.load(index)
                except DamagedImage as damage:
                    chunk.damaged[index] = str(damage)
                    if len(chunk.damaged) > damage_allowed * total:
                        return None
                    continue
                chunk.loaded[index] = pixels
            return index, pixels
        return None

    def _finished(self, job: _Job) -> Batch:
        began = time.perf_counter()
        try:
            chunks = [future.result() for future in job.futures]
        finally:
            self.wait_s += time.perf_counter() - began
        for chunk in chunks:
            self.damaged.update(chunk.damaged)
            for index, pixels in chunk.loaded.items():
                self.source.keep(index, pixels)
        self._stop_if_too_many()
        indices = np.array([index for chunk in chunks for index in chunk.indices], dtype=np.int64)
        x = job.out
        if (indices < 0).any():
            x, indices = x[indices >= 0], indices[indices >= 0]
        return Batch(job.number, job.number // len(self), x, indices)

    def _stop_if_too_many(self) -> None:
        total, bad = len(self.source), len(self.damaged)
        if bad <= damage_allowed * total:
            return
        name, reason = self.skipped[0]
        raise DataError(
            f"{bad:,} of {total:,} images ({100 * bad / total:.0f}%) cannot be read; first: {name!r} ({reason}). "
            "Was the download cut off?"
        )
