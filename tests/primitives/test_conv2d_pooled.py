"""conv2d_pooled's cases."""

import numpy as np

from fastconv.primitives import Conv2dPooled
from fastconv.testing.cases import Case, Input
from fastconv.testing.conv_cases import ConvShape
from fastconv.testing.pooled_cases import SHAPES, forward
from fastconv.testing.suite import PrimitiveTests

CASES = [
    *[forward(shape) for shape in SHAPES],
    forward(ConvShape("no bias", (2, 10, 14, 16), (3, 3), 32), bias=False),
    Case("NaN passed on", Conv2dPooled(), Input((1, 8, 8, 16), float("nan")), (3, 3, 16, 16), differentiable=False),
    Case("ties: the first pixel", Conv2dPooled(bias=True), Input((1, 6, 6, 4), 0.0), (3, 3, 4, 16),
         Input((16,), 1.0), differentiable=False),
    Case("nothing above 0: no gradient", Conv2dPooled(bias=True), Input((1, 6, 6, 4), 0.0), (3, 3, 4, 16),
         np.array([0.0, -1.0] * 8, np.float32), differentiable=False),
]  # fmt: skip


class TestConv2dPooled(PrimitiveTests):
    cases = CASES

    def with_torch(torch, a, x, filters, *bias):
        if torch.isnan(x).any():  # PyTorch names the last NaN of a window
            return None
        x = torch.nn.functional.pad(x.permute(0, 3, 1, 2), (a.pad_left, a.pad_right, a.pad_top, a.pad_bottom))
        y = torch.nn.functional.conv2d(x, filters.permute(3, 2, 0, 1), stride=(a.stride_h, a.stride_w))
        y = torch.relu(sum(bias, y.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)
        pooled, index = torch.nn.functional.max_pool2d(y, 2, return_indices=True)
        row, column = index // y.shape[3] % 2, index % y.shape[3] % 2
        code = torch.where(pooled <= 0, 4, row * 2 + column)
        return pooled.permute(0, 2, 3, 1), code.permute(0, 2, 3, 1).to(torch.uint8)
