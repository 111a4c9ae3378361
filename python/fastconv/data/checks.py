"""Mistakes that show only when training and validation data stand side by side, and the report of skipped files."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from fastconv.runtime.errors import DataError
from fastconv.runtime.location import warn

_named_files = 3


def check_validation(training: Any, validation: Any) -> None:
    """Compares the classes of two data objects, and warns of a validation set that is augmented.

    Objects without classes, augmentation or files pass.

    Raises:
        DataError: Both have classes, and not the same.
    """
    ours, theirs = _class_names(training), _class_names(validation)
    if ours and theirs and ours != theirs:
        raise DataError(_unlike_classes(ours, theirs))
    verbs = getattr(validation, "augmentations", None) or []
    if verbs:
        warn(
            f"validation generator {_listed(verbs)}; scores will be low and noisy. "
            "Use a generator with `rescale` only."
        )


def _class_names(data: Any) -> list[str]:
    return list(getattr(data, "class_names", None) or [])


def _unlike_classes(training: list[str], validation: list[str]) -> str:
    extra = [name for name in validation if name not in training]
    missing = [name for name in training if name not in validation]
    remedy = "Rename, or give `classes=[...]` to both."
    if not extra and not missing:
        return f"validation has its classes in the order {validation}, training {training}. {remedy}"
    if len(extra) == len(missing):
        return f"validation has class {_quoted(extra)}, training {_quoted(missing)}. {remedy}"
    return f"validation has classes {_quoted(validation)}, training {_quoted(training)}. {remedy}"


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _listed(verbs: Sequence[str]) -> str:
    return verbs[0] if len(verbs) == 1 else ", ".join(verbs[:-1]) + " and " + verbs[-1]


def warn_of_shared_files(training: Any, validation: Any) -> list[str]:
    """Names of validation images whose bytes are also those of a training image; warns when there are any."""
    ours, theirs = _paths(training), _paths(validation)
    shared = _shared(ours, theirs) if ours and theirs else []
    if shared:
        names = [os.path.basename(path) for path in shared]
        more = ", ..." if len(names) > 1 else "."
        images, are = ("images", "are") if len(names) > 1 else ("image", "is")
        warn(
            f"{len(names):,} validation {images} {are} also training images (same bytes): {names[0]!r}{more} Keep each in one of the two."
        )
    return shared


def _paths(data: Any) -> Sequence[str]:
    """Keras has a name of its own for each of its two ways to a folder."""
    return getattr(data, "filepaths", None) or getattr(data, "file_paths", None) or ()


def _shared(training: Sequence[str], validation: Sequence[str]) -> list[str]:
    """Sizes first: only files of equal size are read."""
    by_size: dict[int, list[str]] = defaultdict(list)
    for path in training:
        by_size[_size(path)].append(path)
    hashes: dict[int, set[bytes]] = {}
    shared = []
    for path in validation:
        size = _size(path)
        if size < 1 or size not in by_size:
            continue
        if size not in hashes:
            hashes[size] = {_hash(other) for other in by_size[size]} - {b""}
        if _hash(path) in hashes[size]:
            shared.append(path)
    return shared


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return -1


def _hash(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "blake2b").digest()
    except OSError:
        return b""


def skipped_line(data: Any) -> str | None:
    """The epoch's line about damaged files, or None when there are none.

    For example "3 of 2,000 images skipped: 'Cat/666.jpg' (0 bytes), 'Dog/11702.jpg' (ends at byte 4,096), ..."
    """
    skipped = getattr(data, "skipped", None)
    if not skipped:
        return None
    named = ", ".join(f"{name!r} ({reason})" for name, reason in skipped[:_named_files])
    more = ", ..." if len(skipped) > _named_files else ""
    return f"{len(skipped):,} of {data.samples:,} images skipped: {named}{more}"
