"""softmax's cases."""

import numpy as np
import pytest

from fastconv.primitives import Softmax, Spec
from fastconv.runtime.errors import ShapeError
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests


def one_nan(random, shape):
    """Normal, the middle element NaN."""
    values = random.standard_normal(shape)
    values.reshape(-1)[values.size // 2] = np.nan
    return values


INFINITE = np.array(
    [[1, 2, np.inf], [np.inf, 1, 2], [-np.inf, np.inf, 0], [-np.inf] * 3, [0, 1, 2]], np.float32
)

CASES = [
    Case("one class", Softmax(), (5, 1)),
    Case("two classes", Softmax(), (7, 2)),
    Case("ten classes", Softmax(), (20, 10)),
    Case("16 classes", Softmax(), (9, 16)),
    Case("1000 classes", Softmax(), (8, 1000)),
    Case("2048 classes", Softmax(), (3, 2048)),
    Case("2049 classes", Softmax(), (3, 2049)),
    Case("many classes, a NaN", Softmax(), Input((3, 5001), fill=one_nan), differentiable=False),
    Case("infinity makes its row NaN", Softmax(), INFINITE, differentiable=False),
    Case("no rows", Softmax(), (0, 4)),
    Case("one axis", Softmax(), (33,)),
    Case("a class a pixel", Softmax(), (2, 5, 6, 21)),
    Case("several tasks", Softmax(), (900, 17)),
    Case("large numbers do not overflow", Softmax(),
         Input((6, 20), fill=lambda random, shape: 1e4 + random.random(shape))),
    Case("far below the largest", Softmax(), Input((6, 20), fill=lambda random, shape: random.choice([-200.0, 3.0], shape))),
    Case("all equal", Softmax(), Input((3, 7), fill=2.5)),
    Case("a NaN makes its row NaN", Softmax(), Input((9, 5), fill="nan"), differentiable=False),
    Case("minus infinity is nothing", Softmax(),
         Input((4, 6), fill=lambda random, shape: random.choice([-float("inf"), 1.0, 2.0], shape)), differentiable=False),
]  # fmt: skip


class TestSoftmax(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        return torch.softmax(x, -1)


def test_wrong_shapes():
    with pytest.raises(ShapeError) as caught:
        Softmax().shapes([Spec("float32", ())])
    assert str(caught.value) == "softmax: expected an input of at least one axis, came a single number."
