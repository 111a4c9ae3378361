"""Pixels into the range that a model wants."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastconv import primitives
from fastconv.layers.layer import Layer
from fastconv.runtime.errors import ArgumentError


class Rescaling(Layer):
    """x scale + offset, in float32; takes uint8 pictures as they are.

    Args:  scale: such as 1/255; or a list, a number for each channel.  offset: default 0; or a list.
    """

    config_names = ("scale", "offset")

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = _number_or_list("scale", scale)
        self.offset = _number_or_list("offset", offset)

    def call(self, inputs: Any) -> Any:
        if isinstance(self.scale, float) and isinstance(self.offset, float):
            return primitives.Rescale(self.scale, self.offset)(inputs)
        x = primitives.Rescale(1.0, 0.0)(inputs)  # as float32
        return x * np.asarray(self.scale, np.float32) + np.asarray(self.offset, np.float32)


def _number_or_list(name: str, value: Any) -> Any:
    try:
        found = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        found = np.zeros((0, 0))
    if found.ndim > 1:
        raise ArgumentError(
            f"Rescaling: expected {name} to be a number, or a list with one for each channel; came {value!r}."
        )
    return found.tolist()
