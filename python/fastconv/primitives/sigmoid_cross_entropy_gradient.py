"""sigmoid_cross_entropy_gradient: dlogits = (sigmoid(logits) - targets) dloss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import SameShape, no_second_gradient


@dataclass(frozen=True)
class SigmoidCrossEntropyGradient(SameShape):
    """Gradient of sigmoid_cross_entropy: (logits, targets, dloss), one shape -> dlogits."""

    stem: ClassVar[str] = "sigmoid_cross_entropy_gradient"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        return no_second_gradient(self.stem)
