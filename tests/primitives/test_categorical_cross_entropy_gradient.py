"""categorical_cross_entropy_gradient's cases."""

import numpy as np

from fastconv.primitives import CategoricalCrossEntropyGradient
from fastconv.testing.cases import Case
from fastconv.testing.class_losses import class_cases, weights
from fastconv.testing.suite import PrimitiveTests


def positive(random, shape):
    """Nearly probabilities: rows that do not quite add up to 1."""
    return weights(random, shape) * random.uniform(0.8, 1.2, (*shape[:-1], 1))


SURE = np.array([[1.0, 0.0, 0.0]] * 2, np.float32)  # right, then wrong
ONE_HOT = np.eye(3, dtype=np.float32)[:2]

CASES = [
    *class_cases(CategoricalCrossEntropyGradient, positive, gradient=True),
    Case(
        "clipped, classes",
        CategoricalCrossEntropyGradient(True),
        SURE,
        np.array([0, 1]),
        (2,),
        differentiable=False,
    ),
    Case(
        "clipped, weights", CategoricalCrossEntropyGradient(False), SURE, ONE_HOT, (2,), differentiable=False
    ),
]


class TestCategoricalCrossEntropyGradient(PrimitiveTests):
    cases = CASES
    batched = (0, 1, 2)
