"""compare's cases."""

import numpy as np

from fastconv.primitives import Compare
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests


def ties(random, shape):
    values = random.integers(-2, 3, shape).astype(np.float32)
    values.reshape(-1)[::7] = np.nan
    return values


CASES = [
    Case("equal: ties and NaN", Compare("equal"), Input((5, 40), fill=ties), Input((40,), fill=ties)),
    Case("not_equal: ties and NaN", Compare("not_equal"), Input((5, 40), fill=ties), Input((40,), fill=ties)),
    Case("less: ties and NaN", Compare("less"), Input((5, 40), fill=ties), Input((40,), fill=ties)),
    Case("less_equal: ties and NaN", Compare("less_equal"), Input((5, 40), fill=ties), Input((40,), fill=ties)),
    Case("greater: ties and NaN", Compare("greater"), Input((5, 40), fill=ties), Input((40,), fill=ties)),
    Case("greater_equal: ties and NaN", Compare("greater_equal"), Input((5, 40), fill=ties), Input((40,), fill=ties)),
    Case("int32", Compare("less_equal"), Input((5, 40), fill="steps", dtype="int32"), Input((5, 40), fill="steps", dtype="int32")),
    Case("int64", Compare("less_equal"), Input((5, 40), fill="steps", dtype="int64"), Input((5, 40), fill="steps", dtype="int64")),
    Case("bool", Compare("less_equal"), Input((5, 40), fill="steps", dtype="bool"), Input((5, 40), fill="steps", dtype="bool")),
    Case("a threshold", Compare("greater"), Input((3, 11000), fill="uniform"), Input((), fill=0.5)),
    Case("a scalar first", Compare("greater"), Input((), fill=0.5), Input((3, 70), fill="uniform")),
    Case("a short row repeated", Compare("less"), (5, 20, 3), (3,)),
    Case("one number a row", Compare("less"), (6, 50), (6, 1)),
    Case("no elements", Compare("less"), (0, 3), (3,)),
]  # fmt: skip


class TestCompare(PrimitiveTests):
    cases = CASES
    batched = ()

    def with_torch(torch, primitive, a, b):
        names = {
            "equal": "eq",
            "not_equal": "ne",
            "less": "lt",
            "less_equal": "le",
            "greater": "gt",
            "greater_equal": "ge",
        }
        return getattr(torch, names[primitive.relation])(a, b)
