"""sigmoid_cross_entropy_gradient's cases."""

from fastconv.primitives import SigmoidCrossEntropyGradient
from fastconv.testing.cases import Case, Input
from fastconv.testing.elementwise import each_shape
from fastconv.testing.suite import PrimitiveTests


def spread(random, shape):
    return random.uniform(-40, 40, shape)


def hard(random, shape):
    return random.integers(0, 2, shape)


CASES = [
    *each_shape(SigmoidCrossEntropyGradient(), spread, "uniform", "normal", differentiable=False),
    Case(
        "hard labels",
        SigmoidCrossEntropyGradient(),
        (16, 1),
        Input((16, 1), hard),
        (16, 1),
        differentiable=False,
    ),
]


class TestSigmoidCrossEntropyGradient(PrimitiveTests):
    cases = CASES
    batched = (0, 1, 2)

    def with_torch(torch, primitive, x, t, dloss):
        return (torch.sigmoid(x) - t) * dloss
