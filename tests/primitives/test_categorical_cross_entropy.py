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

    def test_as_keras(self, peer):
        """Keras clips weights' rows and classes' rows in different places; so do we."""
        keras = peer("keras")
        random = np.random.default_rng(0)
        p = positive(random, (20, 7)).astype(np.float32)
        p[3], p[4] = np.eye(7)[2], np.eye(7)[5]  # clipped
        classes, rows = random.integers(0, 7, 20), weights(random, (20, 7)).astype(np.float32)
        theirs = {
            True: keras.ops.sparse_categorical_crossentropy(classes, p),
            False: keras.ops.categorical_crossentropy(rows, p),
        }
        for sparse, targets in ((True, classes), (False, rows)):
            case = Case("", CategoricalCrossEntropy(sparse), p, targets)
            limit = 2 * case.tolerances()[0]  # theirs is rounded as ours may be
            assert (np.abs(case.expected()[0] - np.asarray(theirs[sparse])) <= limit).all()
