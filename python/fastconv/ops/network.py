"""Matrix products, convolution and pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastconv import primitives
from fastconv.ops.values import floats
from fastconv.primitives.conv2d import conv_geometry
from fastconv.runtime.errors import ShapeError


def matmul(x1: Any, x2: Any) -> Any:
    """Matrix product: (m, k), (k, n) -> (m, n).

    Raises:  ShapeError: an operand that is no matrix.
    """
    a, b = floats(x1), floats(x2)
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise ShapeError(
            f"matmul: expected two matrices; came {tuple(a.shape)} and {tuple(b.shape)}. Reshape them."
        )
    return primitives.Dense()(a, b)


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """x with its axes in another order, default reversed."""
    x = floats(x)
    order = (
        tuple(reversed(range(len(x.shape)))) if axes is None else tuple(axis % len(x.shape) for axis in axes)
    )
    return primitives.Transpose(order)(x)


def conv(
    inputs: Any,
    kernel: Any,
    strides: int | Sequence[int] = 1,
    padding: Any = "valid",
    data_format: str | None = None,
    dilation_rate: int | Sequence[int] = 1,
) -> Any:
    """Convolution: pictures (n, h, w, c), kernel (r, s, c / groups, k) -> (n, p, q, k).

    Args:  strides, dilation_rate: pixels, one number or (rows, columns).  padding: "valid" (default) or "same",
        TensorFlow's, which puts an odd pixel at the bottom and right.  data_format: channels last only.
    Raises:  ShapeError: the shapes do not fit each other.
    """
    _channels_last("conv", data_format)
    x, filters = floats(inputs), floats(kernel)
    groups = x.shape[-1] // filters.shape[2]
    geometry = conv_geometry(
        tuple(x.shape[1:3]),
        tuple(filters.shape[:2]),
        _two(strides),
        _two(dilation_rate),
        padding,
        max(1, groups),
    )
    return primitives.Conv2d(**geometry)(x, filters)


def max_pool(
    inputs: Any,
    pool_size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Largest value of each window: pictures (n, h, w, c) -> (n, p, q, c).

    Args:  pool_size: rows and columns.  strides: default those.  padding: "valid" (default) or "same".
    Raises:  ShapeError: the window is larger than the picture.
    """
    _channels_last("max_pool", data_format)
    x, window = floats(inputs), _two(pool_size)
    stride = window if strides is None else _two(strides)
    padded = conv_geometry(tuple(x.shape[1:3]), window, stride, (1, 1), padding)
    geometry = {name: v for name, v in padded.items() if name.startswith(("stride", "pad"))}
    return primitives.MaxPool2d(window_h=window[0], window_w=window[1], **geometry)(x)[0]


def _two(value: int | Sequence[int]) -> tuple[int, int]:
    rows, columns = (value, value) if isinstance(value, int) else value
    return int(rows), int(columns)


def _channels_last(who: str, data_format: str | None) -> None:
    if data_format not in (None, "channels_last"):
        raise ShapeError(
            f"{who}: expected channels last, (n, height, width, channels); came {data_format!r}. "
            "Turn the pictures once: np.moveaxis(x, 1, -1)."
        )
