"""dense_input_gradient: gradient of dense by its input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import Cost, Primitive, Spec
from fastconv.primitives.dense import Dense, product_cost
from fastconv.runtime.errors import ShapeError


@dataclass(frozen=True)
class DenseInputGradient(Primitive):
    """Gradient of dense by its input: dy (m, n), w (k, n) -> dx (m, k), the product of dy and w transposed."""

    stem: ClassVar[str] = "dense_input_gradient"

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        dy, w = inputs
        if dy.shape[1] != w.shape[1]:
            raise ShapeError(
                f"dense_input_gradient: expected {w.shape[1]} units on the last axis, came {dy.shape}."
            )
        return (Spec(dy.dtype, (dy.shape[0], w.shape[0])),)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.dense_weight_gradient import DenseWeightGradient

        dy, w = inputs
        return Dense()(gradients[0], w), DenseWeightGradient()(gradients[0], dy)

    def cost(self, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Cost:
        return product_cost(outputs[0].size, inputs[0].shape[1], inputs, outputs)
