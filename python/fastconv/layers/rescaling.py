"""Pixels into the range that a model wants."""

from __future__ import annotations

from typing import Any

from fastconv import primitives
from fastconv.layers.layer import Layer


class Rescaling(Layer):
    """x scale + offset, in float32; takes uint8 pictures as they are.

    Args:  scale: such as 1/255.  offset: default 0.
    """

    config_names = ("scale", "offset")

    def __init__(self, scale: float, offset: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = float(scale)
        self.offset = float(offset)

    def call(self, inputs: Any) -> Any:
        return primitives.Rescale(self.scale, self.offset)(inputs)
