"""abs's cases."""

import numpy as np

from fastconv.primitives import Abs
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-30, -1e-30, 88.0, 89.5, -87.0, -104.0, 1e30, -1e30,
                    3e38, 0.5], np.float32)  # fmt: skip

CASES = [
    Case("one element", Abs(), (1,)),
    Case("a scalar without axes", Abs(), ()),
    Case("no elements", Abs(), (0, 3)),
    Case("no multiple of a vector", Abs(), (3, 5, 7, 17)),
    Case("several blocks and a tail", Abs(), (3, 11000)),
    Case("NaN passed on", Abs(), Input((2, 9, 9, 3), fill="nan"), differentiable=False),
    Case("ends of the range, zeros, infinities", Abs(), SPECIAL, differentiable=False),
    Case("zero and its sign", Abs(), Input((2, 33), fill="steps"), differentiable=False),
]  # fmt: skip


class TestAbs(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        return torch.abs(x)
