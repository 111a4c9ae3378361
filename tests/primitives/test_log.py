"""log's cases."""

from fastconv.primitives import Log
from fastconv.testing.cases import Case, Input
from fastconv.testing.elementwise import SPECIAL, each_shape
from fastconv.testing.suite import PrimitiveTests


def above_zero(random, shape):
    return random.uniform(0.5, 5, shape)


def all_sizes(random, shape):
    return 10 ** random.uniform(-37, 38, shape)


def near_one(random, shape):
    return 1 + random.normal(0, 1e-3, shape)


CASES = [
    *each_shape(Log(), above_zero),
    Case("numbers of all sizes", Log(), Input((5, 301), all_sizes), differentiable=False),
    Case("near 1: small results keep their digits", Log(), Input((5, 301), near_one), differentiable=False),
    Case("ends of the range, zeros, infinities", Log(), SPECIAL, differentiable=False),
]


class TestLog(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        return torch.log(x)
