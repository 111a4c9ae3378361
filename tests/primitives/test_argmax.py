"""argmax's cases."""

import numpy as np
import pytest

from fastconv.primitives import Argmax, Spec
from fastconv.runtime.errors import ShapeError
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

CASES = [
    Case("one value", Argmax(0), (1,)),
    Case("classes", Argmax(1), (20, 10)),
    Case("a line of 300", Argmax(1), (3, 300)),
    Case("ties in a long line", Argmax(1), Input((7, 130), fill="steps")),
    Case("NaN in a long line", Argmax(1), Input((5, 70), fill="nan")),
    Case("minus infinity everywhere", Argmax(1), Input((2, 9), fill=-np.inf)),
    Case("first axis", Argmax(0), (7, 5)),
    Case("an axis between", Argmax(1), (3, 9, 4)),
    Case("channels", Argmax(3), (2, 5, 6, 17)),
    Case("ties: the first counts", Argmax(1), Input((30, 8), fill="steps")),
    Case("all equal", Argmax(1), Input((2, 3), fill=0.5)),
    Case("NaN is the largest", Argmax(1), Input((5, 9), fill="nan")),
    Case("int32", Argmax(1), Input((4, 6), fill="steps", dtype="int32")),
    Case("int64", Argmax(1), Input((4, 6), fill="steps", dtype="int64")),
    Case(
        "uint8",
        Argmax(1),
        Input((4, 6), fill=lambda random, shape: random.integers(0, 9, shape), dtype="uint8"),
    ),
]


class TestArgmax(PrimitiveTests):
    cases = CASES

    def batched(primitive):
        return (0,) if primitive.axis != 0 else ()


@pytest.mark.parametrize(
    ("axis", "shape", "message"),
    [
        (2, (3, 4), "argmax: expected an axis from 0 to 1, came 2 for an input of shape (3, 4)."),
        (1, (3, 0), "argmax: expected at least one value along axis 1, came (3, 0)."),
    ],
)
def test_wrong_axes(axis, shape, message):
    with pytest.raises(ShapeError) as caught:
        Argmax(axis).shapes([Spec("float32", shape)])
    assert str(caught.value) == message
