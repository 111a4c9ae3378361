"""conv2d_pooled_input_gradient: gradient of conv2d_pooled by its input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastconv.primitives.base import Cost, Spec
from fastconv.primitives.conv2d import ConvGeometry, conv_cost
from fastconv.runtime.errors import ShapeError


@dataclass(frozen=True, kw_only=True)
class Conv2dPooledInputGradient(ConvGeometry):
    """dy (n, p // 2, q // 2, k), argmax (the same, uint8), filter (r, s, c / groups, k)
    -> dx (n, input_h, input_w, c).
    """

    stem: ClassVar[str] = "conv2d_pooled_input_gradient"
    input_h: int
    input_w: int

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        dy, argmax, filters = inputs
        r, s, depth, k = filters.shape
        p, q = self.output_size(self.input_h, self.input_w, r, s)
        expected = (dy.shape[0], p // 2, q // 2, k)  # type: ignore[operator]
        for spec in (dy, argmax):
            if spec.shape != expected:
                raise ShapeError(
                    f"{self.stem}: expected a gradient and an argmax of {expected}, came {spec.shape}."
                )
        return (Spec(dy.dtype, (dy.shape[0], self.input_h, self.input_w, depth * self.groups)),)

    def cost(self, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Cost:
        whole = Spec(inputs[0].dtype, (4, *inputs[0].shape))
        return conv_cost(whole, inputs[2], inputs, outputs)
