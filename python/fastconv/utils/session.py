"""What a session remembers: names that are taken, classes of the user's own."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TypeVar

from fastconv.layers.naming import clear_names
from fastconv.layers.serialization import register

Class = TypeVar("Class", bound=type)


def clear_session(free_memory: bool = True) -> None:
    """Layer names are counted from the beginning again; memory of models that nobody can reach is returned.

    Models that are still in use stay as they are; unlike Keras's, nothing needs this call to be freed.
    """
    clear_names()
    if free_memory:
        gc.collect()


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Class], Class]:
    """Class decorator: files that hold the class can be loaded without `custom_objects`.

    Args:  package: not used; files hold the name alone.  name: default the class's.

    >>> from fastconv import layers
    >>> @register_keras_serializable()
    ... class Twice(layers.Layer):
    ...     def call(self, x):
    ...         return x * 2.0
    >>> type(layers.deserialize(layers.serialize(Twice()))).__name__
    'Twice'
    """

    def decorate(cls: Class) -> Class:
        register(cls, package, name)
        return cls

    return decorate
