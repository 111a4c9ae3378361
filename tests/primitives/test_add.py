"""add's cases."""

import numpy as np

from fastconv.primitives import Add
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests, run, same_bits


def whole(random, shape):
    return random.integers(0, 12, shape)


CASES = [
    Case("one shape", Add(), (3, 5, 17), (3, 5, 17)),
    Case("one shape, several blocks and a tail", Add(), (3, 11000), (3, 11000)),
    Case("a bias", Add(), (2, 9, 9, 70), (70,)),
    Case("a bias longer than a block", Add(), (3, 17000), (17000,)),
    Case("a short bias: repeated side by side", Add(), (4, 40, 40, 3), (3,)),
    Case("the bias first", Add(), (5,), (2, 7, 5)),
    Case("a scalar without axes", Add(), (2, 3, 4), ()),
    Case("a scalar first, several blocks", Add(), (1, 1), (3, 11000)),
    Case("one number a row", Add(), (6, 50), (6, 1)),
    Case("axes in the middle", Add(), (2, 1, 5, 1), (1, 3, 1, 7)),
    Case("rows of different lengths of both", Add(), (4, 1, 6), (3, 1)),
    Case("two scalars", Add(), (), ()),
    Case("no elements", Add(), (0, 3), (1, 3)),
    Case("NaN passed on, first", Add(), Input((2, 33), fill="nan"), (2, 33), differentiable=False),
    Case("NaN passed on, second", Add(), (2, 33), Input((33,), fill="nan"), differentiable=False),
    Case("int32", Add(), Input((3, 5), fill=whole, dtype="int32"), Input((5,), fill=whole, dtype="int32"), differentiable=False),
    Case("int64", Add(), Input((3, 5), fill=whole, dtype="int64"), Input((5,), fill=whole, dtype="int64"), differentiable=False),
    Case("uint8", Add(), Input((3, 5), fill=whole, dtype="uint8"), Input((5,), fill=whole, dtype="uint8"), differentiable=False),
    Case("whole numbers wrap around", Add(), np.array([2**31 - 1], np.int32), np.array([5], np.int32), differentiable=False),
]  # fmt: skip


class TestAdd(PrimitiveTests):
    cases = CASES

    def batched(primitive):
        return ()  # which input holds the batch differs from case to case: test_rows_do_not_depend_on_the_batch

    def with_torch(torch, primitive, a, b):
        return a + b

    def test_rows_do_not_depend_on_the_batch(self):
        for implementation in ("rows", "reference"):
            for other in ((7, 37), (37,), (7, 1), ()):
                case = Case("", Add(), (7, 37), other)
                together = run(case, implementation)[0]
                a, b = case.values()
                for n in range(7):
                    alone = run(case, implementation, (a[n : n + 1], b[n : n + 1] if len(other) == 2 else b))[
                        0
                    ]
                    assert same_bits(together[n : n + 1], alone)
