"""Every primitive by its stem, called on arrays at once (or on symbols inside `fastconv.function`).

`kernels.relu(x)`, `kernels.dense(x, w)`, `kernels.softmax(x)`: tensors by position, attributes by name, as the
primitive lists them (`docs/primitives.md`).  Windows and padding of `conv2d` and `max_pool2d` may be given in the
user's words instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastconv.layers.arguments import pair
from fastconv.primitives.base import all_stems, primitive_class
from fastconv.primitives.conv2d import Conv2d, conv_geometry, resolve_padding
from fastconv.primitives.max_pool2d import MaxPool2d


def conv2d(
    x: Any,
    filters: Any,
    bias: Any = None,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    groups: int = 1,
    activation: str = "none",
) -> Any:
    """Convolution: x (n, h, w, c), filters (r, s, c / groups, k) -> (n, p, q, k), same dtype.

    Args:  bias: (k), default none.  stride, dilation: pixels, one number or (rows, columns), default 1.
        padding: "valid" (default), "same" (TensorFlow's: an odd pixel at the bottom and right), a number of pixels,
        or ((top, bottom), (left, right)).  groups: default 1.  activation: "none", "relu" or "sigmoid".
    Raises:  ShapeError: the filter is larger than the padded image, or made for other channels.

    >>> import numpy as np
    >>> conv2d(np.ones((1, 4, 4, 1), "float32"), np.ones((3, 3, 1, 2), "float32"), padding="same").shape
    (1, 4, 4, 2)
    """
    rows, columns = x.shape[1:3]
    geometry: dict[str, Any] = conv_geometry(
        (rows, columns),
        filters.shape[:2],
        pair("stride", stride),
        pair("dilation", dilation),
        padding,
        groups,
    )
    primitive = Conv2d(**geometry, bias=bias is not None, activation=activation)
    return primitive(x, filters) if bias is None else primitive(x, filters, bias)


def max_pool2d(x: Any, window: Any, stride: Any = None, padding: Any = "valid") -> Any:
    """Largest value of each window: x (n, h, w, c) -> (n, p, q, c), same dtype.

    Args:  window: (rows, columns) in pixels.  stride: default = window.  padding: "valid" (default), "same"
        (TensorFlow's, which puts an odd pixel at the bottom and right; PyTorch has no "same" here), or pixels.
    Raises:  ShapeError: the window is larger than the padded image.

    >>> import numpy as np
    >>> max_pool2d(np.arange(16.0).reshape(1, 4, 4, 1), (2, 2)).shape
    (1, 2, 2, 1)
    """
    sizes = pair("window", window)
    strides = sizes if stride is None else pair("stride", stride)
    paddings = (padding, padding) if isinstance(padding, (str, int)) else padding
    (top, bottom), (left, right) = (
        resolve_padding(paddings[i], x.shape[1 + i], sizes[i], strides[i], 1) for i in range(2)
    )
    primitive = MaxPool2d(
        window_h=sizes[0],
        window_w=sizes[1],
        stride_h=strides[0],
        stride_w=strides[1],
        pad_top=top,
        pad_bottom=bottom,
        pad_left=left,
        pad_right=right,
    )
    return primitive(x)[0]


def __getattr__(name: str) -> Callable[..., Any]:
    if name.startswith("_"):
        raise AttributeError(name)
    try:
        cls = primitive_class(name)
    except ModuleNotFoundError:
        raise AttributeError(
            f"fastconv.kernels has no {name!r}; there are {', '.join(all_stems())}"
        ) from None

    def kernel(*tensors: Any, **attributes: Any) -> Any:
        return cls(**attributes)(*tensors)

    kernel.__name__ = kernel.__qualname__ = name
    kernel.__doc__ = cls.__doc__
    return kernel


def __dir__() -> list[str]:
    return all_stems()
