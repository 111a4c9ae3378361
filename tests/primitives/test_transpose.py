"""transpose's cases."""

import pytest

from fastconv.primitives import Spec, Transpose
from fastconv.runtime.errors import ShapeError
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

CASES = [
    Case("a number", Transpose(()), ()),
    Case("one axis", Transpose((0,)), (5,)),
    Case("a matrix", Transpose((1, 0)), (33, 18)),
    Case("channels first", Transpose((0, 3, 1, 2)), (2, 5, 6, 3)),
    Case("channels last", Transpose((0, 2, 3, 1)), (2, 3, 5, 6)),
    Case("nothing moves", Transpose((0, 1, 2)), (2, 3, 4)),
    Case("six axes", Transpose((5, 0, 4, 1, 3, 2)), (2, 1, 3, 2, 4, 3)),
    Case("uint8", Transpose((1, 0)), Input((3, 4), fill=lambda random, shape: random.integers(0, 255, shape),
                                           dtype="uint8")),
    Case("a matrix of single bytes, tiles and their edges", Transpose((1, 0)),
         Input((70, 33), fill=lambda random, shape: random.integers(0, 255, shape), dtype="uint8")),
    Case("int64, whole tiles", Transpose((1, 0)), Input((64, 32), "steps", "int64")),
    Case("channels first, many channels", Transpose((0, 3, 1, 2)), (2, 5, 9, 40)),
    Case("tiles among four other axes", Transpose((5, 2, 0, 4, 1, 3)), (2, 3, 2, 17, 2, 18)),
    Case("the innermost axis stays", Transpose((1, 0, 2)), (5, 7, 8)),
    Case("no elements", Transpose((2, 0, 1)), (0, 20, 20)),
    Case("NaN passed on", Transpose((1, 0)), Input((3, 5), fill="nan"), differentiable=False),
]  # fmt: skip


class TestTranspose(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        return x.permute(primitive.axes)


def test_wrong_axes():
    with pytest.raises(ShapeError) as caught:
        Transpose((0, 0)).shapes([Spec("float32", (3, 4))])
    assert str(caught.value) == (
        "transpose: expected each axis from 0 to 1 once, came (0, 0) for an input of shape (3, 4)."
    )
