"""sigmoid's cases."""

from fastconv.primitives import Sigmoid
from fastconv.testing.cases import Case, Input
from fastconv.testing.elementwise import SPECIAL, each_shape
from fastconv.testing.suite import PrimitiveTests


def all_sizes(random, shape):
    return random.uniform(-90, 90, shape)


CASES = [
    *each_shape(Sigmoid(), "normal"),
    Case("numbers of all sizes", Sigmoid(), Input((5, 301), all_sizes), differentiable=False),
    Case("ends of the range, zeros, infinities", Sigmoid(), SPECIAL, differentiable=False),
]


class TestSigmoid(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        return torch.sigmoid(x)
