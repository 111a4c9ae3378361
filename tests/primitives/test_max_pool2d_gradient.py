"""max_pool2d_gradient's cases: those of max_pool2d, with what it gives."""

import dataclasses

import numpy as np
import pytest

from fastconv.primitives import MaxPool2dGradient, Spec
from fastconv.runtime.errors import ShapeError
from fastconv.testing.cases import Case, Input
from fastconv.testing.pool_cases import CASES as FORWARD
from fastconv.testing.suite import PrimitiveTests


def backward(case, relu=False, fill="normal"):
    """The gradient's case behind one of max_pool2d."""
    h, w = case.values()[0].shape[1:3]
    y, argmax = case.expected()
    primitive = MaxPool2dGradient(**case.primitive.geometry(), input_h=h, input_w=w, relu=relu)
    extra = [y.astype(np.float32)] if relu else []
    label = case.label + ", ReLU before" * relu + ", NaN in the gradient" * (fill == "nan")
    return Case(label, primitive, Input(y.shape, fill), argmax, *extra, differentiable=False)


def large():
    """Written past the caches: 16 MiB and more."""
    primitive = MaxPool2dGradient(
        window_h=2, window_w=2, stride_h=2, stride_w=2, input_h=257, input_w=256, relu=False
    )
    shape = (1, 128, 128, 64)
    argmax = Input(shape, fill=lambda random, shape: random.integers(0, 4, shape), dtype="uint8")
    return [
        Case("large", primitive, shape, argmax, differentiable=False),
        Case("large, ReLU before", dataclasses.replace(primitive, relu=True), shape, argmax, shape,
             differentiable=False),
    ]  # fmt: skip


CASES = [
    *[backward(case) for case in FORWARD],
    *[backward(case, relu=True) for case in FORWARD[1:10]],
    *[backward(case, relu=True) for case in FORWARD if "few values" in case.label],  # y is often just 0
    *[backward(case, relu=True) for case in FORWARD if "NaN" in case.label],
    backward(FORWARD[1], fill="nan"),
    backward(FORWARD[7], fill="nan"),
    *large(),
]


class TestMaxPool2dGradient(PrimitiveTests):
    cases = CASES

    def batched(primitive):
        return (0, 1, 2)


def test_wrong_gradient():
    primitive = FORWARD[1].primitive
    with pytest.raises(ShapeError) as caught:
        MaxPool2dGradient(**primitive.geometry(), input_h=8, input_w=8).shapes(
            [Spec("float32", (1, 8, 8, 3)), Spec("uint8", (1, 8, 8, 3))]
        )
    assert str(caught.value) == (
        "max_pool2d_gradient: expected a gradient of (height, width, channels) (4, 4, 3), came (8, 8, 3)."
    )
