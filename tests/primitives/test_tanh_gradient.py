"""tanh_gradient's cases."""

import numpy as np

from fastconv.primitives import TanhGradient
from fastconv.testing.cases import Case, Input
from fastconv.testing.elementwise import each_shape
from fastconv.testing.suite import PrimitiveTests


def output(random, shape):
    return np.tanh(random.normal(0, 1, shape))


CASES = [
    *each_shape(TanhGradient(), "normal", output),
    Case("saturated: no gradient left", TanhGradient(), (2, 33), Input((2, 33), -1.0)),
]


class TestTanhGradient(PrimitiveTests):
    cases = CASES
    batched = (0, 1)

    def with_torch(torch, primitive, dy, y):
        return dy * (1 - y * y)
