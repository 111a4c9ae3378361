"""sigmoid_gradient's cases."""

from fastconv.primitives import SigmoidGradient
from fastconv.testing.cases import Case, Input
from fastconv.testing.elementwise import each_shape
from fastconv.testing.suite import PrimitiveTests

CASES = [
    *each_shape(SigmoidGradient(), "normal", "uniform"),
    Case("saturated: no gradient left", SigmoidGradient(), (2, 33), Input((2, 33), 1.0)),
]


class TestSigmoidGradient(PrimitiveTests):
    cases = CASES
    batched = (0, 1)

    def with_torch(torch, primitive, dy, y):
        return dy * y * (1 - y)
