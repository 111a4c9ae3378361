"""categorical_cross_entropy_gradient: gradient of categorical_cross_entropy by its scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.class_rows import ClassLossGradient
from fastconv.primitives.families.elementwise import no_second_gradient


@dataclass(frozen=True)
class CategoricalCrossEntropyGradient(ClassLossGradient):
    """Gradient of categorical_cross_entropy: (scores (.., k), targets, dloss (..)) -> dscores (.., k).

    sparse: as there.
    """

    stem: ClassVar[str] = "categorical_cross_entropy_gradient"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        return no_second_gradient(self.stem)
