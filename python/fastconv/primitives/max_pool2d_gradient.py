"""max_pool2d_gradient: each window's gradient goes to the pixel that was its maximum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastconv.primitives.base import Spec
from fastconv.primitives.max_pool2d import PoolGeometry
from fastconv.runtime.errors import ShapeError


@dataclass(frozen=True, kw_only=True)
class MaxPool2dGradient(PoolGeometry):
    """Gradient of max_pool2d: dy (n, p, q, c), argmax (n, p, q, c) and, if `relu`, y (n, p, q, c)
    -> dx (n, input_h, input_w, c), summed over the windows that took the pixel.

    relu: also the gradient of a ReLU before the pooling, which is 0 where the pooled y is not above 0.
    """

    stem: ClassVar[str] = "max_pool2d_gradient"
    input_h: int
    input_w: int
    relu: bool = False

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        dy = inputs[0]
        expected = (*self.output_size(self.input_h, self.input_w), dy.shape[3])
        if dy.shape[1:] != expected:
            raise ShapeError(
                f"max_pool2d_gradient: expected a gradient of (height, width, channels) {expected}, "
                f"came {dy.shape[1:]}."
            )
        for other in inputs[1:]:
            if other.shape != dy.shape:
                raise ShapeError(
                    f"max_pool2d_gradient: expected inputs of one shape, came {dy.shape}, {other.shape}."
                )
        return (Spec(dy.dtype, (dy.shape[0], self.input_h, self.input_w, dy.shape[3])),)
