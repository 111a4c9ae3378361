"""tanh: hyperbolic tangent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import SameShape


@dataclass(frozen=True)
class Tanh(SameShape):
    """Hyperbolic tangent: x (any shape) -> y, same shape and dtype."""

    stem: ClassVar[str] = "tanh"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.tanh_gradient import TanhGradient

        return (TanhGradient()(gradients[0], outputs[0]),)
