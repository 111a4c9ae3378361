"""broadcast's cases."""

import pytest

from fastconv.primitives import Broadcast, Spec
from fastconv.runtime.errors import ShapeError
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

CASES = [
    Case("one number", Broadcast((3, 5)), ()),
    Case("to the same shape", Broadcast((3, 5)), (3, 5)),
    Case("a bias", Broadcast((4, 7, 9, 5)), (5,)),
    Case("an image's mean", Broadcast((3, 6, 7, 16)), (3, 1, 1, 16)),
    Case("a row's sum", Broadcast((300, 70)), (300, 1)),
    Case("a batch's mean", Broadcast((20, 1)), (1, 1)),
    Case("axes in turn", Broadcast((2, 3, 4, 5)), (2, 1, 4, 1)),
    Case("missing axes and others of size 1", Broadcast((2, 3, 4, 5)), (3, 1, 5)),
    Case("several tasks", Broadcast((40, 1000)), (1000,)),
    Case("int64", Broadcast((4, 3)), Input((3,), fill="steps", dtype="int64")),
    Case("uint8", Broadcast((4, 3, 2)), Input((3, 1), fill=7, dtype="uint8")),
    Case("bool", Broadcast((4, 3)), Input((4, 1), fill=1, dtype="bool")),
    Case("NaN passed on", Broadcast((4, 9)), Input((9,), fill="nan"), differentiable=False),
]


class TestBroadcast(PrimitiveTests):
    cases = CASES
    batched = ()  # the shape names the batch

    def with_torch(torch, primitive, x):
        return torch.broadcast_to(x, primitive.shape)


@pytest.mark.parametrize("shape", [(2,), (1, 1, 3), (5, 1)])
def test_wrong_shapes(shape):
    with pytest.raises(ShapeError) as caught:
        Broadcast((4, 3)).shapes([Spec("float32", shape)])
    assert str(caught.value) == f"broadcast: expected a shape that repeats to (4, 3), came {shape}."
