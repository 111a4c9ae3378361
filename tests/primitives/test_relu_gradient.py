"""relu_gradient's cases."""

from fastconv.primitives import ReluGradient
from fastconv.testing.cases import Case, Input
from fastconv.testing.elementwise import each_shape
from fastconv.testing.suite import PrimitiveTests

CASES = [
    *each_shape(ReluGradient(), "normal", "normal"),
    Case("zeros pass nothing", ReluGradient(), (2, 33), Input((2, 33), "steps"), differentiable=False),
]


class TestReluGradient(PrimitiveTests):
    cases = CASES
    batched = (0, 1)

    def with_torch(torch, primitive, dy, y):
        return torch.where(y <= 0, 0.0, dy)
