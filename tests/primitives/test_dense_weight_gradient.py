"""dense_weight_gradient's cases."""

import pytest

from fastconv.primitives import DenseWeightGradient, Spec
from fastconv.runtime.errors import ShapeError
from fastconv.testing.cases import Case, Input
from fastconv.testing.dense_cases import SHAPES
from fastconv.testing.suite import PrimitiveTests

CASES = [
    *[Case(label, DenseWeightGradient(), (m, k), (m, n)) for label, m, k, n in SHAPES],
    *[Case(label + ", bias", DenseWeightGradient(bias=True), (m, k), (m, n)) for label, m, k, n in SHAPES[:12]],
    Case("more samples than a block of the sum, bias", DenseWeightGradient(bias=True), (600, 30), (600, 20)),
    Case("large: written past the caches", DenseWeightGradient(bias=True), (3, 2050), (3, 2048),
         differentiable=False),
    Case("NaN passed on", DenseWeightGradient(bias=True), (9, 30), Input((9, 40), "nan"), differentiable=False),
]  # fmt: skip


class TestDenseWeightGradient(PrimitiveTests):
    cases = CASES
    batched = ()

    def with_torch(torch, primitive, x, dy):
        return (x.T @ dy, dy.sum(0)) if primitive.bias else x.T @ dy


def test_wrong_gradient():
    with pytest.raises(ShapeError) as caught:
        DenseWeightGradient().shapes([Spec("float32", (2, 4)), Spec("float32", (3, 5))])
    assert str(caught.value) == "dense_weight_gradient: expected one batch size, came (2, 4) and (3, 5)."
