"""tanh_gradient's cases."""

import numpy as np

from fastconv.primitives import TanhGradient
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

CASES = [
    Case("one element", TanhGradient(), (1,), Input((1,), fill=lambda random, shape: np.tanh(random.normal(size=shape)))),
    Case("no elements", TanhGradient(), (0, 3), Input((0, 3), fill=lambda random, shape: np.tanh(random.normal(size=shape)))),
    Case("no multiple of a vector", TanhGradient(), (3, 5, 7, 17), Input((3, 5, 7, 17), fill=lambda random, shape: np.tanh(random.normal(size=shape)))),
    Case("several blocks and a tail", TanhGradient(), (3, 11000), Input((3, 11000), fill=lambda random, shape: np.tanh(random.normal(size=shape)))),
    Case("saturated: no gradient left", TanhGradient(), (2, 33), Input((2, 33), fill=-1.0)),
    Case("NaN passed on", TanhGradient(), Input((2, 33), fill="nan"), Input((2, 33), fill="uniform"), differentiable=False),
]  # fmt: skip


class TestTanhGradient(PrimitiveTests):
    cases = CASES
    batched = (0, 1)

    def with_torch(torch, primitive, dy, y):
        return dy * (1 - y * y)
