"""sigmoid_cross_entropy's cases."""

import numpy as np

from fastconv.primitives import SigmoidCrossEntropy
from fastconv.testing.cases import Case, Input
from fastconv.testing.elementwise import each_shape
from fastconv.testing.suite import PrimitiveTests


def spread(random, shape):
    return random.uniform(-40, 40, shape)


def hard(random, shape):
    return random.integers(0, 2, shape)


CASES = [
    *each_shape(SigmoidCrossEntropy(), spread, "uniform"),
    Case("hard labels", SigmoidCrossEntropy(), (16, 1), Input((16, 1), hard)),
    Case(
        "surely right: a small loss keeps its digits",
        SigmoidCrossEntropy(),
        Input((5, 7), 20.0),
        Input((5, 7), 1.0),
    ),
    Case(
        "surely wrong: no overflow",
        SigmoidCrossEntropy(),
        Input((9,), 1e30),
        Input((9,), 0.0),
        differentiable=False,
    ),
    Case("infinite", SigmoidCrossEntropy(), Input((9,), -np.inf), Input((9,), 0.5), differentiable=False),
]


class TestSigmoidCrossEntropy(PrimitiveTests):
    cases = CASES
    batched = (0, 1)

    def with_torch(torch, primitive, x, t):
        if x.isinf().any():  # PyTorch multiplies 0 by infinity
            return None
        return torch.nn.functional.binary_cross_entropy_with_logits(x, t, reduction="none")
