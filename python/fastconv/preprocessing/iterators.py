"""What `ImageDataGenerator` gives: endless batches of a folder's or an array's pictures, with Keras's attributes."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np

from fastconv import _core
from fastconv.data.feed import Feed
from fastconv.data.folder import FolderIndex
from fastconv.data.reader import Batch, BatchReader
from fastconv.runtime.array import Array
from fastconv.runtime.location import warn
from fastconv.utils.folders import prepare_folder
from fastconv.utils.image_files import save_img


class Saved:
    """Writes transformed pictures as files, if a folder was given."""

    def __init__(self, folder: str | None, prefix: str, file_format: str) -> None:
        self.folder, self._prefix, self._format = folder, prefix, file_format
        if folder:
            prepare_folder("save_to_dir", os.path.join(folder, "picture"))

    def write(self, batch: Batch, seed: int) -> None:
        if not self.folder:
            return
        for picture, index in zip(batch.x, batch.indices.tolist()):
            number = int(_core.image_uniforms(seed, batch.epoch, np.array([index]))[0, -1] * 1e7)
            name = f"{self._prefix}_{index}_{number}.{self._format}"
            save_img(os.path.join(self.folder, name), picture)


class Iterator:
    """Endless batches: `next()` goes from pass to pass, `len()` is the batches of one.

    Attributes:
        n, samples: Pictures of a pass.
        batch_size, batch_index: Rows of a batch; position in the pass.
        skipped: (file, reason) of each file that could not be read so far.
        wait_s: Seconds for which the consumer has waited so far.
    """

    def __init__(self, feed: Feed, augmentations: list[str]) -> None:
        self._feed, self.augmentations = feed, augmentations
        self.batch_index = 0
        self.total_batches_seen = 0
        self._epoch = 0
        self._stream: Any = None
        self._drawn_by_hand = False
        self._lock, self._owner = threading.Lock(), os.getpid()

    @property
    def n(self) -> int:
        return self._feed.samples

    @property
    def samples(self) -> int:
        return self._feed.samples

    @property
    def batch_size(self) -> int:
        return self._feed.batch_size

    @property
    def shuffle(self) -> bool:
        return self._feed.reader.shuffle

    @property
    def seed(self) -> int:
        return self._feed.reader.seed

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of a picture."""
        return self._feed.reader.shape

    @property
    def skipped(self) -> list[tuple[str, str]]:
        return self._feed.skipped

    @property
    def wait_s(self) -> float:
        return self._feed.wait_s

    def __len__(self) -> int:
        return len(self._feed)

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        if os.getpid() != self._owner:  # a lock that was held while the process forked stays locked
            self._lock, self._owner = threading.Lock(), os.getpid()
        with self._lock:
            if self._stream is None:
                self._stream = self._feed.reader.endless(self._epoch * len(self) + self.batch_index)
            try:
                batch = next(self._stream)
            except BaseException:
                self._stream = None  # it has ended; a later call begins at the same batch
                raise
            self.total_batches_seen += 1
            self._drawn_by_hand = True
            self._epoch, self.batch_index = divmod(batch.number + 1, len(self))
        return _bare(self._feed.labelled(batch))

    def next(self) -> Any:
        """The next batch."""
        return next(self)

    def __getitem__(self, idx: int) -> Any:
        """Batch `idx` of the present pass."""
        if not -len(self) <= idx < len(self):
            raise IndexError(f"batch {idx}: there are {len(self)} (0..{len(self) - 1}).")
        self._drawn_by_hand = True
        return _bare(self._feed.labelled(self._feed.reader.batch(self._epoch * len(self) + idx % len(self))))

    def reset(self) -> None:
        """To the beginning of a pass: the next one, unless the present one has not begun."""
        if self.batch_index:
            self.on_epoch_end()

    def on_epoch_end(self) -> None:
        """To the next pass, with its own order and transforms."""
        self._epoch, self.batch_index = self._epoch + 1, 0
        self.close()

    def close(self) -> None:
        """Ends the threads that prepare batches; the next batch starts them again."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def epoch_batches(self, epoch: int, steps: int | None = None) -> Any:
        """See `fastconv.data`."""
        return self._feed.epoch_batches(epoch, steps)

    def file_order(self) -> Feed:
        """The same data in file order, damaged files left out: for evaluate and predict."""
        self._drawn_by_hand = False  # what is predicted from now on fits `classes`
        return self._feed.file_order()

    def on_device(self, name: str | None) -> Feed:
        """See `fastconv.data`."""
        return self._feed.on_device(name)


class DirectoryIterator(Iterator):
    """Batches of the images of a folder; made by `ImageDataGenerator.flow_from_directory`.

    Attributes:
        class_indices: {name: number} in order of the numbers.
        class_names: The names.
        num_classes: How many.
        filenames, filepaths, classes: Of the readable images, in file order.  `classes` warns behind shuffled
            batches that were drawn by hand: those came in another order.
    """

    def __init__(
        self,
        reader: BatchReader,
        index: FolderIndex,
        class_mode: str | None,
        augmentations: list[str],
        dtype: np.dtype,
        saved: Saved,
        finish_there: Any,
    ) -> None:
        feed = Feed(reader, _labels(index, class_mode, dtype, saved, reader), index, finish_there)
        super().__init__(feed, augmentations)
        self.directory, self.class_mode, self.dtype = index.directory, class_mode, dtype
        self.class_names = list(index.class_names)
        self.class_indices = {name: number for number, name in enumerate(self.class_names)}
        self.num_classes = len(self.class_names)
        self.target_size = reader.shape[:2]
        print(f"Found {len(index)} images belonging to {self.num_classes} classes.")
        print(index.describe_classes())

    @property
    def filenames(self) -> list[str]:
        return self._feed.filenames

    @property
    def filepaths(self) -> list[str]:
        return [os.path.join(self.directory, name) for name in self.filenames]

    @property
    def classes(self) -> np.ndarray:
        classes = self._feed.classes
        assert classes is not None
        if self.shuffle and self._drawn_by_hand:
            warn(
                f"'{self.directory}': expected batches in file order, as `classes` is; came batches drawn by hand "
                "from a shuffled generator. Use predict(generator), or shuffle=False."
            )
            self._drawn_by_hand = False
        return classes

    labels = classes


class NumpyArrayIterator(Iterator):
    """Batches of the pictures of an array; made by `ImageDataGenerator.flow`."""

    def __init__(
        self,
        reader: BatchReader,
        y: np.ndarray | None,
        sample_weight: np.ndarray | None,
        augmentations: list[str],
        dtype: np.dtype,
        saved: Saved,
        finish_there: Any,
    ) -> None:
        def labelled(batch: Batch) -> tuple[Any, ...]:
            saved.write(batch, reader.seed)
            x = _pixels(batch, dtype)
            if y is None:
                return (x,)
            if sample_weight is None:
                return x, y[batch.indices]
            return x, y[batch.indices], sample_weight[batch.indices]

        super().__init__(Feed(reader, labelled, finish_there=finish_there), augmentations)
        self.y, self.sample_weight = y, sample_weight


def _labels(
    index: FolderIndex, class_mode: str | None, dtype: np.dtype, saved: Saved, reader: BatchReader
) -> Any:
    classes, count = index.labels, len(index.class_names)
    assert classes is not None

    def labelled(batch: Batch) -> tuple[Any, ...]:
        saved.write(batch, reader.seed)
        x = _pixels(batch, dtype)
        if class_mode is None:
            return (x,)
        if class_mode == "input":
            return x, x.copy()
        if class_mode == "categorical":
            return x, np.eye(count, dtype=dtype)[classes[batch.indices]]
        return x, classes[batch.indices].astype(dtype)

    return labelled


def _pixels(batch: Batch, dtype: np.dtype) -> Any:
    """The batch's pictures in the dtype asked for; those on a device are float32, and nothing else is asked of them."""
    return batch.x if isinstance(batch.x, Array) else batch.x.astype(dtype, copy=False)


def _bare(parts: tuple[Any, ...]) -> Any:
    return parts if len(parts) > 1 else parts[0]
