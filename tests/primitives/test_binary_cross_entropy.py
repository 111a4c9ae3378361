"""binary_cross_entropy's cases."""

import numpy as np

from fastconv.primitives import BinaryCrossEntropy
from fastconv.testing.cases import Case, Input
from fastconv.testing.reference.binary_cross_entropy import HIGH, LOW
from fastconv.testing.suite import PrimitiveTests

EDGES = np.array([[0.0, 1.0, 5e-8, 1 - 6e-8, -0.5, 1.5, 2e-7, 1 - 3e-7, np.nan]], np.float32)

CASES = [
    Case("one element", BinaryCrossEntropy(), Input((1,), fill=lambda random, shape: random.uniform(0.01, 0.99, shape)), Input((1,), fill="uniform")),
    Case("no elements", BinaryCrossEntropy(), Input((0, 3), fill=lambda random, shape: random.uniform(0.01, 0.99, shape)), Input((0, 3), fill="uniform")),
    Case("no multiple of a vector", BinaryCrossEntropy(), Input((3, 5, 7, 17), fill=lambda random, shape: random.uniform(0.01, 0.99, shape)), Input((3, 5, 7, 17), fill="uniform")),
    Case("several blocks and a tail", BinaryCrossEntropy(), Input((3, 11000), fill=lambda random, shape: random.uniform(0.01, 0.99, shape)), Input((3, 11000), fill="uniform")),
    Case("hard labels", BinaryCrossEntropy(), Input((16, 1), fill="uniform"), Input((16, 1), fill=lambda random, shape: random.integers(0, 2, shape)), differentiable=False),
    Case("clipped at both ends", BinaryCrossEntropy(), EDGES, Input((1, 9), fill=1.0), differentiable=False),
]  # fmt: skip


class TestBinaryCrossEntropy(PrimitiveTests):
    cases = CASES
    batched = (0, 1)

    def with_torch(torch, primitive, p, t):
        if p.isnan().any():
            return None
        inside = p.clamp(LOW, HIGH)
        return torch.nn.functional.binary_cross_entropy(inside, t, reduction="none")
