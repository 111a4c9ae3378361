"""reshape's cases."""

import pytest

from fastconv.primitives import Reshape, Spec
from fastconv.runtime.errors import ShapeError
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

CASES = [
    Case("flatten", Reshape((0, -1)), (3, 7, 7, 5)),
    Case("flatten all", Reshape((-1,)), (3, 4)),
    Case("to one number", Reshape(()), (1, 1)),
    Case("from one number", Reshape((1, 1)), ()),
    Case("sizes by number", Reshape((5, 12)), (3, 4, 5)),
    Case("several tasks", Reshape((100, 700)), (70, 1000)),
    Case("int64", Reshape((4, 1)), Input((4,), fill="steps", dtype="int64")),
    Case("NaN passed on", Reshape((3, 3)), Input((9,), fill="nan"), differentiable=False),
]


class TestReshape(PrimitiveTests):
    cases = CASES

    def batched(primitive):
        return (0,) if primitive.shape[:1] == (0,) else ()

    def with_torch(torch, primitive, x):
        return x.reshape([x.shape[i] if size == 0 else size for i, size in enumerate(primitive.shape)])


@pytest.mark.parametrize(
    ("shape", "given", "expected"),
    [
        ((0, -1), (None, 7, 7, 5), (None, 245)),
        ((-1, 245), (None, 7, 7, 5), (None, 245)),
        ((0, 0, -1), (None, None, 7, 5), (None, None, 35)),
    ],
)
def test_unknown_axes(shape, given, expected):
    assert Reshape(shape).shapes([Spec("float32", given)]) == (Spec("float32", expected),)


@pytest.mark.parametrize(
    ("shape", "given", "message"),
    [
        ((-1, -1), (4, 4), "reshape: expected at most one -1 and no other negative size, came (-1, -1)."),
        ((-2,), (4, 4), "reshape: expected at most one -1 and no other negative size, came (-2,)."),
        ((-1, 5), (4, 4), "reshape: expected a multiple of 5 elements for (-1, 5), came (4, 4)."),
        ((3, 5), (4, 4), "reshape: expected as many elements as in (3, 5), came (4, 4)."),
        ((4, 4, 0), (4, 4), "reshape: expected an axis of the input for each 0 of (4, 4, 0), came (4, 4)."),
    ],
)
def test_wrong_shapes(shape, given, message):
    with pytest.raises(ShapeError) as caught:
        Reshape(shape).shapes([Spec("float32", given)])
    assert str(caught.value) == message
