"""sqrt: square root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import SameShape, times


@dataclass(frozen=True)
class Sqrt(SameShape):
    """Square root: x (any shape) -> y, same shape and dtype; NaN below 0."""

    stem: ClassVar[str] = "sqrt"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.divide import Divide

        return (Divide()(times(gradients[0], 0.5), outputs[0]),)
