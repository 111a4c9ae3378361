"""tanh_gradient: dx = dy (1 - y^2), from the output y."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import SameShape


@dataclass(frozen=True)
class TanhGradient(SameShape):
    """Gradient of tanh: (dy, y), one shape -> dx."""

    stem: ClassVar[str] = "tanh_gradient"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.multiply import Multiply
        from fastconv.primitives.rescale import Rescale

        dy, y = inputs
        by_y = Multiply()(dy, Rescale(scale=-2.0, offset=0.0)(y))
        return (TanhGradient()(gradients[0], y), Multiply()(gradients[0], by_y))
