"""exp's cases."""

import numpy as np

from fastconv.primitives import Exp
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-30, -1e-30, 88.0, 89.5, -87.0, -104.0, 1e30, -1e30,
                    3e38, 0.5], np.float32)  # fmt: skip

CASES = [
    Case("numbers of all sizes", Exp(), Input((5, 301), fill=lambda random, shape: random.uniform(-90, 90, shape)), differentiable=False),
    Case("one element", Exp(), Input((1,), fill="normal")),
    Case("a scalar without axes", Exp(), Input((), fill="normal")),
    Case("no elements", Exp(), (0, 3)),
    Case("no multiple of a vector", Exp(), Input((3, 5, 7, 17), fill="normal")),
    Case("several blocks and a tail", Exp(), Input((3, 11000), fill="normal")),
    Case("NaN passed on", Exp(), Input((2, 9, 9, 3), fill="nan"), differentiable=False),
    Case("ends of the range, zeros, infinities", Exp(), SPECIAL, differentiable=False),
]  # fmt: skip


class TestExp(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        return torch.exp(x) if x.isfinite().all() and x.numel() and x.max() < 88 else None
