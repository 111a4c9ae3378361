"""conv2d's cases."""

import numpy as np
import pytest

from fastconv.primitives import Conv2d, Spec
from fastconv.primitives.conv2d import resolve_padding
from fastconv.runtime.errors import ArgumentError, ShapeError
from fastconv.testing.conv_cases import SHAPES, ConvShape
from fastconv.testing.network_shapes import NETWORKS
from fastconv.testing.suite import PrimitiveTests

SAME = {"kernel": (3, 3), "padding": "same"}


def two_full_nans(random, shape):
    """Normal but for two NaN of all bits, the second negative; half a unit added to their bits makes numbers of them."""
    values = random.standard_normal(shape).astype(np.float32)
    bits = values.reshape(-1).view(np.uint32)
    bits[len(bits) // 3], bits[len(bits) // 2] = 0x7FFFFFFF, 0xFFFFFFFF
    return values


CASES = [
    *[shape.forward() for shape in SHAPES],
    ConvShape("bias", (2, 9, 8, 16), k=32, **SAME).forward(bias=True),
    ConvShape("bias and ReLU", (2, 9, 8, 16), k=32, **SAME).forward(bias=True, activation="relu"),
    ConvShape("ReLU alone", (1, 9, 8, 32), k=64, **SAME).forward(activation="relu"),
    ConvShape("residual", (1, 8, 8, 16), k=16, **SAME).forward(residual=True),
    ConvShape("bias, residual and ReLU", (2, 8, 9, 64), k=64, **SAME).forward(
        bias=True, residual=True, activation="relu"
    ),
    ConvShape("bias, residual and ReLU, no multiple of a vector", (2, 8, 9, 5), k=19, **SAME).forward(
        bias=True, residual=True, activation="relu"
    ),
    ConvShape("1x1, bias, residual and ReLU", (2, 7, 7, 64), (1, 1), 128).forward(
        bias=True, residual=True, activation="relu"
    ),
    ConvShape("1x1 to one channel, bias and sigmoid", (2, 6, 6, 16), (1, 1), 1).forward(
        bias=True, activation="sigmoid"
    ),
    ConvShape("sigmoid alone", (1, 6, 6, 16), k=17, **SAME).forward(activation="sigmoid"),
    ConvShape("first layer: bias and ReLU", (2, 15, 17, 3), (3, 3), 32).forward(bias=True, activation="relu"),
    ConvShape("stride 2, bias and ReLU", (1, 9, 9, 16), (3, 3), 32, stride=(2, 2)).forward(
        bias=True, activation="relu"
    ),
    ConvShape("groups, bias and ReLU", (1, 8, 8, 16), (3, 3), 16, groups=2).forward(
        bias=True, activation="relu"
    ),
    ConvShape("NaN passed on", (2, 9, 8, 16), k=32, **SAME).forward(fill="nan"),
    ConvShape("NaN passed on through ReLU", (2, 9, 8, 3), k=32, **SAME).forward(
        fill="nan", activation="relu"
    ),
    ConvShape("two NaN of all bits", (2, 9, 8, 16), k=32, **SAME).forward(fill=two_full_nans),
]


class TestConv2d(PrimitiveTests):
    cases = CASES
    networks = tuple(shape.forward(bias=True, activation="relu") for shape in NETWORKS)

    def batched(primitive):
        return (0, 2 + primitive.bias) if primitive.residual else (0,)

    def with_torch(torch, primitive, x, filters, *extra):
        a = primitive
        x = torch.nn.functional.pad(x.permute(0, 3, 1, 2), (a.pad_left, a.pad_right, a.pad_top, a.pad_bottom))
        y = torch.nn.functional.conv2d(
            x,
            filters.permute(3, 2, 0, 1),
            stride=(a.stride_h, a.stride_w),
            dilation=(a.dilation_h, a.dilation_w),
            groups=a.groups,
        ).permute(0, 2, 3, 1)
        y = sum(extra, y)
        return {"none": lambda y: y, "relu": torch.relu, "sigmoid": torch.sigmoid}[a.activation](y)


@pytest.mark.parametrize(
    ("padding", "size", "kernel", "stride", "dilation", "expected"),
    [
        ("valid", 10, 3, 2, 1, (0, 0)),
        ("same", 10, 3, 1, 1, (1, 1)),
        ("same", 10, 3, 2, 1, (0, 1)),
        ("same", 9, 3, 2, 1, (1, 1)),
        ("same", 10, 2, 1, 1, (0, 1)),
        ("same", 10, 3, 1, 2, (2, 2)),
        ("same", 10, 1, 3, 1, (0, 0)),
        ("same", None, 3, 1, 1, (1, 1)),
        (2, 10, 3, 1, 1, (2, 2)),
        ((0, 3), 10, 3, 1, 1, (0, 3)),
    ],
)
def test_padding(padding, size, kernel, stride, dilation, expected):
    assert resolve_padding(padding, size, kernel, stride, dilation) == expected


def test_unknown_axes():
    primitive = Conv2d(stride_h=2, stride_w=2, pad_bottom=1, pad_right=1)
    x, filters = Spec("float32", (None, None, 150, 3)), Spec("float32", (3, 3, 3, 32))
    assert primitive.shapes([x, filters]) == (Spec("float32", (None, None, 75, 32)),)


@pytest.mark.parametrize(
    ("primitive", "shapes", "message"),
    [
        (Conv2d(), [(1, 150, 150), (3, 3, 3, 8)],
         "conv2d: expected an input of 4 axes (batch, height, width, channels), came (1, 150, 150)."),
        (Conv2d(), [(1, 9, 9, 1), (3, 3, 3, 8)],
         "conv2d: expected 3 channels on the last axis, came 1 in (1, 9, 9, 1)."),
        (Conv2d(), [(1, 2, 9, 3), (3, 3, 3, 8)],
         "conv2d: expected an input at least as large as the filter, which reaches over 3 pixels of height; came 2."),
        (Conv2d(pad_left=1, dilation_w=2), [(1, 3, 3, 3), (3, 3, 3, 8)],
         ("conv2d: expected an input at least as large as the filter, which reaches over 5 pixels of width; came 4 "
          "(3 and 1 of padding).")),
        (Conv2d(groups=2), [(1, 9, 9, 4), (3, 3, 2, 7)],
         "conv2d: expected output channels that 2 groups divide, came 7."),
        (Conv2d(bias=True), [(1, 9, 9, 4), (3, 3, 4, 8), (4,)],
         "conv2d: expected a bias of shape (8,), came (4,)."),
        (Conv2d(residual=True), [(1, 9, 9, 4), (3, 3, 4, 8)],
         "conv2d: expected 3 inputs, came 2."),
    ],
)  # fmt: skip
def test_wrong_shapes(primitive, shapes, message):
    with pytest.raises(ShapeError) as caught:
        primitive.shapes([Spec("float32", shape) for shape in shapes])
    assert str(caught.value) == message


def test_wrong_padding():
    with pytest.raises(ArgumentError) as caught:
        resolve_padding("full", 9, 3, 1, 1)
    assert str(caught.value) == "padding: expected 'valid', 'same', a number or a pair; came 'full'."
    with pytest.raises(ShapeError) as caught:
        resolve_padding("same", None, 3, 2, 1)
    assert str(caught.value) == (
        "padding 'same' with stride 2 depends on the size of the input, which is not known here. "
        "Give the input's height and width, or pad by numbers."
    )
