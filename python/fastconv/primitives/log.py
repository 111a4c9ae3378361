"""log: natural logarithm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import SameShape


@dataclass(frozen=True)
class Log(SameShape):
    """Natural logarithm: x (any shape) -> y, same shape and dtype; -infinity at 0, NaN below."""

    stem: ClassVar[str] = "log"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.divide import Divide

        return (Divide()(gradients[0], inputs[0]),)
