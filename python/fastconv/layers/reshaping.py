"""The same numbers in another shape."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from fastconv import primitives
from fastconv.layers.arguments import channels_last
from fastconv.layers.layer import Layer
from fastconv.runtime.errors import ArgumentError


class Flatten(Layer):
    """One row a sample: x (n, ...) -> (n, d), the last axis fastest.

    Raises:  ShapeError: an axis beside the batch is not known.
    """

    config_names = ()

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        channels_last(data_format)
        super().__init__(**kwargs)

    def call(self, inputs: Any) -> Any:
        if any(size is None for size in inputs.shape[1:]):
            raise self._shape_error(
                f"expected known sizes; came {inputs.shape}. Give the model's input a full shape, or use "
                "GlobalAveragePooling2D(), which takes any size."
            )
        return primitives.Reshape((0, math.prod(inputs.shape[1:])))(inputs)


class Reshape(Layer):
    """Another shape of each sample: x (n, ...) -> (n, *target_shape).

    Args:  target_shape: without the batch axis; one entry may be -1.
    Raises:  ArgumentError: no such shape.  ShapeError: another number of elements.
    """

    config_names = ("target_shape",)

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        try:
            self.target_shape = tuple(operator.index(size) for size in target_shape)
        except TypeError:
            self.target_shape = (0,)
        if any(size < 1 for size in self.target_shape if size != -1) or self.target_shape.count(-1) > 1:
            raise ArgumentError(
                "Reshape: expected target_shape to be whole numbers from 1 up, one of them perhaps -1; came "
                f"{target_shape!r}. Write Reshape((28, 28, 1))."
            )

    def call(self, inputs: Any) -> Any:
        return primitives.Reshape((0, *self._sizes(inputs.shape)))(inputs)

    def _sizes(self, shape: tuple[int | None, ...]) -> tuple[int, ...]:
        if any(size is None for size in shape[1:]):
            raise self._shape_error(
                f"expected known sizes; came {shape}. Give the model's input a full shape."
            )
        count = math.prod(shape[1:])  # type: ignore[arg-type]
        known = math.prod(size for size in self.target_shape if size != -1)
        if count % known if -1 in self.target_shape else count != known:
            raise self._shape_error(
                f"expected {known} elements a sample for {self.target_shape}; came {count} in {shape}. "
                "Check target_shape."
            )
        return tuple(count // known if size == -1 else size for size in self.target_shape)
