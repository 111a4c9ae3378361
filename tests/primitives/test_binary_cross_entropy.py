"""binary_cross_entropy's cases."""

import numpy as np

from fastconv.primitives import BinaryCrossEntropy
from fastconv.testing.cases import Case, Input
from fastconv.testing.elementwise import each_shape
from fastconv.testing.reference.binary_cross_entropy import HIGH, LOW
from fastconv.testing.suite import PrimitiveTests


def probability(random, shape):
    return random.uniform(0.01, 0.99, shape)


def hard(random, shape):
    return random.integers(0, 2, shape)


# Around the bounds of clipping, 1e-7 and 1 - 1e-7, and beyond 0 and 1.
EDGES = np.array([[0.0, 1.0, 5e-8, 1 - 6e-8, -0.5, 1.5, 2e-7, 1 - 3e-7, np.nan]], np.float32)


CASES = [
    *each_shape(BinaryCrossEntropy(), probability, "uniform"),
    Case("hard labels", BinaryCrossEntropy(), Input((16, 1), probability), Input((16, 1), hard)),
    Case(
        "small losses keep their digits",
        BinaryCrossEntropy(),
        Input((99,), 1e-5),
        Input((99,), 0.0),
        differentiable=False,
    ),
    Case(
        "clipped at both ends, class 1", BinaryCrossEntropy(), EDGES, Input((1, 9), 1.0), differentiable=False
    ),
    Case(
        "clipped at both ends, class 0", BinaryCrossEntropy(), EDGES, Input((1, 9), 0.0), differentiable=False
    ),
]


class TestBinaryCrossEntropy(PrimitiveTests):
    cases = CASES
    batched = (0, 1)

    def with_torch(torch, primitive, p, t):
        if p.isnan().any() or not bool(((t >= 0) & (t <= 1)).all()):
            return None
        return torch.nn.functional.binary_cross_entropy(p.clamp(LOW, HIGH), t, reduction="none")
