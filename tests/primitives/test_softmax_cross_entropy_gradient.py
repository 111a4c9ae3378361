"""softmax_cross_entropy_gradient's cases."""

import numpy as np

from fastconv.primitives import SoftmaxCrossEntropyGradient
from fastconv.testing.cases import Case
from fastconv.testing.class_losses import class_cases
from fastconv.testing.suite import PrimitiveTests


def spread(random, shape):
    """Logits far apart: without care, their exponentials overflow."""
    return random.normal(0, 20, shape)


FAR = np.array([[1e4, -1e4, 0.0], [-1e30, 1e30, 1.0]], np.float32)
MASKED = np.array([[-np.inf, 2.0, 1.0]], np.float32)

CASES = [
    *class_cases(SoftmaxCrossEntropyGradient, spread, gradient=True),
    Case("no overflow", SoftmaxCrossEntropyGradient(True), FAR, np.array([0, 0]), (2,), differentiable=False),
    Case(
        "a masked class", SoftmaxCrossEntropyGradient(True), MASKED, np.array([1]), (1,), differentiable=False
    ),
]


class TestSoftmaxCrossEntropyGradient(PrimitiveTests):
    cases = CASES
    batched = (0, 1, 2)

    def with_torch(torch, primitive, logits, targets, dloss):
        if primitive.sparse:
            return None
        share = torch.softmax(logits, -1) * targets.sum(-1, keepdim=True)
        return (share - targets) * dloss[..., None]
