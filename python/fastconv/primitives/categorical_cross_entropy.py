"""categorical_cross_entropy: cross-entropy over classes, from probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.class_rows import ClassLoss


@dataclass(frozen=True)
class CategoricalCrossEntropy(ClassLoss):
    """Cross-entropy from probabilities, as Keras has it: (p (.., k), targets) -> loss (..).

    Weights: loss = -sum_j t_j log(clip(p_j / sum(p))).  Classes (sparse): loss = log(sum(clip(p))) - log(clip(p_t)).
    clip: to [1e-7, 1 - 1e-7].

    sparse: targets are classes (..), int64 or float32 (cut to whole numbers); a label that names no class makes its
        loss NaN.  Else targets are weights of the classes (.., k), float32.
    """

    stem: ClassVar[str] = "categorical_cross_entropy"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.categorical_cross_entropy_gradient import CategoricalCrossEntropyGradient

        return (CategoricalCrossEntropyGradient(self.sparse)(inputs[0], inputs[1], gradients[0]), None)
