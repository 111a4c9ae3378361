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


def takes_forward(shape):
    """Filters of whole strides: others would be filled up with zeros, which make NaN of infinities."""
    rest = shape.kernel[1] % shape.stride[1] if shape.kernel[1] > shape.stride[1] else 0
    return rest == 0 and -(-shape.kernel[1] // shape.stride[1]) != 6


@pytest.mark.parametrize(
    "shape", [s for s in [*FIRST, *LARGE] if takes_forward(s)], ids=lambda shape: shape.label
)
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


@pytest.mark.parametrize(
    ("kernel", "stride"),
    [((3, 3), (2, 2)), ((7, 7), (2, 2)), ((6, 6), (1, 1)), ((4, 4), (3, 3)), ((3, 3), (1, 1))],
)
def test_an_infinity_reaches_the_outputs_whose_filter_covers_it(kernel, stride, device):
    """And no other, by whichever row the chooser takes."""
    case = whole(ConvShape("one infinity", (1, 19, 21, 3), kernel, 8, stride=stride).forward())
    x, weights = (values.copy() for values in case.values())
    weights[...] = 1
    x[0, 9, 10, 1] = np.inf
    rows = [row for row in suite.candidates(case, device) if not row.reason]
    chosen = min(rows, key=lambda row: row.cost)
    ours = suite.run(case, chosen.name, (x, weights), device=device)[0]
    expected = suite.run(case, "reference", (x, weights))[0]
    np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(expected))
