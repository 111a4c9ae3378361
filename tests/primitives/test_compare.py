"""compare's cases."""

import numpy as np

from fastconv.primitives import Compare
from fastconv.primitives.compare import RELATIONS
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests


def ties(random, shape):
    values = random.integers(-2, 3, shape).astype(np.float32)
    values.reshape(-1)[::7] = np.nan
    return values


CASES = [
    *(Case(f"{r}: ties and NaN", Compare(r), Input((5, 40), ties), Input((40,), ties)) for r in RELATIONS),
    *(
        Case(dtype, Compare("less_equal"), Input((5, 40), "steps", dtype), Input((5, 40), "steps", dtype))
        for dtype in ("int32", "int64", "bool")
    ),
    Case("a threshold", Compare("greater"), Input((3, 11000), "uniform"), Input((), 0.5)),
    Case("a scalar first", Compare("greater"), Input((), 0.5), Input((3, 70), "uniform")),
    Case("a short row repeated", Compare("less"), (5, 20, 3), (3,)),
    Case("one number a row", Compare("less"), (6, 50), (6, 1)),
    Case("no elements", Compare("less"), (0, 3), (3,)),
]


class TestCompare(PrimitiveTests):
    cases = CASES
    batched = ()

    def with_torch(torch, primitive, a, b):
        names = dict(zip(RELATIONS, ("eq", "ne", "lt", "le", "gt", "ge"), strict=True))
        return getattr(torch, names[primitive.relation])(a, b)
