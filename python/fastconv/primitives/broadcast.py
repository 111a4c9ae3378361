"""broadcast: a smaller tensor repeated to a larger shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import Primitive, Spec
from fastconv.runtime.errors import ShapeError


@dataclass(frozen=True)
class Broadcast(Primitive):
    """x repeated to `shape` by NumPy's rules: axes are compared from the last on, and a missing one, or one of
    size 1, is repeated.  Any dtype.
    """

    stem: ClassVar[str] = "broadcast"
    shape: tuple[int, ...]

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        x = inputs[0]
        missing = len(self.shape) - len(x.shape)
        if missing < 0 or any(a not in (None, 1, b) for a, b in zip(x.shape, self.shape[missing:])):
            raise ShapeError(f"broadcast: expected a shape that repeats to {self.shape}, came {x.shape}.")
        return (Spec(x.dtype, self.shape),)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.reduce_sum import ReduceSum
        from fastconv.primitives.reshape import Reshape

        shape = tuple(inputs[0].shape)
        aligned = (1,) * (len(self.shape) - len(shape)) + shape
        axes = tuple(i for i, (a, b) in enumerate(zip(aligned, self.shape)) if a == 1 and b != 1)
        total = ReduceSum(axes, True)(gradients[0]) if axes else gradients[0]
        return (Reshape(shape)(total),)
