"""cast's cases."""

import numpy as np

from fastconv.primitives import Cast
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

BEYOND = np.array([0.9, -0.9, 1.5, -1.5, 254.9, 255, 256, 300, 2.0**31 - 128, 2.0**31, -(2.0**31), 3e9, -3e9, 2.0**63, 1e30, -1e30,
                   np.inf, -np.inf, np.nan], np.float32)  # fmt: skip


def whole(random, shape):
    return random.integers(0, 200, shape)


CASES = [
    Case("float32 to float32", Cast("float32"), Input((3, 37), fill=whole, dtype="float32")),
    Case("float32 to float64", Cast("float64"), Input((3, 37), fill=whole, dtype="float32")),
    Case("float32 to int32", Cast("int32"), Input((3, 37), fill=whole, dtype="float32")),
    Case("float32 to int64", Cast("int64"), Input((3, 37), fill=whole, dtype="float32")),
    Case("float32 to uint8", Cast("uint8"), Input((3, 37), fill=whole, dtype="float32")),
    Case("float32 to bool", Cast("bool"), Input((3, 37), fill=whole, dtype="float32")),
    Case("float64 to float32", Cast("float32"), Input((3, 37), fill=whole, dtype="float64")),
    Case("float64 to float64", Cast("float64"), Input((3, 37), fill=whole, dtype="float64")),
    Case("float64 to int32", Cast("int32"), Input((3, 37), fill=whole, dtype="float64")),
    Case("float64 to int64", Cast("int64"), Input((3, 37), fill=whole, dtype="float64")),
    Case("float64 to uint8", Cast("uint8"), Input((3, 37), fill=whole, dtype="float64")),
    Case("float64 to bool", Cast("bool"), Input((3, 37), fill=whole, dtype="float64")),
    Case("int32 to float32", Cast("float32"), Input((3, 37), fill=whole, dtype="int32")),
    Case("int32 to float64", Cast("float64"), Input((3, 37), fill=whole, dtype="int32")),
    Case("int32 to int32", Cast("int32"), Input((3, 37), fill=whole, dtype="int32")),
    Case("int32 to int64", Cast("int64"), Input((3, 37), fill=whole, dtype="int32")),
    Case("int32 to uint8", Cast("uint8"), Input((3, 37), fill=whole, dtype="int32")),
    Case("int32 to bool", Cast("bool"), Input((3, 37), fill=whole, dtype="int32")),
    Case("int64 to float32", Cast("float32"), Input((3, 37), fill=whole, dtype="int64")),
    Case("int64 to float64", Cast("float64"), Input((3, 37), fill=whole, dtype="int64")),
    Case("int64 to int32", Cast("int32"), Input((3, 37), fill=whole, dtype="int64")),
    Case("int64 to int64", Cast("int64"), Input((3, 37), fill=whole, dtype="int64")),
    Case("int64 to uint8", Cast("uint8"), Input((3, 37), fill=whole, dtype="int64")),
    Case("int64 to bool", Cast("bool"), Input((3, 37), fill=whole, dtype="int64")),
    Case("uint8 to float32", Cast("float32"), Input((3, 37), fill=whole, dtype="uint8")),
    Case("uint8 to float64", Cast("float64"), Input((3, 37), fill=whole, dtype="uint8")),
    Case("uint8 to int32", Cast("int32"), Input((3, 37), fill=whole, dtype="uint8")),
    Case("uint8 to int64", Cast("int64"), Input((3, 37), fill=whole, dtype="uint8")),
    Case("uint8 to uint8", Cast("uint8"), Input((3, 37), fill=whole, dtype="uint8")),
    Case("uint8 to bool", Cast("bool"), Input((3, 37), fill=whole, dtype="uint8")),
    Case("bool to float32", Cast("float32"), Input((3, 37), fill="steps", dtype="bool")),
    Case("bool to int32", Cast("int32"), Input((3, 37), fill="steps", dtype="bool")),
    Case("bool to int64", Cast("int64"), Input((3, 37), fill="steps", dtype="bool")),
    Case("bool to uint8", Cast("uint8"), Input((3, 37), fill="steps", dtype="bool")),
    Case("bool to bool", Cast("bool"), Input((3, 37), fill="steps", dtype="bool")),
    Case("pixels, several blocks", Cast("float32"), Input((2, 150, 150, 3), fill=whole, dtype="uint8")),
    Case("no elements", Cast("float32"), Input((0, 3), dtype="int64")),
    Case("to int32: fractions, ends and beyond, NaN", Cast("int32"), BEYOND),
    Case("to int64: fractions, ends and beyond, NaN", Cast("int64"), BEYOND),
    Case("to uint8: fractions, ends and beyond, NaN", Cast("uint8"), BEYOND),
    Case("to bool: fractions, ends and beyond, NaN", Cast("bool"), BEYOND),
    Case("int64 wraps in int32", Cast("int32"), np.array([2**31, -(2**31) - 1, 2**32 + 7], np.int64)),
]  # fmt: skip


class TestCast(PrimitiveTests):
    cases = CASES
