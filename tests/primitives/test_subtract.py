"""subtract's cases."""

from fastconv.primitives import Subtract
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests, run, same_bits


def whole(random, shape):
    return random.integers(0, 12, shape)


CASES = [
    Case("one shape", Subtract(), (3, 5, 17), (3, 5, 17)),
    Case("one shape, several blocks and a tail", Subtract(), (3, 11000), (3, 11000)),
    Case("a bias", Subtract(), (2, 9, 9, 70), (70,)),
    Case("a bias longer than a block", Subtract(), (3, 17000), (17000,)),
    Case("a short bias: repeated side by side", Subtract(), (4, 40, 40, 3), (3,)),
    Case("the bias first", Subtract(), (5,), (2, 7, 5)),
    Case("a scalar without axes", Subtract(), (2, 3, 4), ()),
    Case("a scalar first, several blocks", Subtract(), (1, 1), (3, 11000)),
    Case("one number a row", Subtract(), (6, 50), (6, 1)),
    Case("axes in the middle", Subtract(), (2, 1, 5, 1), (1, 3, 1, 7)),
    Case("rows of different lengths of both", Subtract(), (4, 1, 6), (3, 1)),
    Case("two scalars", Subtract(), (), ()),
    Case("no elements", Subtract(), (0, 3), (1, 3)),
    Case("NaN passed on, first", Subtract(), Input((2, 33), fill="nan"), (2, 33), differentiable=False),
    Case("NaN passed on, second", Subtract(), (2, 33), Input((33,), fill="nan"), differentiable=False),
    Case("int32", Subtract(), Input((3, 5), fill=whole, dtype="int32"), Input((5,), fill=whole, dtype="int32"), differentiable=False),
    Case("int64", Subtract(), Input((3, 5), fill=whole, dtype="int64"), Input((5,), fill=whole, dtype="int64"), differentiable=False),
    Case("uint8", Subtract(), Input((3, 5), fill=whole, dtype="uint8"), Input((5,), fill=whole, dtype="uint8"), differentiable=False),
]  # fmt: skip


class TestSubtract(PrimitiveTests):
    cases = CASES

    def batched(primitive):
        return ()  # which input holds the batch differs from case to case: test_rows_do_not_depend_on_the_batch

    def with_torch(torch, primitive, a, b):
        return a - b

    def test_rows_do_not_depend_on_the_batch(self):
        for implementation in ("rows", "reference"):
            for other in ((7, 37), (37,), (7, 1), ()):
                case = Case("", Subtract(), (7, 37), other)
                together = run(case, implementation)[0]
                a, b = case.values()
                for n in range(7):
                    alone = run(case, implementation, (a[n : n + 1], b[n : n + 1] if len(other) == 2 else b))[
                        0
                    ]
                    assert same_bits(together[n : n + 1], alone)
