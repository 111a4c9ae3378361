"""conv2d_pooled_filter_gradient's cases."""

from fastconv.testing.conv_cases import ConvShape
from fastconv.testing.pooled_cases import SHAPES, filter_gradient
from fastconv.testing.suite import PrimitiveTests

CASES = [
    *[filter_gradient(shape) for shape in SHAPES],
    filter_gradient(ConvShape("no bias", (2, 10, 14, 16), (3, 3), 32), bias=False),
    filter_gradient(ConvShape("NaN passed on", (2, 10, 14, 16), (3, 3), 32), fill="nan"),
]


class TestConv2dPooledFilterGradient(PrimitiveTests):
    cases = CASES
    batched = ()
