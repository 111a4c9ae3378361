"""softmax: positive numbers that sum to 1, from any numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import Cost, Primitive, Spec
from fastconv.runtime.errors import ShapeError


@dataclass(frozen=True)
class Softmax(Primitive):
    """exp(x) / sum of exp(x) over the last axis: x (..., k) -> y, same shape.

    The largest x is subtracted first, so that nothing overflows.  A NaN makes its row NaN.
    """

    stem: ClassVar[str] = "softmax"

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        if not inputs[0].shape:
            raise ShapeError("softmax: expected an input of at least one axis, came a single number.")
        return (inputs[0],)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.softmax_gradient import SoftmaxGradient

        return (SoftmaxGradient()(gradients[0], outputs[0]),)

    def cost(self, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Cost:
        return Cost(20.0 * inputs[0].size, float(inputs[0].nbytes + outputs[0].nbytes))
