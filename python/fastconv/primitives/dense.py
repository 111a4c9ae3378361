"""dense: every output is a weighted sum of all inputs; bias, sum and activation may follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import Cost, Primitive, Spec
from fastconv.primitives.conv2d import through_activation
from fastconv.runtime.errors import ShapeError


@dataclass(frozen=True)
class Dense(Primitive):
    """Matrix product: x (m, k), w (k, n) and, if `bias`, bias (n), and, if `residual`, residual (m, n) -> y (m, n).

    y = activation(x w + bias + residual); activation: "none", "relu" or "sigmoid".
    """

    stem: ClassVar[str] = "dense"
    bias: bool = False
    residual: bool = False
    activation: str = "none"

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        x, w = inputs[0], inputs[1]
        if len(x.shape) != 2:
            raise ShapeError(f"dense: expected an input of 2 axes (batch, features), came {x.shape}.")
        if len(w.shape) != 2:
            raise ShapeError(f"dense: expected a matrix of 2 axes (features, units), came {w.shape}.")
        if x.shape[1] is None:
            raise ShapeError(f"dense: expected a known number of features on the last axis, came {x.shape}.")
        if x.shape[1] != w.shape[0]:
            raise ShapeError(
                f"dense: expected {w.shape[0]} features on the last axis, came {x.shape[1]} in {x.shape}."
            )
        y = Spec(x.dtype, (x.shape[0], w.shape[1]))
        expected = [("bias", (w.shape[1],))] * self.bias + [("residual", y.shape)] * self.residual
        if len(inputs) != 2 + len(expected):
            raise ShapeError(f"dense: expected {2 + len(expected)} inputs, came {len(inputs)}.")
        for (name, shape), spec in zip(expected, inputs[2:]):
            if spec.shape != shape:
                raise ShapeError(f"dense: expected a {name} of shape {shape}, came {spec.shape}.")
        return (y,)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.dense_input_gradient import DenseInputGradient
        from fastconv.primitives.dense_weight_gradient import DenseWeightGradient

        dy = through_activation(self.activation, outputs[0], gradients[0])
        dx = DenseInputGradient()(dy, inputs[1])
        of_weight = DenseWeightGradient(bias=self.bias)(inputs[0], dy)
        of_weight = of_weight if self.bias else (of_weight,)
        return (dx, *of_weight, dy) if self.residual else (dx, *of_weight)

    def cost(self, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Cost:
        return product_cost(outputs[0].size, inputs[0].shape[1], inputs, outputs)


def product_cost(elements: int, depth: Any, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Cost:
    """Two operations for each element and step of the sum; every tensor moved once."""
    return Cost(2.0 * elements * depth, float(sum(spec.nbytes for spec in [*inputs, *outputs])))
