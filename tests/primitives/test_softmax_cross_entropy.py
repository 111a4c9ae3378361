"""softmax_cross_entropy's cases."""

import numpy as np

from fastconv.primitives import SoftmaxCrossEntropy
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
    Case("ten classes", SoftmaxCrossEntropy(True), Input((20, 10), fill=spread), Input((20,), fill=labels(10), dtype="int64")),
    Case("ten classes, weights", SoftmaxCrossEntropy(False), Input((20, 10), fill=spread), Input((20, 10), fill=weights, dtype="float32")),
    Case("one-hot rows", SoftmaxCrossEntropy(False), Input((20, 7), fill=spread), Input((20, 7), fill=one_hot, dtype="float32")),
    Case("a row a vector wide", SoftmaxCrossEntropy(True), Input((5, 16), fill=spread), Input((5,), fill=labels(16), dtype="int64")),
    Case("a thousand classes", SoftmaxCrossEntropy(True), Input((9, 1000), fill=spread), Input((9,), fill=labels(1000), dtype="int64")),
    Case("a thousand classes, weights", SoftmaxCrossEntropy(False), Input((9, 1000), fill=spread), Input((9, 1000), fill=weights, dtype="float32")),
    Case("more classes than a block", SoftmaxCrossEntropy(True), Input((2, 20001), fill=spread), Input((2,), fill=labels(20001), dtype="int64")),
    Case("a class for each pixel", SoftmaxCrossEntropy(True), Input((2, 9, 11, 5), fill=spread), Input((2, 9, 11), fill=labels(5), dtype="int64")),
    Case("pixels, weights", SoftmaxCrossEntropy(False), Input((2, 9, 11, 5), fill=spread), Input((2, 9, 11, 5), fill=weights, dtype="float32")),
    Case("many rows: several tasks", SoftmaxCrossEntropy(True), Input((5000, 3), fill=spread), Input((5000,), fill=labels(3), dtype="int64")),
    Case("two classes, float labels", SoftmaxCrossEntropy(True), Input((30, 2), fill=spread), Input((30,), fill=labels(2), dtype="float32")),
    Case("one class", SoftmaxCrossEntropy(True), Input((4, 1), fill=spread), Input((4,), fill=labels(1), dtype="int64")),
    Case("no rows", SoftmaxCrossEntropy(True), Input((0, 4), fill=spread), Input((0,), fill=labels(4), dtype="int64")),
    Case("labels that name no class", SoftmaxCrossEntropy(True), Input((5, 4), fill=spread), OUTSIDE, differentiable=False),
    Case("float labels are cut to whole numbers", SoftmaxCrossEntropy(True), Input((6, 4), fill=spread), CUT, differentiable=False),
    Case("NaN passed on, its rows only", SoftmaxCrossEntropy(True), Input((9, 4), fill="nan"), Input((9,), fill=labels(4), dtype="int64"), differentiable=False),
    Case("logits far apart: no overflow", SoftmaxCrossEntropy(True), np.array([[1e4, -1e4, 0.0], [-1e30, 1e30, 1.0]], np.float32), np.array([0, 0]), differentiable=False),
    Case("a masked class", SoftmaxCrossEntropy(True), np.array([[-np.inf, 2.0, 1.0]], np.float32), np.array([1]), differentiable=False),
    Case("weights that add up to more than 1", SoftmaxCrossEntropy(False), (5, 6), Input((5, 6), fill="uniform")),
]  # fmt: skip


class TestSoftmaxCrossEntropy(PrimitiveTests):
    cases = CASES
    batched = (0, 1)

    def with_torch(torch, primitive, x, t):
        if primitive.sparse and not bool(((t >= 0) & (t < x.shape[-1]) & (t == t.trunc())).all()):
            return None
        target = t.long() if primitive.sparse else t
        loss = torch.nn.functional.cross_entropy
        return loss(x.movedim(-1, 1), target if primitive.sparse else target.movedim(-1, 1), reduction="none")
