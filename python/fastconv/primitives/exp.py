"""exp: y = e^x."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import SameShape


@dataclass(frozen=True)
class Exp(SameShape):
    """e to the power x: x (any shape) -> y, same shape and dtype."""

    stem: ClassVar[str] = "exp"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.multiply import Multiply

        return (Multiply()(gradients[0], outputs[0]),)
