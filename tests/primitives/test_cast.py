"""cast's cases."""

import numpy as np

from fastconv.primitives import Cast
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

TARGETS = ("float32", "float64", "int32", "int64", "uint8", "bool")
BEYOND = np.array(
    [
        0.9,
        -0.9,
        1.5,
        -1.5,
        254.9,
        255,
        256,
        300,
        2.0**31 - 128,
        2.0**31,
        -(2.0**31),
        3e9,
        -3e9,
        2.0**63,
        1e30,
        -1e30,
    ]
    + [np.inf, -np.inf, np.nan],
    np.float32,
)


def whole(random, shape):
    return random.integers(0, 200, shape)


CASES = [
    *(
        Case(f"{source} to {target}", Cast(target), Input((3, 37), whole, source))
        for source in ("float32", "float64", "int32", "int64", "uint8")
        for target in TARGETS
    ),
    *(Case(f"bool to {target}", Cast(target), Input((3, 37), "steps", "bool")) for target in TARGETS),
    *(Case(f"to {target}: fractions, ends and beyond", Cast(target), BEYOND) for target in TARGETS[2:]),
    Case("int64 wraps in int32", Cast("int32"), np.array([2**31, -(2**31) - 1, 2**32 + 7], np.int64)),
    Case("pixels, several blocks", Cast("float32"), Input((2, 150, 150, 3), whole, "uint8")),
    Case("no elements", Cast("float32"), Input((0, 3), dtype="int64")),
]


class TestCast(PrimitiveTests):
    cases = CASES
