"""multiply's cases."""

from fastconv.primitives import Multiply
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests, run, same_bits


def whole(random, shape):
    return random.integers(0, 12, shape)


CASES = [
    Case("one shape", Multiply(), (3, 5, 17), (3, 5, 17)),
    Case("one shape, several blocks and a tail", Multiply(), (3, 11000), (3, 11000)),
    Case("a bias", Multiply(), (2, 9, 9, 70), (70,)),
    Case("a bias longer than a block", Multiply(), (3, 17000), (17000,)),
    Case("a short bias: repeated side by side", Multiply(), (4, 40, 40, 3), (3,)),
    Case("the bias first", Multiply(), (5,), (2, 7, 5)),
    Case("a scalar without axes", Multiply(), (2, 3, 4), ()),
    Case("a scalar first, several blocks", Multiply(), (1, 1), (3, 11000)),
    Case("one number a row", Multiply(), (6, 50), (6, 1)),
    Case("axes in the middle", Multiply(), (2, 1, 5, 1), (1, 3, 1, 7)),
    Case("rows of different lengths of both", Multiply(), (4, 1, 6), (3, 1)),
    Case("two scalars", Multiply(), (), ()),
    Case("no elements", Multiply(), (0, 3), (1, 3)),
    Case("NaN passed on, first", Multiply(), Input((2, 33), fill="nan"), (2, 33), differentiable=False),
    Case("NaN passed on, second", Multiply(), (2, 33), Input((33,), fill="nan"), differentiable=False),
    Case("int32", Multiply(), Input((3, 5), fill=whole, dtype="int32"), Input((5,), fill=whole, dtype="int32"), differentiable=False),
    Case("int64", Multiply(), Input((3, 5), fill=whole, dtype="int64"), Input((5,), fill=whole, dtype="int64"), differentiable=False),
    Case("uint8", Multiply(), Input((3, 5), fill=whole, dtype="uint8"), Input((5,), fill=whole, dtype="uint8"), differentiable=False),
]  # fmt: skip


class TestMultiply(PrimitiveTests):
    cases = CASES

    def batched(primitive):
        return ()  # which input holds the batch differs from case to case: test_rows_do_not_depend_on_the_batch

    def with_torch(torch, primitive, a, b):
        return a * b

    def test_rows_do_not_depend_on_the_batch(self):
        for implementation in ("rows", "reference"):
            for other in ((7, 37), (37,), (7, 1), ()):
                case = Case("", Multiply(), (7, 37), other)
                together = run(case, implementation)[0]
                a, b = case.values()
                for n in range(7):
                    alone = run(case, implementation, (a[n : n + 1], b[n : n + 1] if len(other) == 2 else b))[
                        0
                    ]
                    assert same_bits(together[n : n + 1], alone)
