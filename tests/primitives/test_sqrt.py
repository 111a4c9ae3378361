"""sqrt's cases."""

import numpy as np

from fastconv.primitives import Sqrt
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-30, -1e-30, 88.0, 89.5, -87.0, -104.0, 1e30, -1e30,
                    3e38, 0.5], np.float32)  # fmt: skip

CASES = [
    Case("numbers of all sizes", Sqrt(), Input((5, 301), fill=lambda random, shape: 10 ** random.uniform(-37, 38, shape)), differentiable=False),
    Case("one element", Sqrt(), Input((1,), fill=lambda random, shape: random.uniform(0.5, 5, shape))),
    Case("a scalar without axes", Sqrt(), Input((), fill=lambda random, shape: random.uniform(0.5, 5, shape))),
    Case("no elements", Sqrt(), (0, 3)),
    Case("no multiple of a vector", Sqrt(), Input((3, 5, 7, 17), fill=lambda random, shape: random.uniform(0.5, 5, shape))),
    Case("several blocks and a tail", Sqrt(), Input((3, 11000), fill=lambda random, shape: random.uniform(0.5, 5, shape))),
    Case("NaN passed on", Sqrt(), Input((2, 9, 9, 3), fill="nan"), differentiable=False),
    Case("ends of the range, zeros, infinities", Sqrt(), SPECIAL, differentiable=False),
]  # fmt: skip


class TestSqrt(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        return torch.sqrt(x)
