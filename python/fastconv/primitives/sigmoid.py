"""sigmoid: y = 1 / (1 + exp(-x))."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import SameShape


@dataclass(frozen=True)
class Sigmoid(SameShape):
    """Logistic function: x (any shape) -> y, same shape and dtype."""

    stem: ClassVar[str] = "sigmoid"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.sigmoid_gradient import SigmoidGradient

        return (SigmoidGradient()(gradients[0], outputs[0]),)
