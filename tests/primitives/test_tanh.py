"""tanh's cases."""

from fastconv.primitives import Tanh
from fastconv.testing.cases import Case, Input
from fastconv.testing.elementwise import SPECIAL, each_shape
from fastconv.testing.suite import PrimitiveTests


def all_sizes(random, shape):
    return random.choice([-1, 1], shape) * 10 ** random.uniform(-5, 1.5, shape)


CASES = [
    *each_shape(Tanh(), "normal"),
    Case("numbers of all sizes", Tanh(), Input((5, 301), all_sizes), differentiable=False),
    Case("ends of the range, zeros, infinities", Tanh(), SPECIAL, differentiable=False),
]


class TestTanh(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        return torch.tanh(x)
