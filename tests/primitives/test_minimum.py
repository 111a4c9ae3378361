"""minimum's cases."""

from fastconv.primitives import Minimum
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests, run, same_bits


def whole(random, shape):
    return random.integers(0, 12, shape)


CASES = [
    Case("one shape", Minimum(), (3, 5, 17), (3, 5, 17)),
    Case("one shape, several blocks and a tail", Minimum(), (3, 11000), (3, 11000)),
    Case("a bias", Minimum(), (2, 9, 9, 70), (70,)),
    Case("a bias longer than a block", Minimum(), (3, 17000), (17000,)),
    Case("a short bias: repeated side by side", Minimum(), (4, 40, 40, 3), (3,)),
    Case("the bias first", Minimum(), (5,), (2, 7, 5)),
    Case("a scalar without axes", Minimum(), (2, 3, 4), ()),
    Case("a scalar first, several blocks", Minimum(), (1, 1), (3, 11000)),
    Case("one number a row", Minimum(), (6, 50), (6, 1)),
    Case("axes in the middle", Minimum(), (2, 1, 5, 1), (1, 3, 1, 7)),
    Case("rows of different lengths of both", Minimum(), (4, 1, 6), (3, 1)),
    Case("two scalars", Minimum(), (), ()),
    Case("no elements", Minimum(), (0, 3), (1, 3)),
    Case("NaN passed on, first", Minimum(), Input((2, 33), fill="nan"), (2, 33), differentiable=False),
    Case("NaN passed on, second", Minimum(), (2, 33), Input((33,), fill="nan"), differentiable=False),
    Case("int32", Minimum(), Input((3, 5), fill=whole, dtype="int32"), Input((5,), fill=whole, dtype="int32"), differentiable=False),
    Case("int64", Minimum(), Input((3, 5), fill=whole, dtype="int64"), Input((5,), fill=whole, dtype="int64"), differentiable=False),
    Case("uint8", Minimum(), Input((3, 5), fill=whole, dtype="uint8"), Input((5,), fill=whole, dtype="uint8"), differentiable=False),
    Case("ties and zeros", Minimum(), Input((5, 40), fill="steps"), Input((40,), fill="steps"), differentiable=False),
]  # fmt: skip


class TestMinimum(PrimitiveTests):
    cases = CASES

    def batched(primitive):
        return ()  # which input holds the batch differs from case to case: test_rows_do_not_depend_on_the_batch

    def with_torch(torch, primitive, a, b):
        return torch.minimum(a, b)

    def test_rows_do_not_depend_on_the_batch(self):
        for implementation in ("rows", "reference"):
            for other in ((7, 37), (37,), (7, 1), ()):
                case = Case("", Minimum(), (7, 37), other)
                together = run(case, implementation)[0]
                a, b = case.values()
                for n in range(7):
                    alone = run(case, implementation, (a[n : n + 1], b[n : n + 1] if len(other) == 2 else b))[
                        0
                    ]
                    assert same_bits(together[n : n + 1], alone)
