"""identity: y = x, a copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import Cost, Primitive, Spec


@dataclass(frozen=True)
class Identity(Primitive):
    """A copy: x (any shape, any dtype) -> y, the same."""

    stem: ClassVar[str] = "identity"
    elementwise: ClassVar[bool] = True

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        return (inputs[0],)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        return (gradients[0],)

    def cost(self, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Cost:
        return Cost(0.0, float(2 * inputs[0].nbytes))
