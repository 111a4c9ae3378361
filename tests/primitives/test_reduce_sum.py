"""reduce_sum's cases."""

import pytest

from fastconv.primitives import ReduceSum, Spec
from fastconv.runtime.errors import ShapeError
from fastconv.testing import suite
from fastconv.testing.cases import Case, Input
from fastconv.testing.reduction_cases import reductions
from fastconv.testing.suite import PrimitiveTests, run


class TestReduceSum(PrimitiveTests):
    cases = reductions(ReduceSum)

    def batched(primitive):
        return () if 0 in primitive.axes else (0,)

    def with_torch(torch, primitive, x):
        return torch.sum(x, primitive.axes, keepdim=primitive.keepdims) if primitive.axes else x


@pytest.mark.parametrize("axes", [(2,), (0, 0), (-1,)])
def test_wrong_axes(axes):
    with pytest.raises(ShapeError) as caught:
        ReduceSum(axes).shapes([Spec("float32", (3, None))])
    assert str(caught.value) == (
        f"reduce_sum: expected axes from 0 to 1, each at most once, came {axes} for an input of shape (3, None)."
    )


@pytest.mark.parametrize("device", ["cpu", *([suite.cuda_device] if suite.cuda_device else [])])
def test_many_small_numbers_are_not_lost(device):
    """One by one, 2**25 ones would stop growing at 2**24."""
    case = Case("ones", ReduceSum((0,)), Input((2**25,), fill=1.0))
    assert run(case, "chunks", device=device)[0] == 2.0**25
