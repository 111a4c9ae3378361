"""softmax_cross_entropy: cross-entropy over classes, from logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.class_rows import ClassLoss


@dataclass(frozen=True)
class SoftmaxCrossEntropy(ClassLoss):
    """Cross-entropy from logits: (logits (.., k), targets) -> loss (..) = -sum_j t_j log(softmax(logits)_j).

    sparse: targets are classes (..), int64 or float32 (cut to whole numbers); a label that names no class makes its
        loss NaN.  Else targets are weights of the classes (.., k), float32.
    """

    stem: ClassVar[str] = "softmax_cross_entropy"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.softmax_cross_entropy_gradient import SoftmaxCrossEntropyGradient

        return (SoftmaxCrossEntropyGradient(self.sparse)(inputs[0], inputs[1], gradients[0]), None)
