"""conv2d_pooled_input_gradient's cases."""

from fastconv.testing.conv_cases import ConvShape
from fastconv.testing.pooled_cases import SHAPES, input_gradient
from fastconv.testing.suite import PrimitiveTests

CASES = [
    *[input_gradient(shape) for shape in SHAPES],
    input_gradient(ConvShape("NaN passed on", (2, 10, 14, 16), (3, 3), 32), fill="nan"),
]


class TestConv2dPooledInputGradient(PrimitiveTests):
    cases = CASES
    batched = (0, 1)
