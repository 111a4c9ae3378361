"""transpose: the axes in another order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import Primitive, Spec
from fastconv.runtime.errors import ShapeError


@dataclass(frozen=True)
class Transpose(Primitive):
    """x with its axes in another order: axis i of y is axis axes[i] of x.  Any dtype."""

    stem: ClassVar[str] = "transpose"
    axes: tuple[int, ...]

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        x = inputs[0]
        if sorted(self.axes) != list(range(len(x.shape))):
            raise ShapeError(
                f"transpose: expected each axis from 0 to {len(x.shape) - 1} once, came {self.axes} "
                f"for an input of shape {x.shape}."
            )
        return (Spec(x.dtype, tuple(x.shape[axis] for axis in self.axes)),)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        back = tuple(self.axes.index(axis) for axis in range(len(self.axes)))
        return (Transpose(back)(gradients[0]),)
