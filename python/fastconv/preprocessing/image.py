"""`ImageDataGenerator`: augmented batches from folders and arrays, as Keras's courses use it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastconv import _core
from fastconv.data import augment, decode, resize
from fastconv.data.folder import (
    FolderIndex,
    check_fraction,
    image_suffixes,
    index_folder,
    split_by_hash,
    split_neighbours,
    warn_of_one_class,
)
from fastconv.data.reader import BatchReader
from fastconv.data.source import ArraySource, FileSource, cache_bytes
from fastconv.preprocessing.iterators import DirectoryIterator, Iterator, NumpyArrayIterator, Saved
from fastconv.runtime import keys
from fastconv.runtime.array import Array
from fastconv.runtime.errors import ArgumentError, DataError, ShapeError
from fastconv.runtime.location import warn
from fastconv.utils.image_files import (
    array_to_img,
    check_color_mode,
    check_data_format,
    img_to_array,
    load_img,
    save_img,
)

__all__ = [
    "DirectoryIterator",
    "ImageDataGenerator",
    "Iterator",
    "NumpyArrayIterator",
    "array_to_img",
    "img_to_array",
    "list_pictures",
    "load_img",
    "save_img",
]

_class_modes = ("categorical", "binary", "sparse", "input", None)
# Epoch number of `random_transform`, which belongs to no epoch.
_outside_epochs = 0xFFFFFFFF


class ImageDataGenerator:
    """Draws random transforms and feeds batches of transformed pictures.

    What is drawn for a picture depends on (seed, epoch, index of the picture) alone.  The order for each picture:
    affine map, channel shift, flips, brightness, `preprocessing_function`, `rescale`, normalisation.

    A model on a CUDA device has its batches transformed there: pixels travel as they were decoded, and `fit`,
    `evaluate` and `predict` get what the CPU would have made of them, within 1/255.  The CPU does it where Python or
    a file wants the pictures: `preprocessing_function`, `zca_whitening`, `save_to_dir`, `class_mode="input"`, a
    `dtype` other than float32; and in batches that are drawn by hand.

    Args:
        featurewise_center: Subtract the data's mean, one a channel; needs `fit`.
        samplewise_center: Subtract each picture's mean.
        featurewise_std_normalization: Divide by the data's deviation; needs `fit`.
        samplewise_std_normalization: Divide by each picture's deviation.
        zca_whitening: Decorrelate pixels; needs `fit`.
        zca_epsilon: Added to the singular values.
        rotation_range: Largest angle in degrees, either way.
        width_shift_range: Below 1 a share of the width; from 1 on pixels; an int means whole pixels below it; a
            list, one of its values; either way.
        height_shift_range: The same for rows (Keras 3 has the two exchanged).
        brightness_range: (low, high) factors.
        shear_range: Largest angle in degrees, either way.
        zoom_range: z means factors 1 - z to 1 + z; or (low, high).  Below 1 enlarges.  Each axis draws its own.
        channel_shift_range: Largest value added to all channels, either way.
        fill_mode: What lies beyond the edge: "nearest", "constant" (`cval`), "reflect" or "wrap".
        cval: Value for "constant".
        horizontal_flip: Mirror half of the pictures, left for right.
        vertical_flip: Mirror half of the pictures, top for bottom.
        rescale: Factor for all values, e.g. 1/255.
        preprocessing_function: Called with each picture, float32 (h, w, c); returns one of the same shape.
        data_format: "channels_last".
        validation_split: Share of the pictures that `subset="validation"` gets; those are not augmented.
        interpolation_order: 1 bilinear, 0 nearest pixel.
        dtype: Of the batches.
        split: How a folder is split: "hash" (of the file names, class by class: the same files on any machine)
            or "keras" (neighbouring files).
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Sequence[float] | None = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[np.ndarray], np.ndarray] | None = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
        split: str = "hash",
    ) -> None:
        check_data_format(data_format)
        if validation_split:
            check_fraction(validation_split)
        if split not in ("hash", "keras"):
            raise ArgumentError(f"split: expected 'hash' or 'keras'; came {split!r}.")
        self.augmentation = augment.Augmentation(
            rotation_range=rotation_range,
            width_shift_range=width_shift_range,
            height_shift_range=height_shift_range,
            brightness_range=None
            if brightness_range is None
            else _pair(brightness_range, "brightness_range"),
            shear_range=shear_range,
            zoom_range=_zoom(zoom_range),
            channel_shift_range=channel_shift_range,
            fill_mode=fill_mode,
            cval=cval,
            horizontal_flip=bool(horizontal_flip),
            vertical_flip=bool(vertical_flip),
            interpolation_order=interpolation_order,
        )
        self.featurewise_center = featurewise_center or featurewise_std_normalization or zca_whitening
        self.featurewise_std_normalization = featurewise_std_normalization and not zca_whitening
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        if rescale is not None:
            augment.check_number("rescale", rescale)
        if preprocessing_function is not None and not callable(preprocessing_function):
            raise ArgumentError(
                f"preprocessing_function: expected a function of one picture; came {preprocessing_function!r}. Leave it out."
            )
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        self.validation_split, self.split = validation_split, split
        self.dtype = np.dtype(dtype or "float32")
        self.mean: np.ndarray | None = None
        self.std: np.ndarray | None = None
        self.zca_whitening_matrix: np.ndarray | None = None
        self._drawn = 0

    def flow_from_dataframe(self, *args: Any, **kwargs: Any) -> Any:
        """Not here.

        Raises:  ArgumentError: always; says what to do.
        """
        raise ArgumentError(
            "flow_from_dataframe is not supported. Load the pictures (utils.load_img, img_to_array) and use flow(x, y), or "
            "sort the files into class folders and use flow_from_directory."
        )

    def flow_from_directory(
        self,
        directory: str | os.PathLike[str],
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: Sequence[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        labels: str = "inferred",
        exif: bool = True,
        cache: bool | int = True,
    ) -> DirectoryIterator:
        """Endless batches of the images of a folder that has one folder per class.

        Args:
            directory: The folder.
            target_size: (height, width) in pixels.
            color_mode: "rgb", "rgba" or "grayscale".
            classes: Classes to take and their order; default: all, sorted by name.
            class_mode: "categorical" gives one-hot labels (n, classes), "binary" and "sparse" numbers (n,),
                "input" the pictures themselves, None no labels; all float32, as in Keras.
            batch_size: Rows of a batch; the last of a pass may have fewer.
            shuffle: Whether each pass has an order of its own.
            seed: Key of orders and transforms; default: the one of `set_random_seed`.
            save_to_dir: Folder into which the transformed pictures are written.
            save_prefix: Beginning of their names.
            save_format: "png" or "jpeg".
            follow_links: Whether links to folders are entered.
            subset: "training" or "validation", with `validation_split`.
            interpolation: "nearest" (Keras's default), "bilinear", "bicubic", "hamming", "box" or "lanczos".
            keep_aspect_ratio: Cut the centre out instead of distorting.
            labels: "inferred" from the folders, or "filename": the name before its first dot (`cat.123.jpg`).
            exif: Whether pictures are turned as their orientation tags say (Keras does not).
            cache: Keep decoded, resized pictures in memory between passes: True takes up to a quarter of what
                is free, a number up to that many bytes.

        Raises:
            DataError: The folder is missing, holds no images or no classes.
        """
        size = resize.check_size(target_size, "target_size")
        check_color_mode(color_mode)
        filter_name = resize.check_filter(interpolation, resize.pillow_filters)
        if class_mode not in _class_modes:
            names = ", ".join(map(repr, _class_modes))
            raise ArgumentError(f"class_mode: expected one of {names}; came {class_mode!r}.")
        index = self._part(index_folder(directory, labels, classes, follow_links), subset)
        if class_mode not in (None, "input"):
            warn_of_one_class(index)
        if class_mode == "binary" and len(index.class_names) > 2:
            raise ArgumentError(
                f"class_mode='binary': {len(index.class_names)} classes found. Use 'categorical' or 'sparse'."
            )

        def load(path: str) -> np.ndarray:
            image = decode.read_image(path, color_mode, exif)
            pixels = np.asarray(resize.pillow_resize(image, size, filter_name, keep_aspect_ratio))
            return pixels[:, :, None] if pixels.ndim == 2 else pixels

        reader = BatchReader(
            FileSource(index, load, cache_bytes(cache)),
            (*size, decode.channels_of[color_mode]),
            self._finish(subset != "validation"),
            batch_size,
            shuffle,
            seed,
        )
        saved = Saved(save_to_dir, save_prefix, save_format)
        there = self._finish_there(subset != "validation", saved, class_mode == "input")
        return DirectoryIterator(reader, index, class_mode, self._verbs(subset), self.dtype, saved, there)

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Endless batches of the pictures of an array (n, h, w, c), with their labels and weights.

        See `flow_from_directory` for what the arguments share.  `subset` cuts the array as Keras does: its
        beginning validates.
        """
        images = _images(x, "flow")
        columns = [None if c is None else np.asarray(c) for c in (y, sample_weight)]
        for name, column in zip(("y", "sample_weight"), columns):
            if column is not None and len(column) != len(images):
                raise DataError(f"flow: x has {len(images):,} samples, {name} {len(column):,}.")
        if subset is not None:
            cut = int(len(images) * self._share(subset))
            if y is not None and not ignore_class_split:
                _check_classes_of_parts(columns[0], cut)
            kept = slice(None, cut) if subset == "validation" else slice(cut, None)
            columns = [None if column is None else column[kept] for column in columns]
            if not len(images[kept]):
                raise DataError(f"flow: no samples of {len(images):,} for subset={subset!r}.")
            images = images[kept]
        reader = BatchReader(
            ArraySource(images),
            images.shape[1:],
            self._finish(subset != "validation"),
            batch_size,
            shuffle,
            seed,
        )
        saved = Saved(save_to_dir, save_prefix, save_format)
        there = self._finish_there(subset != "validation", saved)
        return NumpyArrayIterator(
            reader, columns[0], columns[1], self._verbs(subset), self.dtype, saved, there
        )

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Computes mean, deviation and whitening of sample pictures (n, h, w, c), rescaled as batches will be.

        Args:
            x: The pictures.
            augment: Whether transformed pictures are measured.
            rounds: With augment, how many transforms of each.
            seed: Key of the transforms.
        """
        x = np.array(_images(x, "fit"), dtype=np.float32)
        if self.rescale:
            x *= np.float32(self.rescale)
        if augment:
            key = keys.get_seed() if seed is None else seed
            x = np.concatenate([self._augmented(x, key, turn) for turn in range(rounds)])
        if self.featurewise_center:
            self.mean = np.mean(x, axis=(0, 1, 2), dtype=np.float64).astype(np.float32).reshape(1, 1, -1)
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=(0, 1, 2), dtype=np.float64).astype(np.float32).reshape(1, 1, -1)
            x /= self.std + np.float32(1e-6)
        if self.zca_whitening:
            flat = x.reshape(len(x), -1)
            u, s, _ = np.linalg.svd(flat.T, full_matrices=False)
            self.zca_whitening_matrix = (u * (np.sqrt(len(x)) / (s + self.zca_epsilon))) @ u.T

    def get_random_transform(self, img_shape: Sequence[int], seed: int | None = None) -> dict[str, Any]:
        """A transform drawn for a picture (h, w, c), as a dict that `apply_transform` takes."""
        if seed is None:
            key, index = keys.get_seed(), self._drawn
            self._drawn += 1
        else:
            key, index = int(seed) & 0xFFFFFFFFFFFFFFFF, 0
        numbers = _core.image_uniforms(key, _outside_epochs, np.array([index]))
        return self.augmentation.draw(numbers[0], img_shape[0], img_shape[1])

    def apply_transform(self, x: np.ndarray, transform_parameters: dict[str, Any]) -> np.ndarray:
        """A picture (h, w, c) transformed by a dict such as {"theta": 40, "flip_horizontal": True}.

        Keys: theta, shear (degrees); tx (columns), ty (rows), in pixels; zx, zy; flip_horizontal,
        flip_vertical; channel_shift_intensity; brightness.
        """
        x = np.asarray(x)
        if x.ndim != 3:
            raise ShapeError(f"apply_transform: expected one picture (h, w, channels); came {x.shape}.")
        out = np.empty((1, *x.shape), dtype=np.float32)
        pixels = np.ascontiguousarray(x, dtype=np.uint8 if x.dtype == np.uint8 else np.float32)
        augment.apply([pixels], [transform_parameters], out, self.augmentation)
        if x.dtype.kind in "iu":
            limits = np.iinfo(x.dtype)
            return np.rint(out[0]).clip(limits.min, limits.max).astype(x.dtype)
        return out[0].astype(x.dtype, copy=False)

    def random_transform(self, x: np.ndarray, seed: int | None = None) -> np.ndarray:
        """A picture (h, w, c) transformed at random."""
        return self.apply_transform(x, self.get_random_transform(np.shape(x), seed))

    def standardize(self, x: np.ndarray) -> np.ndarray:
        """Preprocessing function, rescale and normalisation of a picture, or of each of a batch.

        Float32 arrays are changed in place, as in Keras; the result is returned.
        """
        batch = x[None] if x.ndim == 3 else x
        done = np.ascontiguousarray(batch, dtype=np.float32)
        self._preprocess(done)
        augment.normalise(done, self._normalisation())
        self._whiten(done)
        if batch.dtype == np.float32 and batch.flags.writeable:
            batch[...] = done
            return x
        return done[0] if x.ndim == 3 else done

    def _finish(self, augmenting: bool) -> Any:
        augmentation = self.augmentation if augmenting else augment.nothing
        draws_anything = bool(augmentation.verbs())

        def finish(
            pictures: list[np.ndarray], indices: list[int], seed: int, epoch: int, out: np.ndarray
        ) -> None:
            height, width = out.shape[1:3]
            draws = augmentation.draws(seed, epoch, indices, height, width) if draws_anything else None
            normalisation = self._normalisation()
            if self.preprocessing_function is None:
                augment.apply(pictures, draws, out, augmentation, normalisation)
            else:
                augment.apply(pictures, draws, out, augmentation)
                self._preprocess(out)
                augment.normalise(out, normalisation)
            self._whiten(out)

        return finish

    def _finish_there(self, augmenting: bool, saved: Saved, same_labels: bool = False) -> Any:
        """Of `_finish`, the device's part: what finishes batches there, or None where something wants them here."""
        augmentation = self.augmentation if augmenting else augment.nothing
        draws_anything = bool(augmentation.verbs())

        def finish(device: Any, pictures: np.ndarray, indices: np.ndarray, seed: int, epoch: int) -> Array:
            out = device.new_buffer("float32", pictures.shape)
            height, width = pictures.shape[1:3]
            draws = augmentation.draws(seed, epoch, indices, height, width) if draws_anything else None
            augment.apply(list(pictures), draws, out, augmentation, self._normalisation(), device)
            return Array(out)

        def possible() -> Any:
            here = self.preprocessing_function or self.zca_whitening or saved.folder or same_labels
            return None if here or self.dtype != np.float32 else finish

        return possible

    def _preprocess(self, images: np.ndarray) -> None:
        if self.preprocessing_function is None:
            return
        for image in images:
            result = np.asarray(self.preprocessing_function(image))
            if result.shape != image.shape:
                raise ShapeError(
                    f"preprocessing_function: expected a picture {image.shape} back; came {result.shape}."
                )
            image[...] = result

    def _normalisation(self) -> augment.Normalisation:
        for flag, value, what in (
            ("featurewise_center", self.mean, "mean"),
            ("featurewise_std_normalization", self.std, "deviation"),
            ("zca_whitening", self.zca_whitening_matrix, "whitening matrix"),
        ):
            if getattr(self, flag) and value is None:
                raise ArgumentError(
                    f"ImageDataGenerator: `{flag}=True` needs the data's {what}; call `datagen.fit(x)` first."
                )
        return augment.Normalisation(
            scale=float(self.rescale) if self.rescale else 1.0,
            centre_sample=bool(self.samplewise_center),
            scale_sample=bool(self.samplewise_std_normalization),
            mean=_as_floats(self.mean) if self.featurewise_center else None,
            deviation=_as_floats(self.std) if self.featurewise_std_normalization else None,
        )

    def _whiten(self, images: np.ndarray) -> None:
        if self.zca_whitening and self.zca_whitening_matrix is not None:
            for image in images:
                image[...] = (image.reshape(1, -1) @ self.zca_whitening_matrix).reshape(image.shape)

    def _augmented(self, x: np.ndarray, seed: int, turn: int) -> np.ndarray:
        out = np.empty_like(x)
        draws = self.augmentation.draws(seed, turn, range(len(x)), x.shape[1], x.shape[2])
        augment.apply(list(x), draws, out, self.augmentation)
        return out

    def _verbs(self, subset: str | None) -> list[str]:
        return [] if subset == "validation" else self.augmentation.verbs()

    def _share(self, subset: str) -> float:
        if subset not in ("training", "validation"):
            raise ArgumentError(f"subset: expected 'training' or 'validation'; came {subset!r}.")
        if not self.validation_split:
            raise ArgumentError(
                f"subset={subset!r}: the generator does not split. Make it with "
                "ImageDataGenerator(validation_split=0.2)."
            )
        return self.validation_split

    def _part(self, index: FolderIndex, subset: str | None) -> FolderIndex:
        if subset is None:
            return index
        share = self._share(subset)
        cut = split_by_hash if self.split == "hash" else split_neighbours
        part = cut(index, share)[subset == "validation"]
        if not len(part):
            raise DataError(
                f"validation_split={share}: no {subset} images of {len(index):,}. Take another share."
            )
        return part


def _as_floats(values: Any) -> np.ndarray:
    return np.ascontiguousarray(values, dtype=np.float32)


def _pair(value: Any, name: str) -> tuple[float, float]:
    try:
        low, high = value
        return float(low), float(high)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name}: expected two numbers (low, high); came {value!r}.") from None


def _zoom(value: Any) -> tuple[float, float]:
    if isinstance(value, (int, float, np.integer, np.floating)):
        return 1 - float(value), 1 + float(value)
    return _pair(value, "zoom_range")


def _images(x: Any, where: str) -> np.ndarray:
    x = np.asarray(x)
    if x.dtype == object:
        raise DataError(f"{where}: x has dtype object: images of several sizes. Resize them first.")
    if x.ndim != 4 or not len(x):
        one = " One picture: `x[None]`." if x.ndim == 3 and x.shape[-1] in (1, 3, 4) else ""
        grey = " Grey pictures: `x[..., None]`." if x.ndim == 3 and not one else ""
        raise ShapeError(f"{where}: expected x (n, height, width, channels); came {x.shape}.{one}{grey}")
    if x.shape[3] not in (1, 3, 4):
        warn(
            f"{where}: x has {x.shape[3]} channels on its last axis; 1, 3 or 4 are usual. "
            "Channels first? `np.moveaxis(x, 1, -1)`."
        )
    return x if x.dtype in (np.uint8, np.float32) else x.astype(np.float32)


def _check_classes_of_parts(y: np.ndarray | None, cut: int) -> None:
    if y is not None and not np.array_equal(np.unique(y[:cut]), np.unique(y[cut:])):
        raise DataError(
            "flow: training and validation part do not hold the same classes: the arrays look sorted by label. "
            "Shuffle x and y together first, or give ignore_class_split=True."
        )


def list_pictures(directory: str, ext: Any = image_suffixes) -> list[str]:
    """Paths of the images below `directory`, sorted.  `ext`: suffixes, or Keras 1's pattern "jpg|png"."""
    suffixes = tuple(ext.split("|")) if isinstance(ext, str) else tuple(ext)
    pattern = re.compile("|".join(re.escape(s.strip("()").lstrip(".")) for s in suffixes), re.IGNORECASE)
    return sorted(
        os.path.join(root, name)
        for root, _, names in os.walk(directory)
        for name in names
        if "." in name and pattern.fullmatch(name.rsplit(".", 1)[1])
    )
