"""Where the pictures of a reader come from: files, kept in memory after the first pass if they fit, or an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from fastconv.data.folder import FolderIndex
from fastconv.data.memory import free_bytes
from fastconv.runtime.errors import ArgumentError

Load = Callable[[str], np.ndarray]
_share_of_free_memory = 0.25


class Source(Protocol):
    """Pictures by index.  `load` may be called from many threads; `keep` is called from one."""

    @property
    def dtype(self) -> np.dtype:
        """Of the pictures' pixels."""

    def __len__(self) -> int: ...

    def name(self, index: int) -> str:
        """What reports call the picture."""

    def load(self, index: int) -> np.ndarray:
        """Its pixels.  Raises DamagedImage."""

    def keep(self, index: int, pixels: np.ndarray) -> None:
        """Called with what was loaded: the source may hold on to it."""


class ArraySource:
    """Pictures of an array (n, h, w, c)."""

    def __init__(self, images: np.ndarray) -> None:
        self.images, self.dtype = images, images.dtype

    def __len__(self) -> int:
        return len(self.images)

    def name(self, index: int) -> str:
        return f"image {index}"

    def load(self, index: int) -> np.ndarray:
        return np.ascontiguousarray(self.images[index])

    def keep(self, index: int, pixels: np.ndarray) -> None:
        pass


class FileSource:
    """Pictures of a folder.  `cache_bytes` bounds what stays in memory between passes."""

    dtype = np.dtype(np.uint8)

    def __init__(self, index: FolderIndex, load: Load, cache_bytes: int) -> None:
        self.index = index
        self._load = load
        self._kept: dict[int, np.ndarray] = {}
        self._room = cache_bytes

    def __len__(self) -> int:
        return len(self.index)

    def name(self, index: int) -> str:
        return self.index.filenames[index].replace("\\", "/")

    def load(self, index: int) -> np.ndarray:
        pixels = self._kept.get(index)
        return self._load(self.index.path(index)) if pixels is None else pixels

    def keep(self, index: int, pixels: np.ndarray) -> None:
        if pixels.nbytes <= self._room and index not in self._kept:
            self._kept[index] = pixels
            self._room -= pixels.nbytes

    @property
    def kept(self) -> int:
        """How many pictures are in memory."""
        return len(self._kept)


def cache_bytes(cache: bool | int) -> int:
    """Bytes for decoded pictures: True means a quarter of the memory that is free now."""
    if cache is True:
        return int(free_bytes() * _share_of_free_memory)
    if cache is False or cache is None:
        return 0
    if not isinstance(cache, (int, np.integer)) or cache < 0:
        raise ArgumentError(f"cache: expected True, False or a number of bytes; came {cache!r}.")
    return int(cache)
