"""softmax_cross_entropy's cases."""

import numpy as np

from fastconv.primitives import SoftmaxCrossEntropy
from fastconv.testing.cases import Case
from fastconv.testing.class_losses import class_cases
from fastconv.testing.suite import PrimitiveTests


def spread(random, shape):
    """Logits far apart: without care, their exponentials overflow."""
    return random.normal(0, 20, shape)


FAR = np.array([[1e4, -1e4, 0.0], [-1e30, 1e30, 1.0]], np.float32)
MASKED = np.array([[-np.inf, 2.0, 1.0]], np.float32)

CASES = [
    *class_cases(SoftmaxCrossEntropy, spread),
    Case("no overflow", SoftmaxCrossEntropy(True), FAR, np.array([0, 0]), differentiable=False),
    Case("a masked class", SoftmaxCrossEntropy(True), MASKED, np.array([1]), differentiable=False),
]


class TestSoftmaxCrossEntropy(PrimitiveTests):
    cases = CASES
    batched = (0, 1)

    def with_torch(torch, primitive, logits, targets):
        classes = logits.shape[-1]
        if primitive.sparse and not bool((targets == targets.trunc().clamp(0, classes - 1)).all()):
            return None
        targets = targets.long().reshape(-1) if primitive.sparse else targets.reshape(-1, classes)
        loss = torch.nn.functional.cross_entropy(logits.reshape(-1, classes), targets, reduction="none")
        return loss.reshape(logits.shape[:-1])
