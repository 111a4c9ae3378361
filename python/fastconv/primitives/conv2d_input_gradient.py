"""conv2d_input_gradient: gradient of conv2d by its input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import Cost, Spec
from fastconv.primitives.conv2d import Conv2d, ConvGeometry, conv_cost
from fastconv.runtime.errors import ShapeError


@dataclass(frozen=True, kw_only=True)
class Conv2dInputGradient(ConvGeometry):
    """Gradient of conv2d by its input: dy (n, p, q, k), filter (r, s, c / groups, k) -> dx (n, input_h, input_w, c).

    It is the transposed convolution too.
    """

    stem: ClassVar[str] = "conv2d_input_gradient"
    input_h: int
    input_w: int

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        dy, filters = inputs
        r, s, depth, k = filters.shape
        n, p, q, channels = dy.shape
        expected = (*self.output_size(self.input_h, self.input_w, r, s), k)
        if (p, q, channels) != expected:
            raise ShapeError(
                f"conv2d_input_gradient: expected a gradient of (height, width, channels) {expected}, "
                f"came {(p, q, channels)}."
            )
        return (Spec(dy.dtype, (n, self.input_h, self.input_w, depth * self.groups)),)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.conv2d_filter_gradient import Conv2dFilterGradient

        dy, filters = inputs
        of_dy = Conv2d(**self.geometry())(gradients[0], filters)
        of_filter = Conv2dFilterGradient(
            **self.geometry(), filter_h=filters.shape[0], filter_w=filters.shape[1], bias=False
        )(gradients[0], dy)
        return of_dy, of_filter

    def cost(self, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Cost:
        return conv_cost(inputs[0], inputs[1], inputs, outputs)
