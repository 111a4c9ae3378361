"""Folders and files that are written into."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from fastconv.runtime.errors import DataError


def prepare_folder(who: str, path: str | os.PathLike[str]) -> None:
    """Makes the folder of a file that will be written, and makes sure that it can be.

    Raises:  DataError: it cannot be made or written to; said before training, not after it.
    """
    folder = Path(path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        reason = None if os.access(folder, os.W_OK | os.X_OK) else "permission denied"
        if reason is None and Path(path).is_dir():
            raise DataError(f"{who}: expected a file to write; '{path}' is a folder. Add a file name.")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
    if reason:
        raise DataError(f"{who}: cannot write into folder '{folder}': {reason}. Choose another folder.")


@contextlib.contextmanager
def writing(who: str, path: str | os.PathLike[str]) -> Iterator[None]:
    """Around the writing of a file: its folder is made.

    Raises:  DataError: it cannot be written.
    """
    prepare_folder(who, path)
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(
            f"{who}: cannot write '{path}': {reason}. Choose another folder, or make room."
        ) from None
