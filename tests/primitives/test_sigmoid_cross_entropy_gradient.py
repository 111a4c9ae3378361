"""sigmoid_cross_entropy_gradient's cases."""

from fastconv.primitives import SigmoidCrossEntropyGradient
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

CASES = [
    Case("one element", SigmoidCrossEntropyGradient(), Input((1,), fill=lambda random, shape: random.uniform(-40, 40, shape)), Input((1,), fill="uniform"), (1,), differentiable=False),
    Case("no elements", SigmoidCrossEntropyGradient(), Input((0, 3), fill=lambda random, shape: random.uniform(-40, 40, shape)), Input((0, 3), fill="uniform"), (0, 3), differentiable=False),
    Case("no multiple of a vector", SigmoidCrossEntropyGradient(), Input((3, 5, 7, 17), fill=lambda random, shape: random.uniform(-40, 40, shape)), Input((3, 5, 7, 17), fill="uniform"), (3, 5, 7, 17), differentiable=False),
    Case("several blocks and a tail", SigmoidCrossEntropyGradient(), Input((3, 11000), fill=lambda random, shape: random.uniform(-40, 40, shape)), Input((3, 11000), fill="uniform"), (3, 11000), differentiable=False),
    Case("hard labels", SigmoidCrossEntropyGradient(), (16, 1), Input((16, 1), fill=lambda random, shape: random.integers(0, 2, shape)), (16, 1), differentiable=False),
    Case("NaN passed on", SigmoidCrossEntropyGradient(), Input((2, 33), fill="nan"), Input((2, 33), fill="uniform"), (2, 33), differentiable=False),
]  # fmt: skip


class TestSigmoidCrossEntropyGradient(PrimitiveTests):
    cases = CASES
    batched = (0, 1, 2)

    def with_torch(torch, primitive, x, t, dloss):
        return (torch.sigmoid(x) - t) * dloss
