"""conv2d_filter_gradient: gradient of conv2d by its filter, and by its bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import Cost, Spec
from fastconv.primitives.conv2d import Conv2d, ConvGeometry, conv_cost
from fastconv.runtime.errors import ShapeError


@dataclass(frozen=True, kw_only=True)
class Conv2dFilterGradient(ConvGeometry):
    """Gradient of conv2d by its filter: x (n, h, w, c), dy (n, p, q, k) -> dfilter (filter_h, filter_w, c / groups, k)
    and, if `bias`, dbias (k), the sum of dy over n, p and q.
    """

    stem: ClassVar[str] = "conv2d_filter_gradient"
    filter_h: int
    filter_w: int
    bias: bool = False

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        x, dy = inputs
        n, h, w, c = x.shape
        expected = (n, *self.output_size(h, w, self.filter_h, self.filter_w))
        if dy.shape[:3] != expected:
            raise ShapeError(
                f"conv2d_filter_gradient: expected a gradient of (batch, height, width) {expected}, "
                f"came {dy.shape[:3]}."
            )
        k = dy.shape[3]
        dfilter = Spec(x.dtype, (self.filter_h, self.filter_w, c // self.groups, k))
        return (dfilter, Spec(x.dtype, (k,))) if self.bias else (dfilter,)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.conv2d_input_gradient import Conv2dInputGradient

        x, dy = inputs
        dfilter, dbias = (*gradients, None)[:2]
        if dfilter is None:
            return None, _spread(dbias, dy)
        of_x = Conv2dInputGradient(**self.geometry(), input_h=x.shape[1], input_w=x.shape[2])(dy, dfilter)
        if dbias is None:
            return of_x, Conv2d(**self.geometry())(x, dfilter)
        return of_x, Conv2d(**self.geometry(), bias=True)(x, dfilter, dbias)

    def cost(self, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Cost:
        return conv_cost(inputs[1], outputs[0], inputs, outputs)


def _spread(dbias: Any, dy: Any) -> Any:
    from fastconv.primitives.broadcast import Broadcast

    return Broadcast(shape=tuple(dy.shape))(dbias)
