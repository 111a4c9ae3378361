"""reduce_mean's cases."""

from fastconv.primitives import ReduceMean
from fastconv.testing.reduction_cases import reductions
from fastconv.testing.suite import PrimitiveTests


class TestReduceMean(PrimitiveTests):
    cases = reductions(ReduceMean)

    def batched(primitive):
        return () if 0 in primitive.axes else (0,)

    def with_torch(torch, primitive, x):
        return torch.mean(x, primitive.axes, keepdim=primitive.keepdims) if primitive.axes else x
