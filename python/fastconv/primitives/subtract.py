"""subtract: y = a - b, with broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import Broadcast, summed_to, times


@dataclass(frozen=True)
class Subtract(Broadcast):
    """Difference: (a, b), shapes that broadcast, one dtype -> y."""

    stem: ClassVar[str] = "subtract"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        a, b = inputs
        return (
            summed_to(gradients[0], a.shape, outputs[0].shape),
            summed_to(times(gradients[0], -1.0), b.shape, outputs[0].shape),
        )
