"""binary_cross_entropy_gradient's cases."""

import numpy as np

from fastconv.primitives import BinaryCrossEntropyGradient
from fastconv.testing.cases import Case, Input
from fastconv.testing.elementwise import each_shape
from fastconv.testing.suite import PrimitiveTests


def probability(random, shape):
    return random.uniform(0.01, 0.99, shape)


def hard(random, shape):
    return random.integers(0, 2, shape)


# Around the bounds of clipping, 1e-7 and 1 - 1e-7, and beyond 0 and 1.
EDGES = np.array([[0.0, 1.0, 5e-8, 1 - 6e-8, -0.5, 1.5, 2e-7, 1 - 3e-7, np.nan]], np.float32)


CASES = [
    *each_shape(BinaryCrossEntropyGradient(), probability, "uniform", "normal", differentiable=False),
    Case(
        "hard labels",
        BinaryCrossEntropyGradient(),
        Input((16,), probability),
        Input((16,), hard),
        (16,),
        differentiable=False,
    ),
    Case(
        "no gradient where clipped",
        BinaryCrossEntropyGradient(),
        EDGES,
        Input((1, 9), 1.0),
        (1, 9),
        differentiable=False,
    ),
]


class TestBinaryCrossEntropyGradient(PrimitiveTests):
    cases = CASES
    batched = (0, 1, 2)

    def with_torch(torch, primitive, p, t, dloss):
        if p.isnan().any() or p.numel() == 0 or p.min() <= 0 or p.max() >= 1:
            return None
        return ((1 - t) / (1 - p) - t / p) * dloss
