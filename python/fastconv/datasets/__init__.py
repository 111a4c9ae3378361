"""Data for first programs: `mnist`, the digits from their files, and `drawings`, drawn cats and dogs."""

from __future__ import annotations

import importlib
from typing import Any

from fastconv.runtime.names import raise_absent

__all__ = ["drawings", "mnist"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return importlib.import_module(f"fastconv.datasets.{name}")
    raise_absent(
        __name__,
        name,
        __all__,
        "Photographs of your own come from utils.image_dataset_from_directory, arrays from np.load.",
    )


def __dir__() -> list[str]:
    return __all__
