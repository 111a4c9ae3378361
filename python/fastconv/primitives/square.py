"""square: y = x^2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import SameShape, times


@dataclass(frozen=True)
class Square(SameShape):
    """x times x: x (any shape) -> y, same shape and dtype."""

    stem: ClassVar[str] = "square"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.multiply import Multiply

        return (Multiply()(times(gradients[0], 2.0), inputs[0]),)
