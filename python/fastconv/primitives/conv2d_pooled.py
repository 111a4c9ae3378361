"""conv2d_pooled: a convolution, ReLU and 2x2 max pooling in one step; what lies between never exists in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import Cost, Spec
from fastconv.primitives.conv2d import Conv2d, ConvGeometry, conv_cost

NO_GRADIENT = 4  # in argmax: the largest value of the window was not above 0


@dataclass(frozen=True, kw_only=True)
class Conv2dPooled(ConvGeometry):
    """x (n, h, w, c), filter (r, s, c / groups, k) and, if `bias`, bias (k) -> y (n, p // 2, q // 2, k), and argmax
    of the same shape (uint8): which of the four pixels was the largest (0 to 3, the first of equal ones), or 4 where
    y is not above 0, so that no gradient passes.

    y = max over 2x2 windows, 2 apart, of relu(convolution + bias), NaN passed on.
    """

    stem: ClassVar[str] = "conv2d_pooled"
    bias: bool = False

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        (whole,) = Conv2d(**self.geometry(), bias=self.bias).shapes(inputs)
        n, p, q, k = whole.shape
        pooled = (n, None if p is None else p // 2, None if q is None else q // 2, k)
        return Spec(whole.dtype, pooled), Spec("uint8", pooled)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.conv2d_pooled_filter_gradient import Conv2dPooledFilterGradient
        from fastconv.primitives.conv2d_pooled_input_gradient import Conv2dPooledInputGradient

        x, filters = inputs[0], inputs[1]
        dy, argmax = gradients[0], outputs[1]
        size = {"input_h": x.shape[1], "input_w": x.shape[2]}
        dx = Conv2dPooledInputGradient(**self.geometry(), **size)(dy, argmax, filters)
        taps = {"filter_h": filters.shape[0], "filter_w": filters.shape[1]}
        of_filter = Conv2dPooledFilterGradient(**self.geometry(), **taps, bias=self.bias)(x, dy, argmax)
        return (dx, *of_filter) if self.bias else (dx, of_filter)

    def cost(self, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Cost:
        (whole,) = Conv2d(**self.geometry(), bias=self.bias).shapes(inputs)
        return conv_cost(whole, inputs[1], inputs, outputs)
