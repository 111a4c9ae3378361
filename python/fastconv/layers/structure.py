"""Nested lists, tuples and dicts of tensors, as layers and models take and return them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def leaves(structure: Any) -> Iterator[Any]:
    """What is in nested lists, tuples and dicts, in order; None is left out."""
    if isinstance(structure, (list, tuple)):
        for part in structure:
            yield from leaves(part)
    elif isinstance(structure, dict):
        for part in structure.values():
            yield from leaves(part)
    elif structure is not None:
        yield structure


def map_leaves(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same structure, `function` applied to what is in it."""
    if isinstance(structure, (list, tuple)):
        mapped = [map_leaves(function, part) for part in structure]
        return mapped if isinstance(structure, list) else tuple(mapped)
    if isinstance(structure, dict):
        return {key: map_leaves(function, part) for key, part in structure.items()}
    return None if structure is None else function(structure)
