"""dense's cases."""

import pytest

from fastconv.primitives import Dense, Spec
from fastconv.runtime.errors import ShapeError
from fastconv.testing.dense_cases import SHAPES, forward
from fastconv.testing.suite import PrimitiveTests

CASES = [
    *[forward(shape) for shape in SHAPES],
    forward(("bias", 7, 300, 70), bias=True),
    forward(("bias and ReLU", 20, 600, 130), bias=True, activation="relu"),
    forward(("bias and sigmoid, one column", 20, 512, 1), bias=True, activation="sigmoid"),
    forward(("bias and sigmoid", 20, 40, 17), bias=True, activation="sigmoid"),
    forward(("residual", 5, 60, 33), residual=True),
    forward(("bias, residual and ReLU", 5, 600, 64), bias=True, residual=True, activation="relu"),
    forward(("residual and sigmoid, one column", 5, 600, 1), residual=True, activation="sigmoid"),
    forward(("bias and ReLU, many rows", 150, 600, 48), bias=True, activation="relu"),
    forward(("NaN passed on", 9, 300, 40), fill="nan"),
    forward(("NaN passed on through ReLU, one column", 9, 300, 1), fill="nan", activation="relu"),
    forward(("NaN passed on through ReLU", 9, 300, 40), fill="nan", activation="relu"),
]


class TestDense(PrimitiveTests):
    cases = CASES

    def batched(primitive):
        return (0, 2 + primitive.bias) if primitive.residual else (0,)

    def with_torch(torch, primitive, x, w, *extra):
        y = sum(extra, x @ w)
        return {"none": lambda y: y, "relu": torch.relu, "sigmoid": torch.sigmoid}[primitive.activation](y)


@pytest.mark.parametrize(
    ("primitive", "shapes", "message"),
    [
        (Dense(), [(2, 3, 4), (4, 5)], "dense: expected an input of 2 axes (batch, features), came (2, 3, 4)."),
        (Dense(), [(2, 3), (4,)], "dense: expected a matrix of 2 axes (features, units), came (4,)."),
        (Dense(), [(2, 3), (4, 5)], "dense: expected 4 features on the last axis, came 3 in (2, 3)."),
        (Dense(), [(2, None), (4, 5)],
         "dense: expected a known number of features on the last axis, came (2, None)."),
        (Dense(bias=True), [(2, 4), (4, 5), (4,)], "dense: expected a bias of shape (5,), came (4,)."),
        (Dense(bias=True), [(2, 4), (4, 5)], "dense: expected 3 inputs, came 2."),
        (Dense(residual=True), [(2, 4), (4, 5), (5,)], "dense: expected a residual of shape (2, 5), came (5,)."),
    ],
)  # fmt: skip
def test_wrong_shapes(primitive, shapes, message):
    with pytest.raises(ShapeError) as caught:
        primitive.shapes([Spec("float32", shape) for shape in shapes])
    assert str(caught.value) == message


def test_unknown_batch():
    specs = Dense().shapes([Spec("float32", (None, 4)), Spec("float32", (4, 5))])
    assert specs == (Spec("float32", (None, 5)),)
