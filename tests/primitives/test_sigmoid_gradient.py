"""sigmoid_gradient's cases."""

from fastconv.primitives import SigmoidGradient
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

CASES = [
    Case("one element", SigmoidGradient(), (1,), Input((1,), fill="uniform")),
    Case("no elements", SigmoidGradient(), (0, 3), Input((0, 3), fill="uniform")),
    Case("no multiple of a vector", SigmoidGradient(), (3, 5, 7, 17), Input((3, 5, 7, 17), fill="uniform")),
    Case("several blocks and a tail", SigmoidGradient(), (3, 11000), Input((3, 11000), fill="uniform")),
    Case("saturated: no gradient left", SigmoidGradient(), (2, 33), Input((2, 33), fill=1.0)),
    Case("NaN passed on", SigmoidGradient(), Input((2, 33), fill="nan"), Input((2, 33), fill="uniform"), differentiable=False),
]  # fmt: skip


class TestSigmoidGradient(PrimitiveTests):
    cases = CASES
    batched = (0, 1)

    def with_torch(torch, primitive, dy, y):
        return dy * y * (1 - y)
