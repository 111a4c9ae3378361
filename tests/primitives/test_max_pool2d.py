"""max_pool2d's cases."""

import pytest

from fastconv.primitives import Spec
from fastconv.runtime.errors import ShapeError
from fastconv.testing.pool_cases import CASES, pool
from fastconv.testing.suite import PrimitiveTests


class TestMaxPool2d(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        a = primitive
        inf = float("inf")
        if bool(torch.isinf(x).any()):
            return None  # PyTorch is handed padding of -inf below, which would tie
        x = x.permute(0, 3, 1, 2)
        x = torch.nn.functional.pad(x, (a.pad_left, a.pad_right, a.pad_top, a.pad_bottom), value=-inf)
        y, at = torch.nn.functional.max_pool2d(
            x, (a.window_h, a.window_w), (a.stride_h, a.stride_w), return_indices=True
        )
        if bool(torch.isnan(x).any()):
            return None  # the last NaN of a window counts there, the first here
        rows = at // x.shape[3] - torch.arange(y.shape[2])[:, None] * a.stride_h
        columns = at % x.shape[3] - torch.arange(y.shape[3]) * a.stride_w
        return y.permute(0, 2, 3, 1), (rows * a.window_w + columns).permute(0, 2, 3, 1)


@pytest.mark.parametrize(
    ("primitive", "shape", "message"),
    [
        (pool((2, 2)), (3, 4, 4),
         "max_pool2d: expected an input of 4 axes (batch, height, width, channels), came (3, 4, 4)."),
        (pool((2, 2)), (3, 4, 1, 5),
         "max_pool2d: expected an input of at least the window's 2 pixels of width, came 1."),
        (pool((3, 3), pad=(1, 0, 0, 0)), (3, 1, 4, 5),
         "max_pool2d: expected an input of at least the window's 3 pixels of height, came 2 (1 and 1 of padding)."),
        (pool((16, 16)), (3, 20, 20, 5),
         "max_pool2d: expected a window of at most 255 pixels, came 16 x 16."),
        (pool((2, 2), pad=(2, 0, 0, 0)), (3, 20, 20, 5),
         "max_pool2d: expected less padding than the window's 2 pixels of height, came 2."),
    ],
)  # fmt: skip
def test_wrong_shapes(primitive, shape, message):
    with pytest.raises(ShapeError) as caught:
        primitive.shapes([Spec("float32", shape)])
    assert str(caught.value) == message


def test_unknown_axes():
    specs = pool((2, 2)).shapes([Spec("float32", (None, None, 9, 3))])
    assert specs == (Spec("float32", (None, None, 4, 3)), Spec("uint8", (None, None, 4, 3)))
