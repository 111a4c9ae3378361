"""argmax: where along an axis the largest value is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastconv.primitives.base import Primitive, Spec
from fastconv.runtime.errors import ShapeError


@dataclass(frozen=True)
class Argmax(Primitive):
    """Index of the first largest value along `axis`: x -> y, int64, without that axis.  A NaN counts as largest.

    There is no gradient.
    """

    stem: ClassVar[str] = "argmax"
    axis: int

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        shape = inputs[0].shape
        if not 0 <= self.axis < len(shape):
            raise ShapeError(
                f"argmax: expected an axis from 0 to {len(shape) - 1}, came {self.axis} for an input of shape {shape}."
            )
        if shape[self.axis] == 0:
            raise ShapeError(f"argmax: expected at least one value along axis {self.axis}, came {shape}.")
        return (Spec("int64", shape[: self.axis] + shape[self.axis + 1 :]),)
