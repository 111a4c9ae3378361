"""multiply: y = a b, with broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import Broadcast, summed_to


@dataclass(frozen=True)
class Multiply(Broadcast):
    """Product: (a, b), shapes that broadcast, one dtype -> y."""

    stem: ClassVar[str] = "multiply"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        a, b = inputs
        return (
            summed_to(Multiply()(gradients[0], b), a.shape, outputs[0].shape),
            summed_to(Multiply()(gradients[0], a), b.shape, outputs[0].shape),
        )
