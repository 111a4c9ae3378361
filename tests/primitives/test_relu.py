"""relu's cases."""

from fastconv.primitives import Relu
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

CASES = [
    Case("one element", Relu(), (1,)),
    Case("no multiple of a vector", Relu(), (3, 5, 7, 17)),
    Case("several blocks and a tail", Relu(), (3, 11000)),
    Case("zero and the sign of zero", Relu(), Input((2, 33), fill="steps"), differentiable=False),
    Case("NaN passed on", Relu(), Input((2, 9, 9, 3), fill="nan"), differentiable=False),
    Case("infinities", Relu(), Input((4, 8), fill=lambda random, shape: random.choice([-1, 1], shape) * float("inf")),
         differentiable=False),
]  # fmt: skip


class TestRelu(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        return torch.relu(x)
