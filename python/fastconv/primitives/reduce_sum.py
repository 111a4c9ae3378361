"""reduce_sum: the sum over some axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import Cost, Primitive, Shape, Spec
from fastconv.runtime.errors import ShapeError


@dataclass(frozen=True)
class Reduction(Primitive):
    """What the reductions share: axes from 0 on, each once; keepdims leaves them with size 1."""

    axes: tuple[int, ...]
    keepdims: bool = False

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        x = inputs[0]
        if len(set(self.axes)) != len(self.axes) or any(not 0 <= axis < len(x.shape) for axis in self.axes):
            raise ShapeError(
                f"{self.stem}: expected axes from 0 to {len(x.shape) - 1}, each at most once, came {self.axes} "
                f"for an input of shape {x.shape}."
            )
        return (Spec(x.dtype, self.kept(x.shape) if self.keepdims else self.left(x.shape)),)

    def kept(self, shape: Shape) -> Shape:
        """The shape with the reduced axes at size 1."""
        return tuple(1 if axis in self.axes else size for axis, size in enumerate(shape))

    def left(self, shape: Shape) -> Shape:
        """The shape without the reduced axes."""
        return tuple(size for axis, size in enumerate(shape) if axis not in self.axes)

    def spread(self, x: Any, gradient: Any) -> Any:
        """The gradient of the output, for each element of the input that went into it."""
        from fastconv.primitives.broadcast import Broadcast
        from fastconv.primitives.reshape import Reshape

        if not self.keepdims:
            gradient = Reshape(self.kept(x.shape))(gradient)
        return Broadcast(tuple(x.shape))(gradient)

    def cost(self, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Cost:
        return Cost(float(inputs[0].size), float(inputs[0].nbytes + outputs[0].nbytes))


@dataclass(frozen=True)
class ReduceSum(Reduction):
    """Sum over `axes`: x (any shape) -> y, without these axes, or with size 1 there if `keepdims`.

    Summed in blocks of fixed length and order: the same bits for any number of threads.
    """

    stem: ClassVar[str] = "reduce_sum"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        return (self.spread(inputs[0], gradients[0]),)
