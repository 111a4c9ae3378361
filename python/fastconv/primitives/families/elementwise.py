"""Element-wise primitives: of inputs of one shape, and of two inputs that broadcast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import Primitive, Shape, Spec
from fastconv.runtime.errors import ArgumentError, ShapeError


@dataclass(frozen=True)
class SameShape(Primitive):
    """Inputs of one shape, output of the shape and dtype of the first."""

    elementwise: ClassVar[bool] = True

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        shape = inputs[0].shape
        for other in inputs[1:]:
            shape = same_shape(self.stem, shape, other.shape)
        return (Spec(inputs[0].dtype, shape),)


@dataclass(frozen=True)
class Broadcast(Primitive):
    """Two inputs of one dtype whose shapes broadcast as NumPy's do."""

    elementwise: ClassVar[bool] = True

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        a, b = inputs
        if a.dtype != b.dtype:
            raise ArgumentError(
                f"{self.stem}: expected two tensors of one dtype; came {a.dtype} and {b.dtype}. "
                "Cast one of them first."
            )
        return (Spec(a.dtype, broadcast_shape(self.stem, a.shape, b.shape)),)


@dataclass(frozen=True)
class Choice(Broadcast):
    """One of two numbers: a where `a relation b` holds, b elsewhere.  It takes the whole gradient."""

    relation: ClassVar[str]

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.cast import Cast
        from fastconv.primitives.compare import Compare
        from fastconv.primitives.relu_gradient import ReluGradient
        from fastconv.primitives.rescale import Rescale

        a, b = inputs
        dy = gradients[0]
        from_a = Cast(dtype=str(dy.dtype))(Compare(relation=self.relation)(a, b))
        from_b = Rescale(scale=-1.0, offset=1.0)(from_a)
        return (
            summed_to(ReluGradient()(dy, from_a), a.shape, outputs[0].shape),
            summed_to(ReluGradient()(dy, from_b), b.shape, outputs[0].shape),
        )


def same_shape(stem: str, a: Shape, b: Shape) -> Shape:
    """The shape of both; an axis that one does not know is the other's."""
    if len(a) != len(b) or any(x != y for x, y in zip(a, b, strict=True) if x is not None and y is not None):
        raise ShapeError(f"{stem}: expected inputs of one shape; came {a} and {b}.")
    return tuple(y if x is None else x for x, y in zip(a, b, strict=True))


def broadcast_shape(stem: str, a: Shape, b: Shape) -> Shape:
    """NumPy's rule.  An axis that is not known yet is taken to be the other's size, or not 1."""
    rank = max(len(a), len(b))
    wide_a, wide_b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    return tuple(_broadcast_axis(stem, a, b, x, y) for x, y in zip(wide_a, wide_b, strict=True))


def _broadcast_axis(stem: str, a: Shape, b: Shape, x: int | None, y: int | None) -> int | None:
    if x == 1:
        return y
    if y == 1 or x == y:
        return x
    if x is None:
        return y
    if y is None:
        return x
    raise ShapeError(
        f"{stem}: expected shapes that broadcast (from the last axis on, equal or 1); came {a} and {b}."
    )


def summed_to(gradient: Any, shape: Shape, output_shape: Shape) -> Any:
    """Gradient of a broadcast input of `shape`: the sum over the axes along which it was repeated."""
    added = len(output_shape) - len(shape)
    if added:
        gradient = _sum(gradient, tuple(range(added)), keepdims=False)
    repeated = tuple(
        axis
        for axis, (size, whole) in enumerate(zip(shape, output_shape[added:], strict=True))
        if size == 1 and whole != 1
    )
    return _sum(gradient, repeated, keepdims=True) if repeated else gradient


def _sum(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    from fastconv.primitives.reduce_sum import ReduceSum

    return ReduceSum(axes=axes, keepdims=keepdims)(x)


def times(gradient: Any, factor: float) -> Any:
    """gradient * factor."""
    from fastconv.primitives.rescale import Rescale

    return Rescale(scale=factor, offset=0.0)(gradient)


def no_second_gradient(stem: str) -> tuple[Any, ...]:
    """For gradient primitives that have no gradient rule of their own: an error, never a silent zero."""
    raise ArgumentError(
        f"{stem}: expected to be differentiated once; a gradient of a gradient through it was asked for. "
        "Take gradients of the loss itself."
    )
