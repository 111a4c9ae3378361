"""divide's cases."""

from fastconv.primitives import Divide
from fastconv.testing.cases import Case, Input
from fastconv.testing.elementwise import BroadcastTests, each_broadcast


def away_from_zero(random, shape):
    return random.uniform(0.5, 3, shape) * random.choice([-1, 1], shape)


CASES = [
    *each_broadcast(Divide(), away_from_zero),
    Case("by zero", Divide(), Input((2, 33), "steps"), Input((33,), 0.0), differentiable=False),
]


class TestDivide(BroadcastTests):
    cases = CASES

    def with_torch(torch, primitive, a, b):
        return a / b
