"""square's cases."""

from fastconv.primitives import Square
from fastconv.testing.elementwise import each_shape
from fastconv.testing.suite import PrimitiveTests

CASES = [
    *each_shape(Square(), "normal"),
]


class TestSquare(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        return torch.square(x)
