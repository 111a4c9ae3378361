"""relu_gradient's cases."""

from fastconv.primitives import ReluGradient
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

CASES = [
    Case("one element", ReluGradient(), (1,), (1,)),
    Case("no elements", ReluGradient(), (0, 3), (0, 3)),
    Case("no multiple of a vector", ReluGradient(), (3, 5, 7, 17), (3, 5, 7, 17)),
    Case("several blocks and a tail", ReluGradient(), (3, 11000), (3, 11000)),
    Case("zero and its sign block", ReluGradient(), (2, 33), Input((2, 33), fill="steps"), differentiable=False),
    Case("dy passes where y is NaN", ReluGradient(), (2, 9, 9, 3), Input((2, 9, 9, 3), fill="nan"), differentiable=False),
    Case("NaN in dy passes where it may", ReluGradient(), Input((2, 9, 9, 3), fill="nan"), (2, 9, 9, 3), differentiable=False),
]  # fmt: skip


class TestReluGradient(PrimitiveTests):
    cases = CASES
    batched = (0, 1)

    def with_torch(torch, primitive, dy, y):
        return torch.where(y <= 0, 0.0, dy)
