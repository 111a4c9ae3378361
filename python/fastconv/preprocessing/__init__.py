"""Keras's `preprocessing`; each name is loaded when it is asked for."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["image", "image_dataset_from_directory"]


def __getattr__(name: str) -> Any:
    if name == "image":
        return importlib.import_module("fastconv.preprocessing.image")
    if name == "image_dataset_from_directory":
        return importlib.import_module("fastconv.utils.image_dataset").image_dataset_from_directory
    raise AttributeError(f"module 'fastconv.preprocessing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
