"""identity's cases."""

from fastconv.primitives import Identity
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

CASES = [
    Case("one element", Identity(), (1,)),
    Case("no elements", Identity(), (0, 3)),
    Case("several blocks and a tail", Identity(), (3, 11000)),
    Case("NaN keeps its bits", Identity(), Input((2, 9, 9, 3), fill="nan"), differentiable=False),
    Case("int32", Identity(), Input((3, 37), fill="steps", dtype="int32")),
    Case("int64", Identity(), Input((3, 37), fill="steps", dtype="int64")),
    Case("uint8", Identity(), Input((3, 37), fill="steps", dtype="uint8")),
    Case("bool", Identity(), Input((3, 37), fill="steps", dtype="bool")),
    Case("float64", Identity(), Input((3, 37), fill="steps", dtype="float64")),
]


class TestIdentity(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        return x
