"""The matrix products of convolutions on CUDA, on whole numbers: every order of summation gives the same float, in
TF32 too, so that one wrong index, mask or slot shows as a difference.
"""

import dataclasses

import numpy as np
import pytest

from fastconv.testing import suite
from fastconv.testing.cases import Input
from fastconv.testing.conv_cases import SHAPES, ConvShape

ROWS = ("implicit_gemm", "implicit_gemm_tf32")
# Large enough for the large tiles, which small problems never get, with edges in rows, columns and depth.
TILES = [
    ("forward", ConvShape("128x128: rows, columns and depth cut", (2, 80, 79, 20), (1, 1), 252)),
    ("forward", ConvShape("128x128: a tap a tile", (2, 80, 79, 64), (1, 2), 252, padding="same")),
    ("forward", ConvShape("128x64", (1, 160, 159, 8), (1, 1), 64)),
    ("forward", ConvShape("128x64: a tap a tile", (1, 160, 159, 32), (1, 2), 60, padding="same")),
    ("forward", ConvShape("128x32", (1, 160, 159, 20), (1, 1), 28)),
    ("forward", ConvShape("128x32: a tap a tile", (1, 160, 159, 32), (2, 1), 28, padding="same")),
    ("forward", ConvShape("128x64: first layer", (1, 162, 161, 3), (3, 3), 60)),
    ("input_gradient", ConvShape("128x64", (1, 160, 159, 64), (3, 3), 4, padding="same")),
    ("filter_gradient", ConvShape("128x128", (2, 29, 30, 124), (3, 3), 252, padding="same")),
    ("filter_gradient", ConvShape("128x128: a tap 64 rows", (2, 29, 30, 192), (2, 3), 252, padding="same")),
    ("filter_gradient", ConvShape("128x64", (1, 56, 56, 124), (3, 3), 60, padding="same")),
    ("filter_gradient", ConvShape("128x64: a tap 64 rows", (1, 56, 56, 192), (2, 3), 60, padding="same")),
]


def whole(case):
    """The case on whole numbers from -2 to 2."""
    inputs = [Input(spec.shape, "steps", spec.dtype) for spec in case.input_specs()]
    return type(case)(case.label, case.primitive, *inputs, differentiable=False)


def case_of(shape, which):
    if which == "forward":
        return whole(shape.forward(bias=True, residual=True, activation="relu"))
    if which == "filter_gradient":
        return whole(shape.filter_gradient(bias=True))
    return whole(shape.input_gradient())


def check(case, rows):
    if suite.cuda_device is None:
        pytest.skip("no CUDA device")
    expected = case.expected()
    assert max(np.nanmax(np.abs(e)) for e in expected) < 2**24  # whole numbers below are floats
    taken = {row.name for row in suite.candidates(case, suite.cuda_device) if not row.reason}
    assert taken.issuperset(rows)
    for row in rows:
        for ours, other in zip(suite.run(case, row, device=suite.cuda_device), expected, strict=True):
            np.testing.assert_array_equal(ours, other, err_msg=row)


@pytest.mark.parametrize("which", ["forward", "input_gradient", "filter_gradient"])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.label)
def test_whole_numbers(shape, which):
    check(case_of(shape, which), [*ROWS, "plain"])


@pytest.mark.parametrize(("which", "shape"), TILES, ids=lambda item: getattr(item, "label", item))
def test_large_tiles(which, shape):
    check(case_of(shape, which), ROWS)


def test_large_tiles_where_shared_memory_is_small(emulated):
    """A block has up to 99 KiB on sm_86, 163 on sm_80, where the other tests run."""
    said = emulated(
        """
        from fastconv.testing import suite
        from fastconv.testing.cases import Input
        from fastconv.testing.conv_cases import ConvShape
        fc.set_device("cuda")
        forward = ConvShape("", (2, 80, 79, 20), (1, 1), 252).forward(bias=True)
        gradient = ConvShape("", (2, 29, 30, 124), (3, 3), 252, padding="same").filter_gradient()
        for case in (forward, gradient):
            inputs = [Input(spec.shape, "steps", spec.dtype) for spec in case.input_specs()]
            case = type(case)(case.label, case.primitive, *inputs, differentiable=False)
            for row in ("implicit_gemm", "implicit_gemm_tf32"):
                ours = suite.run(case, row, device="cuda:0")
                print(row, all((a == b).all() for a, b in zip(ours, case.expected())))
        """,
        PTXSIM_DEVICE="sm_86",
    )
    assert said.splitlines() == ["implicit_gemm True", "implicit_gemm_tf32 True"] * 2


@pytest.mark.parametrize("which", ["forward", "input_gradient", "filter_gradient"])
def test_nan_reaches_only_the_sums_that_it_belongs_to(which):
    """What is copied beyond the end of a sum is 0 in both factors: a NaN there would not vanish."""
    case = case_of(ConvShape("45 and 108 products", (2, 9, 8, 5), (3, 3), 12, padding="same"), which)
    values = [value.copy() for value in case.values()]
    values[0][0, 4, 3, 2] = np.nan
    check(type(case)(case.label, case.primitive, *values, differentiable=False), [*ROWS, "plain"])


def test_more_residues_than_a_launch_takes():
    """A stride of 5 has 25 residues: two launches of the input gradient."""
    shape = ConvShape("stride 5", (1, 23, 26, 8), (7, 6), 8, stride=(5, 5))
    check(case_of(shape, "input_gradient"), ROWS)


def test_a_batch_of_none():
    """Nothing is written but the filter's gradient, which is zero."""
    if suite.cuda_device is None:
        pytest.skip("no CUDA device")
    empty = dataclasses.replace(SHAPES[3], x=(0, *SHAPES[3].x[1:]))
    for which in ("forward", "input_gradient"):
        case = case_of(empty, which)
        for row in ROWS:
            assert suite.run(case, row, device=suite.cuda_device)[0].size == 0
    check(case_of(empty, "filter_gradient"), ROWS)


def test_sizes_that_do_not_fit_are_left_to_the_plain_kernel():
    """Rows and columns of pixels travel in 16 bits."""
    if suite.cuda_device is None:
        pytest.skip("no CUDA device")
    case = case_of(ConvShape("long", (1, 1, 16000, 1), (1, 3), 1, padding="same"), "forward")
    reasons = {row.name: row.reason for row in suite.candidates(case, suite.cuda_device)}
    assert reasons == {
        "first_layer": "128192 bytes of rows that a pixel needs; this one takes up to 45056",
        "implicit_gemm_tf32": "a side of 16004; this one takes up to 16000",
        "implicit_gemm": "a side of 16004; this one takes up to 16000",
        "plain": "",
    }
    check(case, ["plain"])
