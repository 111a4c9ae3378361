"""add's cases."""

import numpy as np

from fastconv.primitives import Add
from fastconv.testing.cases import Case
from fastconv.testing.elementwise import BroadcastTests, each_broadcast, each_whole_dtype

CASES = [
    *each_broadcast(Add()),
    *each_whole_dtype(Add()),
    Case(
        "wraps around", Add(), np.array([2**31 - 1], np.int32), np.array([5], np.int32), differentiable=False
    ),
]


class TestAdd(BroadcastTests):
    cases = CASES

    def with_torch(torch, primitive, a, b):
        return a + b
