"""softmax_gradient's cases."""

import numpy as np
import pytest

from fastconv.primitives import SoftmaxGradient, Spec
from fastconv.runtime.errors import ShapeError
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests


def probabilities(random, shape):
    """What softmax gives."""
    e = np.exp(random.standard_normal(shape))
    return e / e.sum(-1, keepdims=True)


CASES = [
    Case(label, SoftmaxGradient(), shape, Input(shape, fill=probabilities))
    for label, shape in [
        ("one class", (5, 1)),
        ("two classes", (7, 2)),
        ("ten classes", (20, 10)),
        ("16 classes", (9, 16)),
        ("1000 classes", (8, 1000)),
        ("2049 classes", (3, 2049)),
        ("one axis", (33,)),
        ("a class a pixel", (2, 5, 6, 21)),
        ("several tasks", (900, 17)),
    ]
]
CASES.append(
    Case("a NaN makes its row NaN", SoftmaxGradient(), Input((9, 5), "nan"), Input((9, 5), probabilities))
)


class TestSoftmaxGradient(PrimitiveTests):
    cases = CASES
    batched = (0, 1)

    def with_torch(torch, primitive, dy, y):
        return torch._softmax_backward_data(dy, y, -1, dy.dtype)


def test_wrong_shapes():
    with pytest.raises(ShapeError) as caught:
        SoftmaxGradient().shapes([Spec("float32", (2, 3)), Spec("float32", (2, 4))])
    assert str(caught.value) == "softmax_gradient: expected inputs of one shape, came (2, 3) and (2, 4)."
