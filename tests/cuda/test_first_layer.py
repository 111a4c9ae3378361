"""Rows of their own for first layers on CUDA, on whole numbers: one wrong tap, plane or mask shows as a difference."""

import numpy as np
import pytest

from fastconv.testing import suite
from fastconv.testing.cases import Input
from fastconv.testing.conv_cases import SHAPES, ConvShape

ROW = "first_layer"
FIRST = [shape for shape in SHAPES if shape.label.startswith("first layer") and "too wide" not in shape.label]
LARGE = [
    ConvShape("several chunks a block", (4, 320, 130, 1), (3, 3), 3, stride=(1, 2)),
    ConvShape("rows that leave room for one row of pixels at a time", (1, 5, 680, 4), (3, 3), 4),
]


@pytest.fixture(autouse=True)
def device():
    if suite.cuda_device is None:
        pytest.skip("no CUDA device")
    return suite.cuda_device


def whole(case):
    """The case on whole numbers from -2 to 2."""
    inputs = [Input(spec.shape, "steps", spec.dtype) for spec in case.input_specs()]
    return type(case)(case.label, case.primitive, *inputs, differentiable=False)


@pytest.mark.parametrize("shape", [*FIRST, *LARGE], ids=lambda shape: shape.label)
def test_filter_gradient(shape, device):
    case = whole(shape.filter_gradient(bias=True))
    for ours, expected in zip(suite.run(case, ROW, device=device), case.expected(), strict=True):
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("shape", [*FIRST, *LARGE], ids=lambda shape: shape.label)
def test_forward(shape, device):
    case = whole(shape.forward(bias=True, residual=True, activation="relu"))
    np.testing.assert_array_equal(suite.run(case, ROW, device=device)[0], case.expected()[0])


def test_infinities_stay_in_their_taps(device):
    """The last column of x is read by the last tap alone, whatever a strip of pixels holds behind the row."""
    case = whole(ConvShape("a strip of one pixel", (1, 3, 7, 1), (3, 3), 4).filter_gradient())
    x, dy = (values.copy() for values in case.values())
    x[..., -1, :] = np.inf
    dy[...] = 1
    dfilter = suite.run(case, ROW, (x, dy), device=device)[0]
    np.testing.assert_array_equal(np.isfinite(dfilter[:, :2]), True)
    np.testing.assert_array_equal(dfilter[:, 2], np.inf)
