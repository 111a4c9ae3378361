"""minimum's cases."""

from fastconv.primitives import Minimum
from fastconv.testing.cases import Case, Input
from fastconv.testing.elementwise import BroadcastTests, each_broadcast, each_whole_dtype

CASES = [
    *each_broadcast(Minimum()),
    *each_whole_dtype(Minimum()),
    Case("ties and zeros", Minimum(), Input((5, 40), "steps"), Input((40,), "steps"), differentiable=False),
]


class TestMinimum(BroadcastTests):
    cases = CASES

    def with_torch(torch, primitive, a, b):
        return torch.minimum(a, b)
