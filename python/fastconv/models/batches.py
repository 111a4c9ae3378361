"""What `fit`, `evaluate` and `predict` take as data, made alike: batches of an epoch, by its number.

Arrays, generators and iterators, sequences (`__getitem__` and `__len__`), and the data objects of `fastconv.data`
(`epoch_batches`).  A batch is (x, y, weights): lists of arrays, y and weights perhaps None.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from fastconv.layers.structure import leaves
from fastconv.models.checks import check_images, split_batch
from fastconv.runtime import exchange, keys
from fastconv.runtime.array import Array
from fastconv.runtime.errors import ArgumentError, DataError


class Batch(NamedTuple):
    """One batch: inputs, labels and weights, each a list with one array an input or output; `files` names the rows of
    a batch that came from files, `input_keys` the inputs where only their names say which is which."""

    x: list[Any]
    y: list[Any] | None
    weights: list[Any] | None
    files: Sequence[str] | None = None
    input_keys: tuple[str, ...] | None = None

    @property
    def samples(self) -> int:
        """Rows of the batch."""
        return int(np.shape(self.x[0])[0])


class Naming(NamedTuple):
    """Names of a model's inputs and outputs, by which dicts of arrays are put in order."""

    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()


def ordered(values: Any, names: Sequence[str], what: str) -> list[Any] | None:
    """Arrays in a list, from one, a list, or a dict by name."""
    if values is None:
        return None
    if isinstance(values, dict):
        if names and set(values) >= set(names):
            return [values[name] for name in names]
        if not names or len(values) == len(names):
            return list(values.values())
        raise ArgumentError(f"{what}: expected arrays for {', '.join(names)}; came {', '.join(values)}.")
    if isinstance(values, (list, tuple)):
        whole = all(getattr(part, "shape", ()) for part in values)  # arrays, not rows of one array
        if values and whole and (len(names) != 1 or len(values) == 1):
            return [as_array(part, what) for part in values]
        return [np.asarray(values)]
    return [as_array(values, what)]


def inputs_of(x: Any, names: Sequence[str], what: str) -> tuple[list[Any], tuple[str, ...] | None]:
    """The inputs in a list; and the keys of a dict for a class of the user's own, which gets them by name."""
    if not isinstance(x, dict) or names:
        return ordered(x, names, what) or [], None
    names = tuple(sorted(x))
    return [as_array(x[name], f"{what}[{name!r}]") for name in names], names


def as_array(value: Any, what: str) -> Any:
    """A NumPy array or one of ours; other libraries' tensors and lists become NumPy arrays, on a GPU ours.

    Raises:  ArgumentError: nothing that NumPy knows how to read.
    """
    if isinstance(value, (np.ndarray, Array)):
        return value
    if exchange.is_on_gpu(value):
        return Array.from_dlpack(value)
    array = np.asarray(value)
    if array.dtype == object and not array.ndim:
        raise ArgumentError(
            f"{what}: expected an array; came {type(value).__name__}. Make a NumPy array of it."
        )
    return array


class ArrayData:
    """Arrays, cut into batches; shuffled by (seed, epoch)."""

    def __init__(
        self,
        x: list[Any],
        y: list[Any] | None,
        weights: list[Any] | None,
        batch_size: int,
        shuffle: bool = False,
        seed: int = 0,
        input_keys: tuple[str, ...] | None = None,
    ) -> None:
        self.input_keys = input_keys  # see Batch
        self.x, self.y, self.weights = (_on_host(arrays) for arrays in (x, y, weights))
        self.batch_size, self.shuffle, self.seed = batch_size, shuffle, seed
        self.samples = len(x[0]) if np.ndim(x[0]) else 1
        self.skipped: list[Any] = []

    def __len__(self) -> int:
        return -(-self.samples // self.batch_size)

    def cut_into(self, steps: int) -> None:
        """Batches so large that a pass has that many: Keras's way with `steps` and no batch size."""
        self.batch_size = max(1, -(-self.samples // steps))

    def epoch_batches(self, epoch: int, steps: int | None = None) -> Iterator[Batch]:
        """The batches of an epoch; with `steps`, epoch k is batches k * steps, ... of the passes in a row."""
        first = epoch * (len(self) if steps is None else steps)
        order, order_of = None, -1
        for number in range(first, first + (len(self) if steps is None else steps)):
            turn, position = divmod(number, len(self))
            if turn != order_of:
                order, order_of = self._order(turn), turn
            rows = slice(position * self.batch_size, (position + 1) * self.batch_size)
            yield self._batch(rows if order is None else order[rows])

    def _order(self, epoch: int) -> np.ndarray | None:
        return keys.generator(self.seed, epoch).permutation(self.samples) if self.shuffle else None

    def _batch(self, rows: Any) -> Batch:
        return Batch(
            _rows(self.x, rows), _rows(self.y, rows), _rows(self.weights, rows), None, self.input_keys
        )


def _on_host(arrays: list[Any] | None) -> Any:
    """As NumPy arrays; what lies on a GPU comes once, not for each batch."""
    if arrays is None:
        return None
    return [array.buffer.view() if isinstance(array, Array) else np.asarray(array) for array in arrays]


def _rows(arrays: list[np.ndarray] | None, rows: Any) -> Any:
    return None if arrays is None else [array[rows] for array in arrays]


class EngineData:
    """A data object of `fastconv.data`, or anything with `epoch_batches`."""

    def __init__(
        self, data: Any, naming: Naming, where: str, file_order: bool = False, device: str | None = None
    ) -> None:
        self.data = data.file_order() if file_order and hasattr(data, "file_order") else data
        if hasattr(self.data, "on_device"):
            self.data = self.data.on_device(device)
        self.naming, self.where = naming, where

    def __len__(self) -> int:
        return len(self.data)

    @property
    def samples(self) -> int | None:
        """Rows of a pass, if the data says it."""
        return getattr(self.data, "samples", None)

    @property
    def skipped(self) -> list[Any]:
        """Damaged files found so far."""
        return getattr(self.data, "skipped", [])

    def epoch_batches(self, epoch: int, steps: int | None = None) -> Iterator[Batch]:
        """The batches of an epoch."""
        batches = (
            self.data.epoch_batches(epoch, steps) if steps is not None else self.data.epoch_batches(epoch)
        )
        try:
            for batch in batches:
                yield batch_of(batch, self.naming, self.where)
        finally:
            if hasattr(batches, "close"):
                batches.close()


class SequenceData:
    """Batches by number: `__getitem__` and `__len__` (Keras's Sequence), order shuffled by (seed, epoch)."""

    def __init__(self, data: Any, naming: Naming, where: str, shuffle: bool, seed: int) -> None:
        self.data, self.naming, self.where, self.shuffle, self.seed = data, naming, where, shuffle, seed
        self.samples = None
        self.skipped: list[Any] = []

    def __len__(self) -> int:
        return len(self.data)

    def epoch_batches(self, epoch: int, steps: int | None = None) -> Iterator[Batch]:
        """The batches of an epoch, and the sequence's `on_epoch_end` behind them."""
        count = len(self.data)
        order = keys.generator(self.seed, epoch).permutation(count) if self.shuffle else np.arange(count)
        for k in range(count if steps is None else steps):
            yield batch_of(self.data[int(order[k % count])], self.naming, self.where)
        if hasattr(self.data, "on_epoch_end"):
            self.data.on_epoch_end()


class IteratorData:
    """A Python generator or iterator, drawn from as it comes; or something that can be looped over again and again."""

    def __init__(self, data: Any, naming: Naming, where: str) -> None:
        self.data, self.naming, self.where = data, naming, where
        self.iterator = data if hasattr(data, "__next__") else None
        self.samples = None
        self.skipped: list[Any] = []
        self._first: Any = None

    def __len__(self) -> int:
        return len(self.data)

    def peek(self) -> Batch:
        """The first batch, which comes again as the first of the epoch."""
        if self._first is None:
            if self.iterator is None:
                self.iterator = iter(self.data)
            self._first = next(self.iterator, None)
            if self._first is None:
                raise DataError(f"{self.where}: expected batches; the generator ended before the first.")
        return batch_of(self._first, self.naming, self.where)

    def epoch_batches(self, epoch: int, steps: int | None = None) -> Iterator[Batch]:
        """`steps` batches, or all that come."""
        if self.iterator is None:
            self.iterator = iter(self.data)
        count = 0
        while steps is None or count < steps:
            batch, self._first = (next(self.iterator, None) if self._first is None else self._first), None
            if batch is None:
                self._ended(count, steps, epoch)
                return
            yield batch_of(batch, self.naming, self.where)
            count += 1

    def _ended(self, count: int, steps: int | None, epoch: int) -> None:
        again = not hasattr(self.data, "__next__")
        if again:
            self.iterator = None
        if (steps is None and count) or (again and count):
            return
        of = f" of {steps}" if steps is not None else ""
        raise DataError(
            f"{self.where}: generator ended after {count}{of} batches in epoch {epoch + 1}. Loop it (`while True`) or "
            f"{'drop steps_per_epoch' if steps is not None else 'train one epoch'}."
        )


def batch_of(batch: Any, naming: Naming, where: str) -> Batch:
    """A batch in our form, of what a generator yielded; for `predict` labels may be missing."""
    if where == "predict":
        x = batch[0] if isinstance(batch, tuple) else batch
        x, input_keys = inputs_of(x, naming.inputs, f"{where}: x")
        return Batch(x, None, None, None, input_keys)
    x, y, weights = split_batch(batch, where)
    x, input_keys = inputs_of(x, naming.inputs, f"{where}: x")
    return Batch(
        x,
        ordered(y, naming.outputs, f"{where}: y"),
        ordered(weights, naming.outputs, f"{where}: weights"),
        getattr(batch, "files", None),
        input_keys,
    )


def data_for(
    x: Any,
    y: Any,
    weights: Any,
    naming: Naming,
    where: str,
    batch_size: int | None = None,
    shuffle: bool = False,
    seed: int = 0,
    file_order: bool = False,
    device: str | None = None,
) -> Any:
    """The data object for what the user gave to a model on `device` (default: where models are built now).

    Raises:  ArgumentError: labels beside a generator.  DataError: not an array of numbers.
    """
    if hasattr(x, "epoch_batches"):
        _no_labels(y, where)
        return EngineData(x, naming, where, file_order, device)
    if hasattr(x, "__next__"):
        _no_labels(y, where)
        return IteratorData(x, naming, where)
    is_array = hasattr(x, "shape") or isinstance(x, (list, tuple, dict)) or np.isscalar(x)
    if not is_array and hasattr(x, "__getitem__") and hasattr(x, "__len__"):
        _no_labels(y, where)
        return SequenceData(x, naming, where, shuffle, seed)
    if not is_array and hasattr(x, "__iter__"):
        _no_labels(y, where)
        return IteratorData(x, naming, where)
    arrays, input_keys = inputs_of(x, naming.inputs, f"{where}: x")
    for array in arrays:
        if not isinstance(array, Array) and array.dtype.kind not in "fiub":
            check_images(where, "", array)
    return ArrayData(
        arrays,
        ordered(y, naming.outputs, f"{where}: y"),
        ordered(weights, naming.outputs, f"{where}: sample_weight"),
        int(batch_size or 32),
        shuffle,
        seed,
        input_keys,
    )


def _no_labels(y: Any, where: str) -> None:
    if y is not None:
        raise ArgumentError(
            f"{where}: expected no y beside a generator, which yields (x, y) itself; came one."
        )


def count_of(data: Any) -> int | None:
    """Batches of a pass, if the data knows."""
    try:
        return len(data)
    except TypeError:
        return None


def fit_steps(data: Any, batch_size: int | None, steps: int | None) -> None:
    """Arrays for which only the number of batches is given are cut into that many."""
    if isinstance(data, ArrayData) and batch_size is None and steps is not None:
        data.cut_into(steps)


def cut_validation(arrays: Any, share: float) -> tuple[Any, Any]:
    """The first part and the last `share` of each array, as Keras cuts them: at floor(n * (1 - share))."""
    if arrays is None:
        return None, None
    first, last = [], []
    for array in arrays:
        at = int(np.floor(len(array) * (1.0 - share)))
        first.append(array[:at])
        last.append(array[at:])
    return first, last


def class_weighted(batch: Batch, class_weight: dict[int, float]) -> Batch:
    """The batch with each sample weighted by its class."""
    if batch.y is None or len(batch.y) != 1:
        raise ArgumentError("fit: class_weight expects a model of one output; use sample_weight for several.")
    labels = np.asarray(batch.y[0])
    if labels.ndim > 1 and labels.shape[-1] > 1:
        labels = labels.argmax(-1)
    labels = labels.reshape(len(labels), -1)[:, 0].astype(np.int64)
    missing = set(np.unique(labels).tolist()) - set(class_weight)
    if missing:
        raise DataError(
            f"fit: class_weight expected a weight for each class; there is none for {', '.join(map(str, sorted(missing)))}. "
            "Its keys are the labels' numbers: class_weight={0: 1.0, 1: 3.0}."
        )
    weights = np.array([class_weight[int(label)] for label in labels], np.float32)
    if batch.weights is not None:
        weights = weights * np.asarray(batch.weights[0], np.float32).reshape(weights.shape)
    return batch._replace(weights=[weights])


def tensors(batch: Batch) -> list[Any]:
    """All arrays of a batch, in the order in which a step takes them."""
    return [*leaves(batch.x), *leaves(batch.y), *leaves(batch.weights)]
