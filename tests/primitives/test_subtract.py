"""subtract's cases."""

from fastconv.primitives import Subtract
from fastconv.testing.elementwise import BroadcastTests, each_broadcast, each_whole_dtype

CASES = [
    *each_broadcast(Subtract()),
    *each_whole_dtype(Subtract()),
]


class TestSubtract(BroadcastTests):
    cases = CASES

    def with_torch(torch, primitive, a, b):
        return a - b
