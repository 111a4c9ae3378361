"""dense_weight_gradient: gradient of dense by its weights, and by its bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import Cost, Primitive, Spec
from fastconv.primitives.dense import Dense, product_cost
from fastconv.runtime.errors import ShapeError


@dataclass(frozen=True)
class DenseWeightGradient(Primitive):
    """Gradient of dense by its weights: x (m, k), dy (m, n) -> dw (k, n), the product of x transposed and dy;
    and, if `bias`, dbias (n), the sum of dy over m.
    """

    stem: ClassVar[str] = "dense_weight_gradient"
    bias: bool = False

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        x, dy = inputs
        if x.shape[0] != dy.shape[0]:
            raise ShapeError(
                f"dense_weight_gradient: expected one batch size, came {x.shape} and {dy.shape}."
            )
        dw = Spec(x.dtype, (x.shape[1], dy.shape[1]))
        return (dw, Spec(x.dtype, (dy.shape[1],))) if self.bias else (dw,)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.broadcast import Broadcast
        from fastconv.primitives.dense_input_gradient import DenseInputGradient

        x, dy = inputs
        dw, dbias = (*gradients, None)[:2]
        if dw is None:
            return None, Broadcast(tuple(dy.shape))(dbias)
        of_x = DenseInputGradient()(dy, dw)
        return of_x, Dense()(x, dw) if dbias is None else Dense(bias=True)(x, dw, dbias)

    def cost(self, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Cost:
        return product_cost(outputs[0].size, inputs[0].shape[0], inputs, outputs)
