"""categorical_cross_entropy's cases."""

import numpy as np

from fastconv.primitives import CategoricalCrossEntropy
from fastconv.testing.cases import Case
from fastconv.testing.class_losses import class_cases, weights
from fastconv.testing.suite import PrimitiveTests


def positive(random, shape):
    """Nearly probabilities: rows that do not quite add up to 1."""
    return weights(random, shape) * random.uniform(0.8, 1.2, (*shape[:-1], 1))


SURE = np.array([[1.0, 0.0, 0.0]] * 2, np.float32)  # right, then wrong
ONE_HOT = np.eye(3, dtype=np.float32)[:2]

CASES = [
    *class_cases(CategoricalCrossEntropy, positive),
    Case("clipped, classes", CategoricalCrossEntropy(True), SURE, np.array([0, 1]), differentiable=False),
    Case("clipped, weights", CategoricalCrossEntropy(False), SURE, ONE_HOT, differentiable=False),
]


class TestCategoricalCrossEntropy(PrimitiveTests):
    cases = CASES
    batched = (0, 1)
