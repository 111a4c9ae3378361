"""maximum's cases."""

from fastconv.primitives import Maximum
from fastconv.testing.cases import Case, Input
from fastconv.testing.elementwise import BroadcastTests, each_broadcast, each_whole_dtype

CASES = [
    *each_broadcast(Maximum()),
    *each_whole_dtype(Maximum()),
    Case("ties and zeros", Maximum(), Input((5, 40), "steps"), Input((40,), "steps"), differentiable=False),
]


class TestMaximum(BroadcastTests):
    cases = CASES

    def with_torch(torch, primitive, a, b):
        return torch.maximum(a, b)
