"""conv2d_pooled_filter_gradient: gradient of conv2d_pooled by its filter, and by its bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastconv.primitives.base import Cost, Spec
from fastconv.primitives.conv2d import ConvGeometry, conv_cost
from fastconv.runtime.errors import ShapeError


@dataclass(frozen=True, kw_only=True)
class Conv2dPooledFilterGradient(ConvGeometry):
    """x (n, h, w, c), dy (n, p // 2, q // 2, k), argmax (the same, uint8) -> dfilter (filter_h, filter_w,
    c / groups, k) and, if `bias`, dbias (k), the sum of dy where a gradient passes.
    """

    stem: ClassVar[str] = "conv2d_pooled_filter_gradient"
    filter_h: int
    filter_w: int
    bias: bool = False

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        x, dy, argmax = inputs
        n, h, w, c = x.shape
        p, q = self.output_size(h, w, self.filter_h, self.filter_w)
        expected = (n, p // 2, q // 2)  # type: ignore[operator]
        for spec in (dy, argmax):
            if spec.shape[:3] != expected:
                raise ShapeError(
                    f"{self.stem}: expected a gradient and an argmax of {expected}, came {spec.shape[:3]}."
                )
        k = dy.shape[3]
        dfilter = Spec(x.dtype, (self.filter_h, self.filter_w, c // self.groups, k))
        return (dfilter, Spec(x.dtype, (k,))) if self.bias else (dfilter,)

    def cost(self, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Cost:
        whole = Spec(inputs[1].dtype, (4, *inputs[1].shape))
        return conv_cost(whole, outputs[0], inputs, outputs)
