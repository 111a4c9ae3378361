"""divide: y = a / b, with broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import Broadcast, summed_to, times


@dataclass(frozen=True)
class Divide(Broadcast):
    """Quotient: (a, b), shapes that broadcast, one dtype -> y."""

    stem: ClassVar[str] = "divide"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.multiply import Multiply

        a, b = inputs
        by_a = Divide()(gradients[0], b)
        by_b = times(Multiply()(by_a, outputs[0]), -1.0)
        return (
            summed_to(by_a, a.shape, outputs[0].shape),
            summed_to(by_b, b.shape, outputs[0].shape),
        )
