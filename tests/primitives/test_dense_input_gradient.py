"""dense_input_gradient's cases."""

import pytest

from fastconv.primitives import DenseInputGradient, Spec
from fastconv.runtime.errors import ShapeError
from fastconv.testing.cases import Case, Input
from fastconv.testing.dense_cases import SHAPES
from fastconv.testing.suite import PrimitiveTests

CASES = [
    *[Case(label, DenseInputGradient(), (m, n), (k, n)) for label, m, k, n in SHAPES],
    Case("NaN passed on", DenseInputGradient(), Input((9, 40), "nan"), (30, 40), differentiable=False),
]


class TestDenseInputGradient(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, dy, w):
        return dy @ w.T


def test_wrong_gradient():
    with pytest.raises(ShapeError) as caught:
        DenseInputGradient().shapes([Spec("float32", (2, 4)), Spec("float32", (7, 5))])
    assert str(caught.value) == "dense_input_gradient: expected 5 units on the last axis, came (2, 4)."
