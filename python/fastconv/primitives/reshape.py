"""reshape: the same elements in the same order under another shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import Primitive, Spec
from fastconv.runtime.errors import ShapeError


@dataclass(frozen=True)
class Reshape(Primitive):
    """x with another shape.  In `shape`, one -1 stands for what is left, and 0 keeps the size of the input's axis
    at that place.  Any dtype.
    """

    stem: ClassVar[str] = "reshape"
    shape: tuple[int, ...]

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        x = inputs[0]
        if self.shape.count(-1) > 1 or min(self.shape, default=0) < -1:
            raise ShapeError(
                f"reshape: expected at most one -1 and no other negative size, came {self.shape}."
            )
        if any(size == 0 and axis >= len(x.shape) for axis, size in enumerate(self.shape)):
            raise ShapeError(
                f"reshape: expected an axis of the input for each 0 of {self.shape}, came {x.shape}."
            )
        sizes = [x.shape[axis] if size == 0 else size for axis, size in enumerate(self.shape)]
        # Axes that are kept leave the comparison: their size may not be known yet.
        kept = {axis for axis, size in enumerate(self.shape) if size == 0}
        known = [size for axis, size in enumerate(x.shape) if axis not in kept]
        asked = math.prod(size for axis, size in enumerate(self.shape) if axis not in kept and size != -1)
        if None in known:
            return (Spec(x.dtype, tuple(None if size == -1 else size for size in sizes)),)
        count = math.prod(known)
        if -1 in self.shape:
            if asked == 0 or count % asked:
                raise ShapeError(
                    f"reshape: expected a multiple of {asked} elements for {self.shape}, came {x.shape}."
                )
            return (Spec(x.dtype, tuple(count // asked if size == -1 else size for size in sizes)),)
        if count != asked:
            raise ShapeError(f"reshape: expected as many elements as in {self.shape}, came {x.shape}.")
        return (Spec(x.dtype, tuple(sizes)),)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        return (Reshape(tuple(-1 if size is None else size for size in inputs[0].shape))(gradients[0]),)
