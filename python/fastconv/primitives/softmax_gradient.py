"""softmax_gradient: gradient of softmax by its input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastconv.primitives.base import Primitive, Spec
from fastconv.runtime.errors import ShapeError


@dataclass(frozen=True)
class SoftmaxGradient(Primitive):
    """y * (dy - sum of dy * y over the last axis): dy (..., k), y (..., k), the output of softmax -> dx, same shape."""

    stem: ClassVar[str] = "softmax_gradient"

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        dy, y = inputs
        if dy.shape != y.shape:
            raise ShapeError(
                f"softmax_gradient: expected inputs of one shape, came {dy.shape} and {y.shape}."
            )
        return (dy,)
