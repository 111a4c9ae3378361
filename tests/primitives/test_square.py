"""square's cases."""

from fastconv.primitives import Square
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

CASES = [
    Case("one element", Square(), (1,)),
    Case("a scalar without axes", Square(), ()),
    Case("no elements", Square(), (0, 3)),
    Case("no multiple of a vector", Square(), (3, 5, 7, 17)),
    Case("several blocks and a tail", Square(), (3, 11000)),
    Case("NaN passed on", Square(), Input((2, 9, 9, 3), fill="nan"), differentiable=False),
]  # fmt: skip


class TestSquare(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        return torch.square(x)
