"""categorical_cross_entropy_gradient's cases."""

import numpy as np

from fastconv.primitives import CategoricalCrossEntropyGradient
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests


def labels(classes):
    return lambda random, shape: random.integers(0, classes, shape)


def weights(random, shape):
    """Rows of positive numbers that add up to 1."""
    values = random.uniform(0.01, 1, shape)
    return values / values.sum(-1, keepdims=True)


def one_hot(random, shape):
    return np.eye(shape[-1])[random.integers(0, shape[-1], shape[:-1])]


def positive(random, shape):
    """Nearly probabilities: rows that do not quite add up to 1."""
    return weights(random, shape) * random.uniform(0.8, 1.2, (*shape[:-1], 1))


OUTSIDE = np.array([0, -1, 4, 3, 2**40])  # of four classes
CUT = np.array([0.0, 2.9, 3.0, 4.0, -1.0, np.nan], np.float32)  # of four classes


CASES = [
    Case("ten classes", CategoricalCrossEntropyGradient(True), Input((20, 10), fill=positive), Input((20,), fill=labels(10), dtype="int64"), (20,), differentiable=False),
    Case("ten classes, weights", CategoricalCrossEntropyGradient(False), Input((20, 10), fill=positive), Input((20, 10), fill=weights, dtype="float32"), (20,), differentiable=False),
    Case("one-hot rows", CategoricalCrossEntropyGradient(False), Input((20, 7), fill=positive), Input((20, 7), fill=one_hot, dtype="float32"), (20,), differentiable=False),
    Case("a row a vector wide", CategoricalCrossEntropyGradient(True), Input((5, 16), fill=positive), Input((5,), fill=labels(16), dtype="int64"), (5,), differentiable=False),
    Case("a thousand classes", CategoricalCrossEntropyGradient(True), Input((9, 1000), fill=positive), Input((9,), fill=labels(1000), dtype="int64"), (9,), differentiable=False),
    Case("a thousand classes, weights", CategoricalCrossEntropyGradient(False), Input((9, 1000), fill=positive), Input((9, 1000), fill=weights, dtype="float32"), (9,), differentiable=False),
    Case("more classes than a block", CategoricalCrossEntropyGradient(True), Input((2, 20001), fill=positive), Input((2,), fill=labels(20001), dtype="int64"), (2,), differentiable=False),
    Case("a class for each pixel", CategoricalCrossEntropyGradient(True), Input((2, 9, 11, 5), fill=positive), Input((2, 9, 11), fill=labels(5), dtype="int64"), (2, 9, 11), differentiable=False),
    Case("pixels, weights", CategoricalCrossEntropyGradient(False), Input((2, 9, 11, 5), fill=positive), Input((2, 9, 11, 5), fill=weights, dtype="float32"), (2, 9, 11), differentiable=False),
    Case("many rows: several tasks", CategoricalCrossEntropyGradient(True), Input((5000, 3), fill=positive), Input((5000,), fill=labels(3), dtype="int64"), (5000,), differentiable=False),
    Case("two classes, float labels", CategoricalCrossEntropyGradient(True), Input((30, 2), fill=positive), Input((30,), fill=labels(2), dtype="float32"), (30,), differentiable=False),
    Case("one class", CategoricalCrossEntropyGradient(True), Input((4, 1), fill=positive), Input((4,), fill=labels(1), dtype="int64"), (4,), differentiable=False),
    Case("no rows", CategoricalCrossEntropyGradient(True), Input((0, 4), fill=positive), Input((0,), fill=labels(4), dtype="int64"), (0,), differentiable=False),
    Case("labels that name no class", CategoricalCrossEntropyGradient(True), Input((5, 4), fill=positive), OUTSIDE, (5,), differentiable=False),
    Case("float labels are cut to whole numbers", CategoricalCrossEntropyGradient(True), Input((6, 4), fill=positive), CUT, (6,), differentiable=False),
    Case("NaN passed on, its rows only", CategoricalCrossEntropyGradient(True), Input((9, 4), fill="nan"), Input((9,), fill=labels(4), dtype="int64"), (9,), differentiable=False),
    Case("no gradient where clipped, class", CategoricalCrossEntropyGradient(True), np.array([[1.0, 0.0, 0.3]] * 2, np.float32), np.array([0, 1]), (2,), differentiable=False),
    Case("no gradient where clipped, weights", CategoricalCrossEntropyGradient(False), np.array([[0.9, 0.0, 0.1]] * 2, np.float32), np.eye(3, dtype=np.float32)[:2], (2,), differentiable=False),
]  # fmt: skip


class TestCategoricalCrossEntropyGradient(PrimitiveTests):
    cases = CASES
    batched = (0, 1, 2)
