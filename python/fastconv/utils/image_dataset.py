"""`image_dataset_from_directory`: a folder of images as batches to loop over."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv.data import decode, resize
from fastconv.data.feed import Dataset, Feed
from fastconv.data.folder import (
    FolderIndex,
    check_fraction,
    index_folder,
    split_by_hash,
    warn_of_one_class,
)
from fastconv.data.reader import Batch, BatchReader
from fastconv.data.source import FileSource, cache_bytes
from fastconv.runtime.errors import ArgumentError, DataError
from fastconv.utils.image_files import check_color_mode, check_data_format

_label_modes = ("int", "categorical", "binary", None)


def image_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: tuple[int, int] | int = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    verbose: bool = True,
    split: str = "hash",
    exif: bool = True,
    antialias: bool = False,
    cache: bool | int = True,
) -> Any:
    """The images of a folder as batches (images, labels): float32 (n, height, width, channels), values 0..255.

    Args:
        directory: A folder with one folder per class, unless `labels` says otherwise.
        labels: "inferred" from the folders, "filename" (the name before its first dot: `cat.123.jpg`), None, or
            a list of whole numbers in the order of the sorted paths.
        label_mode: "int" gives int32 (n,), "binary" float32 (n, 1), "categorical" float32 (n, classes), None
            images alone.
        class_names: Classes to take and their order; default: all, sorted by name.
        color_mode: "rgb", "rgba" or "grayscale".
        batch_size: None yields one sample at a time.
        image_size: (height, width) in pixels.
        shuffle: Whether each pass has an order of its own.
        seed: Key of the orders; default: the one of `set_random_seed`.
        validation_split: Share of the images that validates.
        subset: "training", "validation", or "both" for a pair of sets.
        interpolation: "bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian" or
            "mitchellcubic", without antialiasing, as in Keras.
        follow_links: Whether links to folders are entered.
        crop_to_aspect_ratio: Cut the centre out instead of distorting.
        pad_to_aspect_ratio: Add black borders instead of distorting.
        data_format: "channels_last".
        verbose: Whether files and classes are printed.
        split: "hash" draws the validation files of each class by a hash of their names: the same on any machine.
            "keras" takes those that Keras takes with the same seed.
        exif: Whether pictures are turned as their orientation tags say.
        antialias: Average the pixels that scaling leaves out (better pictures, not Keras's; "bilinear",
            "nearest", "bicubic" and "lanczos").
        cache: Keep decoded images in memory between passes: True takes up to a quarter of what is free, a
            number up to that many bytes.

    Returns:
        A `Dataset`, or a list of two with subset="both".  It differs from Keras's by holding NumPy arrays, by
        skipping files that cannot be read (`Dataset.skipped`), by decoding JPEG with the exact transform
        (TensorFlow takes the fast one: about a grey level), and by seeing pictures as displayed.

    Raises:
        DataError: The folder is missing or holds no images.
    """
    check_data_format(data_format)
    check_color_mode(color_mode)
    size = resize.check_size(image_size, "image_size")
    filters = ("bilinear", "nearest", "bicubic", "lanczos") if antialias else resize.plain_filters
    name = resize.check_filter(interpolation, filters)
    _check_choices(label_mode, crop_to_aspect_ratio, pad_to_aspect_ratio, antialias)
    _check_split(validation_split, subset, split, shuffle, seed)
    index = index_folder(directory, None if label_mode is None else labels, class_names, follow_links)
    if label_mode is not None and labels == "inferred":
        warn_of_one_class(index)
    if label_mode == "binary" and index.labels is not None and len(index.class_names) != 2:
        raise ArgumentError(
            f"label_mode='binary': {len(index.class_names)} classes found. Use 'categorical' or 'int'."
        )
    if verbose:
        _print_found(index)
    aspect = "crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else None
    load, finish = _passes(size, name, aspect, color_mode, exif, antialias)

    def dataset(part: FolderIndex, shuffled: bool) -> Dataset:
        source = FileSource(part, load, cache_bytes(cache))
        shape = (*size, decode.channels_of[color_mode])
        reader = BatchReader(source, shape, finish, 1 if batch_size is None else batch_size, shuffled, seed)
        feed = Feed(reader, _labels(part, label_mode), part)
        names = list(index.class_names) if index.labels is not None else None
        return Dataset(feed, names, single=batch_size is None)

    if validation_split is None or subset is None:
        return dataset(index, shuffle)
    training, validation = _split(index, validation_split, split, seed if shuffle else None)
    parts = {"training": training, "validation": validation}
    for part_name in parts if subset == "both" else (subset,):
        if not len(parts[part_name]):
            raise DataError(
                f"validation_split={validation_split}: no {part_name} images of {len(index):,}. "
                "Take another share."
            )
        if verbose:
            print(f"Using {len(parts[part_name])} files for {part_name}.")
    if subset == "both":
        return [dataset(training, shuffle), dataset(validation, False)]
    return dataset(parts[subset], shuffle)


def _check_choices(label_mode: str | None, crop: bool, pad: bool, antialias: bool) -> None:
    if label_mode not in _label_modes:
        names = ", ".join(map(repr, _label_modes))
        raise ArgumentError(f"label_mode: expected one of {names}; came {label_mode!r}.")
    if crop and pad:
        raise ArgumentError("crop_to_aspect_ratio, pad_to_aspect_ratio: expected one of them; came both.")
    if antialias and pad:
        raise ArgumentError("antialias=True does not pad. Use crop_to_aspect_ratio, or neither.")


def _check_split(
    fraction: float | None, subset: str | None, split: str, shuffle: bool, seed: int | None
) -> None:
    if subset not in ("training", "validation", "both", None):
        raise ArgumentError(f"subset: expected 'training', 'validation' or 'both'; came {subset!r}.")
    if split not in ("hash", "keras"):
        raise ArgumentError(f"split: expected 'hash' or 'keras'; came {split!r}.")
    if (fraction is None) != (subset is None):
        given, wanted = ("subset", "validation_split") if fraction is None else ("validation_split", "subset")
        raise ArgumentError(
            f"{given} was given without {wanted}. Give both, e.g. validation_split=0.2, subset='training'."
        )
    if fraction is not None:
        check_fraction(fraction)
        if split == "keras" and shuffle and seed is None:
            raise ArgumentError("split='keras' with shuffle=True depends on the seed: give `seed=`.")


def _split(
    index: FolderIndex, fraction: float, split: str, seed: int | None
) -> tuple[FolderIndex, FolderIndex]:
    if split == "hash":
        return split_by_hash(index, fraction)
    # Keras shuffles the list once with this generator and takes its end; the files are then sorted again here.
    order = np.arange(len(index))
    if seed is not None:
        np.random.RandomState(seed).shuffle(order)
    count = int(fraction * len(index))
    training, validation = order[: len(order) - count], order[len(order) - count :]
    return index.take(np.sort(training)), index.take(np.sort(validation))


def _print_found(index: FolderIndex) -> None:
    if index.labels is None:
        print(f"Found {len(index)} files.")
        return
    print(f"Found {len(index)} files belonging to {len(index.class_names)} classes.")
    print(index.describe_classes())


def _passes(
    size: tuple[int, int], name: str, aspect: str | None, color_mode: str, exif: bool, antialias: bool
) -> tuple[Any, Any]:
    """(load a file, finish rows of a batch)."""
    height, width = size

    def load_small(path: str) -> np.ndarray:
        image = decode.read_image(path, color_mode, exif, size if resize.antialiases(name) else None)
        return _with_channels(np.asarray(resize.pillow_resize(image, size, name, aspect == "crop")))

    def load(path: str) -> np.ndarray:
        pixels = _with_channels(np.asarray(decode.read_image(path, color_mode, exif)))
        # What is smaller stays in memory: 8 bits of the file, or the float32 result.
        if pixels.nbytes <= height * width * pixels.shape[2] * 4:
            return pixels
        return resize.plain_resize(pixels, size, name, aspect)

    def finish(
        pictures: list[np.ndarray], indices: list[int], seed: int, epoch: int, out: np.ndarray
    ) -> None:
        for row, pixels in zip(out, pictures):
            if antialias or pixels.dtype == np.float32:
                row[...] = pixels
            else:
                resize.plain_resize(pixels, size, name, aspect, row)

    return (load_small if antialias else load), finish


def _with_channels(pixels: np.ndarray) -> np.ndarray:
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def _labels(index: FolderIndex, label_mode: str | None) -> Any:
    classes, count = index.labels, len(index.class_names)

    def labelled(batch: Batch) -> tuple[Any, ...]:
        if classes is None or label_mode is None:
            return (batch.x,)
        chosen = classes[batch.indices]
        if label_mode == "binary":
            return batch.x, chosen.astype(np.float32)[:, None]
        if label_mode == "categorical":
            return batch.x, np.eye(count, dtype=np.float32)[chosen]
        return batch.x, chosen

    return labelled
