"""softmax_cross_entropy_gradient's cases."""

import numpy as np

from fastconv.primitives import SoftmaxCrossEntropyGradient
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


def spread(random, shape):
    return random.normal(0, 20, shape)


OUTSIDE = np.array([0, -1, 4, 3, 2**40])  # of four classes
CUT = np.array([0.0, 2.9, 3.0, 4.0, -1.0, np.nan], np.float32)  # of four classes


CASES = [
    Case("ten classes", SoftmaxCrossEntropyGradient(True), Input((20, 10), fill=spread), Input((20,), fill=labels(10), dtype="int64"), (20,), differentiable=False),
    Case("ten classes, weights", SoftmaxCrossEntropyGradient(False), Input((20, 10), fill=spread), Input((20, 10), fill=weights, dtype="float32"), (20,), differentiable=False),
    Case("one-hot rows", SoftmaxCrossEntropyGradient(False), Input((20, 7), fill=spread), Input((20, 7), fill=one_hot, dtype="float32"), (20,), differentiable=False),
    Case("a row a vector wide", SoftmaxCrossEntropyGradient(True), Input((5, 16), fill=spread), Input((5,), fill=labels(16), dtype="int64"), (5,), differentiable=False),
    Case("a thousand classes", SoftmaxCrossEntropyGradient(True), Input((9, 1000), fill=spread), Input((9,), fill=labels(1000), dtype="int64"), (9,), differentiable=False),
    Case("a thousand classes, weights", SoftmaxCrossEntropyGradient(False), Input((9, 1000), fill=spread), Input((9, 1000), fill=weights, dtype="float32"), (9,), differentiable=False),
    Case("more classes than a block", SoftmaxCrossEntropyGradient(True), Input((2, 20001), fill=spread), Input((2,), fill=labels(20001), dtype="int64"), (2,), differentiable=False),
    Case("a class for each pixel", SoftmaxCrossEntropyGradient(True), Input((2, 9, 11, 5), fill=spread), Input((2, 9, 11), fill=labels(5), dtype="int64"), (2, 9, 11), differentiable=False),
    Case("pixels, weights", SoftmaxCrossEntropyGradient(False), Input((2, 9, 11, 5), fill=spread), Input((2, 9, 11, 5), fill=weights, dtype="float32"), (2, 9, 11), differentiable=False),
    Case("many rows: several tasks", SoftmaxCrossEntropyGradient(True), Input((5000, 3), fill=spread), Input((5000,), fill=labels(3), dtype="int64"), (5000,), differentiable=False),
    Case("two classes, float labels", SoftmaxCrossEntropyGradient(True), Input((30, 2), fill=spread), Input((30,), fill=labels(2), dtype="float32"), (30,), differentiable=False),
    Case("one class", SoftmaxCrossEntropyGradient(True), Input((4, 1), fill=spread), Input((4,), fill=labels(1), dtype="int64"), (4,), differentiable=False),
    Case("no rows", SoftmaxCrossEntropyGradient(True), Input((0, 4), fill=spread), Input((0,), fill=labels(4), dtype="int64"), (0,), differentiable=False),
    Case("labels that name no class", SoftmaxCrossEntropyGradient(True), Input((5, 4), fill=spread), OUTSIDE, (5,), differentiable=False),
    Case("float labels are cut to whole numbers", SoftmaxCrossEntropyGradient(True), Input((6, 4), fill=spread), CUT, (6,), differentiable=False),
    Case("NaN passed on, its rows only", SoftmaxCrossEntropyGradient(True), Input((9, 4), fill="nan"), Input((9,), fill=labels(4), dtype="int64"), (9,), differentiable=False),
    Case("logits far apart: no overflow", SoftmaxCrossEntropyGradient(True), np.array([[1e4, -1e4, 0.0], [-1e30, 1e30, 1.0]], np.float32), np.array([0, 0]), (2,), differentiable=False),
    Case("a masked class", SoftmaxCrossEntropyGradient(True), np.array([[-np.inf, 2.0, 1.0]], np.float32), np.array([1]), (1,), differentiable=False),
    Case("weights that add up to more than 1", SoftmaxCrossEntropyGradient(False), (5, 6), Input((5, 6), fill="uniform"), (5,), differentiable=False),
]  # fmt: skip


class TestSoftmaxCrossEntropyGradient(PrimitiveTests):
    cases = CASES
    batched = (0, 1, 2)
