"""Primitives: one file a stem.  `fastconv.primitives.MaxPool2d` is `max_pool2d.py`'s class, imported when asked for."""

from __future__ import annotations

import importlib
import re
from typing import Any

from fastconv.primitives.base import Cost, Primitive, Spec, all_stems, primitive_class

__all__ = ["Cost", "Primitive", "Spec", "all_stems", "primitive_class"]


def __getattr__(name: str) -> Any:
    stem = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    try:
        module = importlib.import_module(f"fastconv.primitives.{stem}")
    except ModuleNotFoundError as error:
        raise AttributeError(f"fastconv.primitives has no {name!r}") from error
    return getattr(module, name)
