"""exp's cases."""

from fastconv.primitives import Exp
from fastconv.testing.cases import Case, Input
from fastconv.testing.elementwise import SPECIAL, each_shape
from fastconv.testing.suite import PrimitiveTests


def all_sizes(random, shape):
    return random.uniform(-90, 90, shape)


CASES = [
    *each_shape(Exp(), "normal"),
    Case("numbers of all sizes", Exp(), Input((5, 301), all_sizes), differentiable=False),
    Case("ends of the range, zeros, infinities", Exp(), SPECIAL, differentiable=False),
]


class TestExp(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        return torch.exp(x) if (x < 88).all() else None  # infinity begins later in float64
