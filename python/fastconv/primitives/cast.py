"""cast: x in another dtype."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import ITEM_BYTES, Primitive, Spec
from fastconv.runtime.errors import ArgumentError


@dataclass(frozen=True)
class Cast(Primitive):
    """x (any shape) in another dtype.

    To a whole dtype, fractions are cut off; what is out of its range becomes the nearest end, NaN becomes 0.  Whole
    numbers wrap around in a narrower whole dtype.  To bool: whether x is not 0.

    dtype: float32, float64, int32, int64, uint8 or bool.
    """

    dtype: str

    stem: ClassVar[str] = "cast"
    elementwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.dtype not in ITEM_BYTES:
            raise ArgumentError(f"cast: expected one of {', '.join(ITEM_BYTES)}; came {self.dtype!r}.")

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        return (Spec(self.dtype, inputs[0].shape),)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        if not (self.dtype.startswith("float") and str(inputs[0].dtype).startswith("float")):
            return (None,)
        return (Cast(str(inputs[0].dtype))(gradients[0]),)
