"""conv2d_filter_gradient's cases."""

import pytest

from fastconv.primitives import Conv2dFilterGradient, Spec
from fastconv.runtime.errors import ShapeError
from fastconv.testing.conv_cases import SHAPES, ConvShape
from fastconv.testing.network_shapes import NETWORKS
from fastconv.testing.suite import PrimitiveTests

CASES = [
    *[shape.filter_gradient() for shape in SHAPES],
    ConvShape("3x3 same with bias", (2, 9, 8, 16), (3, 3), 32, padding="same").filter_gradient(bias=True),
    ConvShape("3x3 same with bias, large", (1, 20, 20, 64), (3, 3), 64, padding="same").filter_gradient(
        bias=True
    ),
    ConvShape("first layer with bias", (2, 15, 17, 3), (3, 3), 32).filter_gradient(bias=True),
    ConvShape("1x1 with bias", (2, 7, 7, 64), (1, 1), 128).filter_gradient(bias=True),
    ConvShape("5 to 17 with bias", (2, 7, 7, 5), (3, 3), 17, stride=(2, 2)).filter_gradient(bias=True),
    ConvShape("groups with bias", (2, 7, 7, 8), (3, 3), 16, groups=2).filter_gradient(bias=True),
    ConvShape("NaN passed on", (2, 9, 8, 16), (3, 3), 32, padding="same").filter_gradient(
        bias=True, fill="nan"
    ),
]


class TestConv2dFilterGradient(PrimitiveTests):
    cases = CASES
    networks = tuple(shape.filter_gradient(bias=True) for shape in NETWORKS)
    batched = ()

    def with_torch(torch, primitive, x, dy):
        a = primitive
        x = torch.nn.functional.pad(x.permute(0, 3, 1, 2), (a.pad_left, a.pad_right, a.pad_top, a.pad_bottom))
        dy = dy.permute(0, 3, 1, 2)
        shape = (dy.shape[1], x.shape[1] // a.groups, a.filter_h, a.filter_w)
        filters = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
        y = torch.nn.functional.conv2d(
            x,
            filters,
            stride=(a.stride_h, a.stride_w),
            dilation=(a.dilation_h, a.dilation_w),
            groups=a.groups,
        )
        y.backward(dy)
        dfilter = filters.grad.permute(2, 3, 1, 0)
        return (dfilter, dy.sum((0, 2, 3))) if a.bias else dfilter


def test_wrong_gradient():
    with pytest.raises(ShapeError) as caught:
        Conv2dFilterGradient(filter_h=3, filter_w=3).shapes(
            [Spec("float32", (2, 9, 9, 4)), Spec("float32", (1, 7, 7, 8))]
        )
    assert str(caught.value) == (
        "conv2d_filter_gradient: expected a gradient of (batch, height, width) (2, 7, 7), came (1, 7, 7)."
    )
