"""Layers as plain data, and back."""

from __future__ import annotations

import difflib
import importlib
from typing import Any

from fastconv.runtime.errors import ArgumentError

_registered: dict[str, type] = {}


def register(cls: type, package: str = "Custom", name: str | None = None) -> type:
    """Makes a class of yours known by name, so that files that hold it can be loaded."""
    _registered[name or cls.__name__] = cls
    return cls


def registered(name: str) -> Any:
    """What `register` was given under a name; None if nothing was."""
    return _registered.get(name)


def registered_name(cls: type) -> str:
    """The name under which files know a class."""
    return next((name for name, known in _registered.items() if known is cls), cls.__name__)


def serialize(layer: Any) -> dict[str, Any]:
    """{"class_name", "config"}: what `deserialize` makes a layer of."""
    return {"class_name": registered_name(type(layer)), "config": layer.get_config()}


def deserialize(config: dict[str, Any], custom_objects: dict[str, type] | None = None) -> Any:
    """The layer of `serialize`'s result.

    Args:  custom_objects: classes of yours by name, beside those given to `register`.
    Raises:  ArgumentError: a class that is not known.
    """
    name = config["class_name"]
    cls = (custom_objects or {}).get(name) or _registered.get(name) or _built_in(name)
    if cls is None:
        known = [*_registered, *(custom_objects or {}), *importlib.import_module("fastconv.layers").__all__]
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise ArgumentError(
            f"layer class '{name}': unknown; {hint}Register it with "
            f"fastconv.utils.register_keras_serializable(), or give custom_objects={{'{name}': {name}}}."
        )
    if getattr(cls, "is_model", False):
        return cls.from_config(config["config"], custom_objects)  # type: ignore[attr-defined]
    return cls.from_config(config["config"])  # type: ignore[attr-defined]


def get(identifier: Any) -> Any:
    """A layer as it is, or made of its configuration."""
    return deserialize(identifier) if isinstance(identifier, dict) else identifier


def _built_in(name: str) -> type | None:
    from fastconv.layers.layer import Layer

    for module in ("fastconv.layers", "fastconv.models"):
        found = getattr(importlib.import_module(module), name, None)
        if isinstance(found, type) and issubclass(found, Layer):
            return found
    if name == "Operation":
        from fastconv.models.operation import Operation

        return Operation
    return None
