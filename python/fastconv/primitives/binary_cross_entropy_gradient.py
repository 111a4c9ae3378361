"""binary_cross_entropy_gradient: dp = ((1 - t) / (1 - p) - t / p) dloss, 0 where p is clipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import SameShape, no_second_gradient


@dataclass(frozen=True)
class BinaryCrossEntropyGradient(SameShape):
    """Gradient of binary_cross_entropy: (p, targets, dloss), one shape -> dp."""

    stem: ClassVar[str] = "binary_cross_entropy_gradient"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        return no_second_gradient(self.stem)
