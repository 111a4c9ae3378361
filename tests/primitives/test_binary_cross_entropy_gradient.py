"""binary_cross_entropy_gradient's cases."""

import numpy as np

from fastconv.primitives import BinaryCrossEntropyGradient
from fastconv.testing.cases import Case, Input
from fastconv.testing.reference.binary_cross_entropy import HIGH, LOW
from fastconv.testing.suite import PrimitiveTests

EDGES = np.array([[0.0, 1.0, 5e-8, 1 - 6e-8, -0.5, 1.5, 2e-7, 1 - 3e-7, np.nan]], np.float32)

CASES = [
    Case("one element", BinaryCrossEntropyGradient(), Input((1,), fill=lambda random, shape: random.uniform(0.01, 0.99, shape)), Input((1,), fill="uniform"), (1,), differentiable=False),
    Case("no elements", BinaryCrossEntropyGradient(), Input((0, 3), fill=lambda random, shape: random.uniform(0.01, 0.99, shape)), Input((0, 3), fill="uniform"), (0, 3), differentiable=False),
    Case("no multiple of a vector", BinaryCrossEntropyGradient(), Input((3, 5, 7, 17), fill=lambda random, shape: random.uniform(0.01, 0.99, shape)), Input((3, 5, 7, 17), fill="uniform"), (3, 5, 7, 17), differentiable=False),
    Case("several blocks and a tail", BinaryCrossEntropyGradient(), Input((3, 11000), fill=lambda random, shape: random.uniform(0.01, 0.99, shape)), Input((3, 11000), fill="uniform"), (3, 11000), differentiable=False),
    Case("no gradient where clipped", BinaryCrossEntropyGradient(), EDGES, Input((1, 9), fill=1.0), (1, 9), differentiable=False),
]  # fmt: skip


class TestBinaryCrossEntropyGradient(PrimitiveTests):
    cases = CASES
    batched = (0, 1, 2)

    def with_torch(torch, primitive, p, t, dloss):
        return ((1 - t) / (1 - p) - t / p) * dloss * ~((p < LOW) | (p > HIGH)) if p.isfinite().all() else None
