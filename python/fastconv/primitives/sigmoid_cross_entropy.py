"""sigmoid_cross_entropy: loss = max(x, 0) - x t + log(1 + exp(-|x|)), from logits x and targets t."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import SameShape


@dataclass(frozen=True)
class SigmoidCrossEntropy(SameShape):
    """Binary cross-entropy from logits, element by element: (logits, targets), one shape -> loss.

    Targets are numbers from 0 to 1 and get no gradient.
    """

    stem: ClassVar[str] = "sigmoid_cross_entropy"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.sigmoid_cross_entropy_gradient import SigmoidCrossEntropyGradient

        dlogits = SigmoidCrossEntropyGradient()(inputs[0], inputs[1], gradients[0])
        return (dlogits, None)
