"""binary_cross_entropy: loss = -t log(p) - (1 - t) log(1 - p), p clipped to [1e-7, 1 - 1e-7]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import SameShape


@dataclass(frozen=True)
class BinaryCrossEntropy(SameShape):
    """Binary cross-entropy from probabilities, element by element: (p, targets), one shape -> loss.

    Clipped as in Keras.  Targets are numbers from 0 to 1 and get no gradient.
    """

    stem: ClassVar[str] = "binary_cross_entropy"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.binary_cross_entropy_gradient import BinaryCrossEntropyGradient

        dp = BinaryCrossEntropyGradient()(inputs[0], inputs[1], gradients[0])
        return (dp, None)
