"""Cases of max_pool2d, from which those of its gradient are made."""

from __future__ import annotations

from fastconv.primitives.max_pool2d import MaxPool2d
from fastconv.testing.cases import Case, Input


def pool(
    window: tuple[int, int],
    stride: tuple[int, int] | None = None,
    pad: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> MaxPool2d:
    """MaxPool2d from pairs; pad: (top, bottom, left, right)."""
    stride = stride or window
    return MaxPool2d(
        window_h=window[0], window_w=window[1], stride_h=stride[0], stride_w=stride[1],
        pad_top=pad[0], pad_bottom=pad[1], pad_left=pad[2], pad_right=pad[3],
    )  # fmt: skip


CASES = [
    Case("one pixel", pool((1, 1)), (1, 1, 1, 1)),
    Case("2x2 of the course", pool((2, 2)), (2, 14, 14, 32)),
    Case("2x2, odd size: last row and column unread", pool((2, 2)), (2, 15, 17, 16)),
    Case("2x2, no multiple of a vector", pool((2, 2)), (2, 8, 9, 17)),
    Case("2x2, 3 channels", pool((2, 2)), (1, 8, 9, 3)),
    Case("2x2, 64 channels", pool((2, 2)), (1, 6, 6, 64)),
    Case("2x2, one window", pool((2, 2)), (3, 2, 2, 16)),
    Case("3x3 stride 2: windows overlap", pool((3, 3), (2, 2)), (2, 9, 11, 16)),
    Case("3x3 stride 2 padding 1, ResNet's", pool((3, 3), (2, 2), (1, 1, 1, 1)), (1, 12, 13, 64)),
    Case("3x3 stride 1 same", pool((3, 3), (1, 1), (1, 1, 1, 1)), (1, 7, 6, 5)),
    Case("padding on one side only", pool((3, 3), (2, 2), (0, 1, 0, 1)), (1, 8, 6, 16)),
    Case("2x2 same, odd size", pool((2, 2), (2, 2), (0, 1, 0, 1)), (1, 7, 7, 16)),
    Case("stride larger than the window", pool((2, 2), (3, 3)), (2, 10, 11, 16)),
    Case("window of one row", pool((1, 3)), (1, 5, 9, 16)),
    Case("window as large as the image", pool((6, 5)), (2, 6, 5, 17)),
    Case("255 pixels", pool((15, 17), (4, 4)), (1, 20, 23, 16)),
    Case("several tasks", pool((2, 2)), (3, 40, 30, 16)),
    Case("below zero everywhere: padding must not win", pool((3, 3), (2, 2), (1, 1, 1, 1)),
         Input((1, 6, 6, 16), fill=lambda random, shape: -1 - random.random(shape))),
    Case("ties: first maximum wins", pool((2, 2)), Input((1, 4, 4, 16), fill=1.0), differentiable=False),
    Case("ties: few values", pool((2, 2)), Input((2, 8, 8, 32), fill="steps"), differentiable=False),
    Case("ties: few values, windows overlap", pool((3, 3), (2, 2)), Input((2, 9, 9, 5), fill="steps"),
         differentiable=False),
    Case("-inf everywhere", pool((3, 3), (2, 2), (1, 1, 1, 1)), Input((1, 5, 5, 16), fill=float("-inf")),
         differentiable=False),
    Case("NaN passed on", pool((2, 2)), Input((2, 9, 9, 16), fill="nan"), differentiable=False),
    Case("NaN passed on, windows overlap", pool((3, 3), (2, 2)), Input((2, 9, 9, 5), fill="nan"),
         differentiable=False),
    Case("NaN passed on, several a window", pool((4, 4)), Input((1, 8, 8, 16), fill="nan"), differentiable=False),
]  # fmt: skip
