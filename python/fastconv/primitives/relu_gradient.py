"""relu_gradient: dx = dy where y > 0, else 0; dy passes where y is NaN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import SameShape


@dataclass(frozen=True)
class ReluGradient(SameShape):
    """dy where relu's output y is positive, else 0: (dy, y), one shape -> dx."""

    stem: ClassVar[str] = "relu_gradient"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        return (ReluGradient()(gradients[0], inputs[1]), None)
