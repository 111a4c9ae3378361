"""The digits: 60,000 pictures to learn from and 10,000 to be tested on, grey, 28 by 28 pixels."""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from pathlib import Path

import numpy as np

from fastconv.runtime.errors import DataError

_PARTS = {"train": ("train", 60_000), "test": ("t10k", 10_000)}
_UNSIGNED_BYTE = 8  # the code of the element type in an idx header
_LARGEST = 1 << 30  # bytes: a header that asks for more is refused before anything is read

Split = tuple[np.ndarray, np.ndarray]


def load_data(path: str | os.PathLike[str] | None = None) -> tuple[Split, Split]:
    """(training pictures, labels), (test pictures, labels): uint8 (n, 28, 28) and uint8 (n,).

    Args:
        path: folder with the four files as published (train-images-idx3-ubyte.gz and so on; also unpacked).
            Nothing is fetched from the network.
    Raises:
        DataError: a file is missing, damaged, or holds something else.
    """
    if path is None:
        raise DataError(
            "mnist: expected the folder of the four files; came none. Nothing is fetched here: put the original .gz files "
            "of MNIST into a folder, and write mnist.load_data('FOLDER')."
        )
    splits = []
    for name, (prefix, count) in _PARTS.items():
        images = read_idx(_find(path, f"{prefix}-images-idx3-ubyte"))
        labels = read_idx(_find(path, f"{prefix}-labels-idx1-ubyte"))
        if images.shape != (count, 28, 28) or labels.shape != (count,):
            raise DataError(
                f"mnist, {name} files in '{os.fspath(path)}': expected pictures ({count}, 28, 28) and labels ({count},); "
                f"came {images.shape} and {labels.shape}. Take the four original files."
            )
        splits.append((images, labels))
    return splits[0], splits[1]


def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """The array of one idx file of bytes, packed by gzip or not.

    The header is two zero bytes, the type's code, the number of axes, then each axis as a big-endian 32-bit number.
    Raises:
        DataError: the file is no idx file of bytes, is cut off, or is longer than its header says.
    """
    opener = gzip.open if _is_gzip(path) else open
    try:
        with opener(path, "rb") as file:
            header = file.read(4)
            if (
                len(header) < 4
                or header[:2] != b"\0\0"
                or header[2] != _UNSIGNED_BYTE
                or not 1 <= header[3] <= 4
            ):
                raise DataError(
                    f"'{os.fspath(path)}': expected an idx file of bytes; it starts with {header.hex(' ')!r}."
                )
            axes = file.read(4 * header[3])
            if len(axes) < 4 * header[3]:
                raise DataError(f"'{os.fspath(path)}': ends inside its header. Fetch it again.")
            shape = struct.unpack(f">{header[3]}I", axes)
            size = int(np.prod(shape, dtype=object))
            if size > _LARGEST:
                raise DataError(
                    f"'{os.fspath(path)}': its header asks for {shape}, {size} bytes; not a data set of digits."
                )
            values = file.read(size + 1)  # one more shows a file that is too long, without reading all of it
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"'{os.fspath(path)}': the packed data is damaged ({error}). Fetch it again."
        ) from error
    if len(values) != size:
        came = f"{len(values)}" if len(values) < size else "more"
        raise DataError(
            f"'{os.fspath(path)}': its header says {shape}, {size} bytes; came {came}. Fetch it again."
        )
    return np.frombuffer(values, np.uint8).reshape(shape)


def _find(folder: str | os.PathLike[str], name: str) -> Path:
    for candidate in (Path(folder) / f"{name}.gz", Path(folder) / name):
        if candidate.is_file():
            return candidate
    there = sorted(p.name for p in Path(folder).iterdir())[:5] if Path(folder).is_dir() else None
    found = (
        "the folder does not exist" if there is None else f"the folder holds {', '.join(there) or 'nothing'}"
    )
    raise DataError(
        f"mnist: expected '{name}.gz' in '{os.fspath(folder)}'; {found}. "
        f"Put the four original .gz files of MNIST there."
    )


def _is_gzip(path: str | os.PathLike[str]) -> bool:
    with open(path, "rb") as file:
        return file.read(2) == b"\x1f\x8b"
