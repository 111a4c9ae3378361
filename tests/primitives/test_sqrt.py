"""sqrt's cases."""

from fastconv.primitives import Sqrt
from fastconv.testing.cases import Case, Input
from fastconv.testing.elementwise import SPECIAL, each_shape
from fastconv.testing.suite import PrimitiveTests


def above_zero(random, shape):
    return random.uniform(0.5, 5, shape)


def all_sizes(random, shape):
    return 10 ** random.uniform(-37, 38, shape)


CASES = [
    *each_shape(Sqrt(), above_zero),
    Case("numbers of all sizes", Sqrt(), Input((5, 301), all_sizes), differentiable=False),
    Case("ends of the range, zeros, infinities", Sqrt(), SPECIAL, differentiable=False),
]


class TestSqrt(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        return torch.sqrt(x)
