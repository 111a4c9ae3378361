"""abs: y = |x|."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import SameShape, times


@dataclass(frozen=True)
class Abs(SameShape):
    """Absolute value: x (any shape) -> y, same shape and dtype.  The gradient at 0 is 0."""

    stem: ClassVar[str] = "abs"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.relu_gradient import ReluGradient
        from fastconv.primitives.subtract import Subtract

        above = ReluGradient()(gradients[0], inputs[0])
        below = ReluGradient()(gradients[0], times(inputs[0], -1.0))
        return (Subtract()(above, below),)
