"""rescale: y = x scale + offset, in float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import Primitive, Spec
from fastconv.runtime.errors import ArgumentError


@dataclass(frozen=True)
class Rescale(Primitive):
    """x times a number plus a number: x (any shape; float32, uint8, int32 or int64) -> y, float32.

    scale: what x is multiplied with.  offset: what is added then.
    """

    scale: float
    offset: float = 0.0

    stem: ClassVar[str] = "rescale"
    elementwise: ClassVar[bool] = True

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        if inputs[0].dtype not in ("float32", "uint8", "int32", "int64"):
            raise ArgumentError(
                f"rescale: expected float32, uint8, int32 or int64; came {inputs[0].dtype}. Cast it first."
            )
        return (Spec("float32", inputs[0].shape),)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        if not str(inputs[0].dtype).startswith("float"):
            return (None,)
        return (Rescale(scale=self.scale, offset=0.0)(gradients[0]),)
