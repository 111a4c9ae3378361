"""Updates of optimisers: parameter, gradient, state -> parameter, state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastconv.primitives.base import Primitive, Spec
from fastconv.runtime.errors import ArgumentError, ShapeError


@dataclass(frozen=True)
class Update(Primitive):
    """(parameter, gradient, states .., numbers of the step ..) -> (parameter', states' ..).

    Each output may lie over the input of its meaning: in a plan's closing block that is the variable itself.
    """

    def state_count(self) -> int:
        """How many tensors of the parameter's shape the update keeps."""
        raise NotImplementedError

    def scalars(self) -> tuple[str, ...]:
        """Dtypes of the numbers of the step; first the learning rate."""
        return ("float32",)

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        tensors = 2 + self.state_count()
        scalars = [Spec(dtype, ()) for dtype in self.scalars()]
        if len(inputs) != tensors + len(scalars):
            raise ArgumentError(
                f"{self.stem}: expected {tensors + len(scalars)} inputs with these attributes; came {len(inputs)}."
            )
        for spec in inputs[1:tensors]:
            if spec != inputs[0]:
                raise ShapeError(
                    f"{self.stem}: expected gradient and state like the parameter, {inputs[0].dtype} "
                    f"{inputs[0].shape}; came {spec.dtype} {spec.shape}."
                )
        for spec, expected in zip(inputs[tensors:], scalars, strict=True):
            if spec != expected:
                raise ShapeError(
                    f"{self.stem}: expected a scalar {expected.dtype}; came {spec.dtype} {spec.shape}."
                )
        return (inputs[0],) * (tensors - 1)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        raise ArgumentError(
            f"{self.stem}: expected to be the end of a step; a gradient through it was asked for."
        )
