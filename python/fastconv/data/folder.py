"""Which images a folder holds and which class each belongs to."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fastconv.runtime.errors import ArgumentError, DataError
from fastconv.runtime.location import warn

image_suffixes = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".ppm", ".tif", ".tiff")
_common_suffixes = ".jpg .png .bmp .gif .webp"
_archive_suffixes = (".zip", ".tar", ".gz", ".tgz", ".rar", ".7z")
_classes_in_a_line = 12


@dataclass(frozen=True)
class FolderIndex:
    """The images of a folder in file order: by class, then by path.

    `filenames` are relative to `directory`; `labels` index `class_names`, or are None without classes.
    """

    directory: str
    filenames: tuple[str, ...]
    labels: np.ndarray | None  # int32, one an image
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.filenames)

    def path(self, position: int) -> str:
        """Where the image at `position` lies."""
        return os.path.join(self.directory, self.filenames[position])

    def take(self, positions: Sequence[int] | np.ndarray) -> FolderIndex:
        """The images at these positions, in this order."""
        labels = None if self.labels is None else self.labels[np.asarray(positions, dtype=np.int64)]
        return replace(self, filenames=tuple(self.filenames[i] for i in positions), labels=labels)

    def describe_classes(self) -> str:
        """One line such as "0 cats (1000), 1 dogs (1000)"."""
        if self.labels is None:
            return ""
        counts = np.bincount(self.labels, minlength=len(self.class_names))
        parts = [f"{i} {name} ({counts[i]})" for i, name in enumerate(self.class_names)]
        if len(parts) > _classes_in_a_line:
            parts = [*parts[: _classes_in_a_line - 1], "...", parts[-1]]
        return ", ".join(parts)


def index_folder(
    directory: str | os.PathLike[str],
    labels: str | Sequence[int] | None = "inferred",
    class_names: Sequence[str] | None = None,
    follow_links: bool = False,
) -> FolderIndex:
    """Lists the images below `directory` and gives each its class.

    Args:
        directory: A folder.
        labels: "inferred" takes the class from the folder below `directory`; "filename" from the file's name
            before its first dot (`cat.123.jpg` is a cat); None gives no classes; a list of whole numbers
            gives one an image, in the order of the sorted paths.
        class_names: Classes to take and their order; default: all, sorted by name.
        follow_links: Whether links to folders are entered.

    Raises:
        DataError: The folder is missing, holds no images, or is not laid out as `labels` says.
    """
    folder = _existing_folder(directory)
    if isinstance(labels, str):
        if labels == "inferred":
            return _index_class_folders(folder, class_names, follow_links)
        if labels == "filename":
            return _index_by_filename(folder, class_names, follow_links)
        raise ArgumentError(f"labels: expected 'inferred', 'filename', None or a list; came {labels!r}.")
    filenames = tuple(_relative_images(folder, follow_links))
    if not filenames:
        raise DataError(_no_images(folder, None))
    if labels is None:
        return FolderIndex(folder, filenames, None, ())
    return _index_with_labels(folder, filenames, labels)


def split_by_hash(index: FolderIndex, fraction: float) -> tuple[FolderIndex, FolderIndex]:
    """(training, validation), drawn in each class by a hash of the file's name.

    The same files on any machine and in any order of listing; of n images of a class int(fraction * n) go to
    validation.
    """
    validation: set[int] = set()
    for positions in _positions_by_class(index):
        ranked = sorted(positions, key=lambda i: _name_hash(index.filenames[i]))
        validation.update(ranked[: int(fraction * len(positions))])
    return _cut(index, validation)


def split_neighbours(index: FolderIndex, fraction: float) -> tuple[FolderIndex, FolderIndex]:
    """(training, validation) as Keras's ImageDataGenerator cuts: the first files of each class validate."""
    validation: set[int] = set()
    for positions in _positions_by_class(index):
        validation.update(positions[: int(fraction * len(positions))])
    return _cut(index, validation)


def check_fraction(fraction: float) -> None:
    """Refuses a share for validation that is not between 0 and 1."""
    if not 0 < fraction < 1:
        raise ArgumentError(
            f"validation_split: expected a share between 0 and 1, e.g. 0.2; came {fraction!r}."
        )


def _cut(index: FolderIndex, validation: set[int]) -> tuple[FolderIndex, FolderIndex]:
    everything = range(len(index))
    return (
        index.take([i for i in everything if i not in validation]),
        index.take([i for i in everything if i in validation]),
    )


def _positions_by_class(index: FolderIndex) -> list[list[int]]:
    if index.labels is None:
        return [list(range(len(index)))]
    return [np.flatnonzero(index.labels == label).tolist() for label in range(len(index.class_names))]


def _name_hash(filename: str) -> tuple[bytes, str]:
    # One name has one hash on every system: '/' between folders, and composed characters (macOS decomposes).
    name = unicodedata.normalize("NFC", filename.replace(os.sep, "/"))
    return hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest(), name


def _existing_folder(directory: str | os.PathLike[str]) -> str:
    folder = os.fspath(directory)
    if not isinstance(folder, str):
        raise ArgumentError(f"directory: expected a path as text; came {folder!r}.")
    folder = folder.rstrip("/\\") or folder
    if os.path.isdir(folder):
        return folder
    if os.path.exists(folder):
        what = "an archive. Unpack it first" if folder.lower().endswith(_archive_suffixes) else "a file"
        raise DataError(f"{folder!r}: expected a folder; this is {what}.")
    raise DataError(f"{folder!r}: no such folder; {_beside(folder)}.")


def _beside(folder: str) -> str:
    parent = os.path.dirname(os.path.abspath(folder))
    while not os.path.isdir(parent):
        missing, parent = parent, os.path.dirname(parent)
        if parent == missing:
            break
    names = _subfolders(parent)
    if parent == os.path.dirname(os.path.abspath(folder)):
        return "beside it: " + _named(names) if names else f"nothing beside it in {parent!r}"
    return f"{parent!r} holds: " + _named(names) if names else f"{parent!r} holds no folders"


def _named(names: Sequence[str], limit: int = 8) -> str:
    shown = ", ".join(repr(name) for name in names[:limit])
    return shown + (", ..." if len(names) > limit else "")


def _subfolders(folder: str) -> list[str]:
    # Hidden folders (.ipynb_checkpoints) and macOS's copies of archives hold no class.
    with os.scandir(folder) as entries:
        return sorted(
            entry.name
            for entry in entries
            if not entry.name.startswith(".") and entry.name != "__MACOSX" and entry.is_dir()
        )


def _walk_files(folder: str, follow_links: bool) -> Iterator[tuple[str, list[str]]]:
    """(folder, sorted names of its plain files) for `folder` and all below, sorted by path."""
    seen: set[tuple[int, int]] = set()
    found: list[tuple[str, list[str]]] = []
    for root, below, _ in os.walk(folder, followlinks=follow_links):
        status = os.stat(root)
        if follow_links and (status.st_dev, status.st_ino) in seen:
            below.clear()  # a link that leads back up
            continue
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(root) as entries:
            # is_file: a pipe or a device named like an image would block the reader.
            names = sorted(
                entry.name for entry in entries if not entry.name.startswith(".") and entry.is_file()
            )
        found.append((root, names))
    yield from sorted(found)


def _relative_images(folder: str, follow_links: bool) -> Iterator[str]:
    for root, names in _walk_files(folder, follow_links):
        for name in names:
            if name.lower().endswith(image_suffixes):
                yield os.path.relpath(os.path.join(root, name), folder)


def _index_class_folders(folder: str, class_names: Sequence[str] | None, follow_links: bool) -> FolderIndex:
    found = _subfolders(folder)
    if not found:
        raise DataError(_no_class_folders(folder))
    names = list(class_names) if class_names is not None else found
    for name in names:
        if not os.path.isdir(os.path.join(folder, name)):
            raise DataError(f"classes: {name!r} is no folder of {folder!r}; there are {_named(found)}.")
    filenames: list[str] = []
    labels: list[int] = []
    empty: list[str] = []
    for label, name in enumerate(names):
        images = [
            os.path.join(name, image) for image in _relative_images(os.path.join(folder, name), follow_links)
        ]
        filenames += images
        labels += [label] * len(images)
        if not images:
            empty.append(name)
    if not filenames:
        raise DataError(_no_images(folder, len(names)))
    if empty:
        warn(
            f"{folder!r}: no images in class folder{'s' * (len(empty) > 1)} {_named(empty)}; the model gets a class for "
            "each all the same. Fill or remove them."
        )
    return FolderIndex(folder, tuple(filenames), np.array(labels, dtype=np.int32), tuple(names))


def warn_of_one_class(index: FolderIndex) -> None:
    """Message for a folder whose only class is most likely a level of an archive."""
    if index.labels is not None and len(index.class_names) == 1:
        warn(
            f"{index.directory!r}: 1 class ({index.class_names[0]!r}). Is the archive unpacked one level too deep?"
        )


def _class_of_filename(filename: str) -> str:
    return os.path.basename(filename).split(".", 1)[0]


def _index_by_filename(folder: str, class_names: Sequence[str] | None, follow_links: bool) -> FolderIndex:
    filenames = list(_relative_images(folder, follow_links))
    if not filenames:
        raise DataError(_no_images(folder, None))
    found = sorted({_class_of_filename(name) for name in filenames})
    if len(found) > 10 and len(found) > len(filenames) // 2:
        raise DataError(
            f"{folder!r}: labels='filename' takes the class from the name before its first dot; that gives "
            f"{len(found):,} classes for {len(filenames):,} images ({_named(found, 2)}). Name them like 'cat.1.jpg'."
        )
    names = list(class_names) if class_names is not None else found
    for name in names:
        if name not in found:
            raise DataError(f"classes: no image of {folder!r} is named {name!r}; there are {_named(found)}.")
    label_of = {name: label for label, name in enumerate(names)}
    kept = [name for name in filenames if _class_of_filename(name) in label_of]
    kept.sort(key=lambda name: (label_of[_class_of_filename(name)], name))
    labels = np.array([label_of[_class_of_filename(name)] for name in kept], dtype=np.int32)
    return FolderIndex(folder, tuple(kept), labels, tuple(names))


def _index_with_labels(folder: str, filenames: tuple[str, ...], labels: Sequence[int]) -> FolderIndex:
    if len(labels) != len(filenames):
        raise DataError(
            f"labels: expected one an image of {folder!r} ({len(filenames):,}); came {len(labels):,}."
        )
    values = np.asarray(labels)
    if values.ndim != 1 or values.dtype.kind not in "iu" or values.min() < 0:
        raise DataError("labels: expected whole numbers from 0.")
    classes = tuple(str(label) for label in range(int(values.max()) + 1))
    return FolderIndex(folder, filenames, values.astype(np.int32), classes)


def _no_class_folders(folder: str) -> str:
    images = list(_relative_images(folder, False))
    if not images:
        return _no_images(folder, 0)
    expected = f"{folder!r}: expected one folder per class, found {len(images):,} images."
    classes = Counter(_class_of_filename(image) for image in images)
    if (
        len(classes) > 1
        and all(image.count(".") > 1 for image in images)
        and len(classes) <= len(images) // 2
    ):
        return f"{expected} Named like {images[0]!r}: use labels='filename'."
    parent = os.path.dirname(folder) or os.path.dirname(os.path.abspath(folder))
    return f"{expected} Give its parent {parent!r}."


def _no_images(folder: str, class_folders: int | None) -> str:
    """`class_folders` None: classes do not come from folders."""
    suffixes: Counter[str] = Counter()
    for _, names in _walk_files(folder, False):
        suffixes.update(os.path.splitext(name)[1].lower() or name for name in names)
    where = f"{folder!r}: " + ("" if class_folders is None else f"{class_folders} class folders, ")
    nothing = f"{where}0 images of {_common_suffixes}"
    if not suffixes:
        return f"{nothing}; found no file at all. Was the archive unpacked elsewhere?"
    found = ", ".join(f"{count:,} {suffix}" for suffix, count in suffixes.most_common(3))
    remedy = "Unpack them." if suffixes.most_common(1)[0][0] in _archive_suffixes else "Convert them."
    return f"{nothing}; found {found}. {remedy}"
