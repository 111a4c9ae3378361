"""Keras's `preprocessing`; each name is loaded when it is asked for."""

from __future__ import annotations

import importlib
from typing import Any

from fastconv.runtime.names import raise_absent

__all__ = ["image", "image_dataset_from_directory"]


def __getattr__(name: str) -> Any:
    if name == "image":
        return importlib.import_module("fastconv.preprocessing.image")
    if name == "image_dataset_from_directory":
        return importlib.import_module("fastconv.utils.image_dataset").image_dataset_from_directory
    raise_absent(
        __name__,
        name,
        __all__,
        "Pictures are what fastconv prepares; text and time series belong to other libraries.",
    )


def __dir__() -> list[str]:
    return __all__
