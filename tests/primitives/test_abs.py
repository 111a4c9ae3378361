"""abs's cases."""

from fastconv.primitives import Abs
from fastconv.testing.cases import Case, Input
from fastconv.testing.elementwise import each_shape
from fastconv.testing.suite import PrimitiveTests

CASES = [
    *each_shape(Abs(), "normal"),
    Case("zero and its sign", Abs(), Input((2, 33), "steps"), differentiable=False),
    Case("stored past the caches, and a tail", Abs(), (2**22 + 5,), differentiable=False),
]


class TestAbs(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        return torch.abs(x)
