"""multiply's cases."""

from fastconv.primitives import Multiply
from fastconv.testing.elementwise import BroadcastTests, each_broadcast, each_whole_dtype

CASES = [
    *each_broadcast(Multiply()),
    *each_whole_dtype(Multiply()),
]


class TestMultiply(BroadcastTests):
    cases = CASES

    def with_torch(torch, primitive, a, b):
        return a * b
