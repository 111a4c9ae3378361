"""conv2d_input_gradient's cases."""

import pytest

from fastconv.primitives import Conv2dInputGradient, Spec
from fastconv.runtime.errors import ShapeError
from fastconv.testing.conv_cases import SHAPES, ConvShape
from fastconv.testing.network_shapes import NETWORKS
from fastconv.testing.suite import PrimitiveTests

CASES = [
    *[shape.input_gradient() for shape in SHAPES],
    ConvShape("NaN passed on", (2, 9, 8, 16), (3, 3), 32, padding="same").input_gradient(fill="nan"),
]


class TestConv2dInputGradient(PrimitiveTests):
    cases = CASES
    networks = tuple(shape.input_gradient() for shape in NETWORKS)

    def with_torch(torch, primitive, dy, filters):
        a = primitive
        h, w = a.input_h + a.pad_top + a.pad_bottom, a.input_w + a.pad_left + a.pad_right
        dx = torch.nn.grad.conv2d_input(
            (dy.shape[0], filters.shape[2] * a.groups, h, w),
            filters.permute(3, 2, 0, 1),
            dy.permute(0, 3, 1, 2),
            stride=(a.stride_h, a.stride_w),
            dilation=(a.dilation_h, a.dilation_w),
            groups=a.groups,
        ).permute(0, 2, 3, 1)
        return dx[:, a.pad_top : a.pad_top + a.input_h, a.pad_left : a.pad_left + a.input_w]


def test_wrong_gradient():
    with pytest.raises(ShapeError) as caught:
        Conv2dInputGradient(input_h=9, input_w=9).shapes(
            [Spec("float32", (1, 9, 9, 8)), Spec("float32", (3, 3, 4, 8))]
        )
    assert str(caught.value) == (
        "conv2d_input_gradient: expected a gradient of (height, width, channels) (7, 7, 8), came (9, 9, 8)."
    )
