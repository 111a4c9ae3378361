"""divide's cases."""

from fastconv.primitives import Divide
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests, run, same_bits


def away_from_zero(random, shape):
    return random.uniform(0.5, 3, shape) * random.choice([-1, 1], shape)


CASES = [
    Case("one shape", Divide(), (3, 5, 17), Input((3, 5, 17), fill=away_from_zero)),
    Case("one shape, several blocks and a tail", Divide(), (3, 11000), Input((3, 11000), fill=away_from_zero)),
    Case("a bias", Divide(), (2, 9, 9, 70), Input((70,), fill=away_from_zero)),
    Case("a bias longer than a block", Divide(), (3, 17000), Input((17000,), fill=away_from_zero)),
    Case("a short bias: repeated side by side", Divide(), (4, 40, 40, 3), Input((3,), fill=away_from_zero)),
    Case("the bias first", Divide(), (5,), Input((2, 7, 5), fill=away_from_zero)),
    Case("a scalar without axes", Divide(), (2, 3, 4), Input((), fill=away_from_zero)),
    Case("a scalar first, several blocks", Divide(), (1, 1), Input((3, 11000), fill=away_from_zero)),
    Case("one number a row", Divide(), (6, 50), Input((6, 1), fill=away_from_zero)),
    Case("axes in the middle", Divide(), (2, 1, 5, 1), Input((1, 3, 1, 7), fill=away_from_zero)),
    Case("rows of different lengths of both", Divide(), (4, 1, 6), Input((3, 1), fill=away_from_zero)),
    Case("two scalars", Divide(), (), Input((), fill=away_from_zero)),
    Case("no elements", Divide(), (0, 3), Input((1, 3), fill=away_from_zero)),
    Case("NaN passed on, first", Divide(), Input((2, 33), fill="nan"), (2, 33), differentiable=False),
    Case("NaN passed on, second", Divide(), (2, 33), Input((33,), fill="nan"), differentiable=False),
    Case("divided by zero", Divide(), Input((2, 33), fill="steps"), Input((33,), fill=0.0), differentiable=False),
]  # fmt: skip


class TestDivide(PrimitiveTests):
    cases = CASES

    def batched(primitive):
        return ()  # which input holds the batch differs from case to case: test_rows_do_not_depend_on_the_batch

    def with_torch(torch, primitive, a, b):
        return a / b

    def test_rows_do_not_depend_on_the_batch(self):
        for implementation in ("rows", "reference"):
            for other in ((7, 37), (37,), (7, 1), ()):
                case = Case("", Divide(), (7, 37), Input(other, fill=away_from_zero))
                together = run(case, implementation)[0]
                a, b = case.values()
                for n in range(7):
                    alone = run(case, implementation, (a[n : n + 1], b[n : n + 1] if len(other) == 2 else b))[
                        0
                    ]
                    assert same_bits(together[n : n + 1], alone)
