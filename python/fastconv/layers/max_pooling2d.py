"""The largest value of each window."""

from __future__ import annotations

from typing import Any

from fastconv import primitives
from fastconv.layers.arguments import channels_last, checked_padding, pair
from fastconv.layers.layer import Layer, trail_text, with_old_names
from fastconv.primitives.conv2d import resolve_padding


@with_old_names
class MaxPooling2D(Layer):
    """Largest value of each window: x (n, h, w, c) -> (n, p, q, c).

    Args:  pool_size: (rows, columns) in pixels, default (2, 2).  strides: default pool_size.
        padding: "valid" (default) or "same" (TensorFlow's: an odd pixel at the bottom and right).
    Raises:  ShapeError: the window is larger than the picture.

    >>> import numpy as np
    >>> MaxPooling2D()(np.arange(16, dtype="float32").reshape(1, 4, 4, 1)).numpy().ravel()
    array([ 5.,  7., 13., 15.], dtype=float32)
    """

    config_names = ("pool_size", "strides", "padding")

    def __init__(
        self,
        pool_size: Any = (2, 2),
        strides: Any = None,
        padding: Any = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        channels_last(data_format)
        super().__init__(**kwargs)
        self.pool_size = pair("pool_size", pool_size)
        self.strides = self.pool_size if strides is None else pair("strides", strides)
        self.padding = checked_padding(padding)

    def call(self, inputs: Any) -> Any:
        x = self._cast(inputs)
        self._check(x)
        pads = [self._pad(x.shape[1 + axis], axis) for axis in range(2)]
        pool = primitives.MaxPool2d(
            window_h=self.pool_size[0],
            window_w=self.pool_size[1],
            stride_h=self.strides[0],
            stride_w=self.strides[1],
            pad_top=pads[0][0],
            pad_bottom=pads[0][1],
            pad_left=pads[1][0],
            pad_right=pads[1][1],
        )
        return pool(x)[0]

    def _pad(self, size: int | None, axis: int) -> tuple[int, int]:
        stride = self.strides[axis]
        padding = self.padding if isinstance(self.padding, (str, int)) else self.padding[axis]
        return resolve_padding(padding, stride if size is None else size, self.pool_size[axis], stride, 1)

    def _check(self, x: Any) -> None:
        if x.ndim != 4:
            raise self._shape_error(
                f"expected pictures (batch, height, width, channels); came {x.shape}. Put it before Flatten()."
            )
        sizes = x.shape[1:3]
        if self.padding == "valid" and any(
            s is not None and s < window for s, window in zip(sizes, self.pool_size, strict=True)
        ):
            rows, columns = self.pool_size
            raise self._shape_error(
                f"window {rows}x{columns}, but {sizes[0]}x{sizes[1]} arrives{trail_text(x)}. "
                "Remove one pooling or enlarge the input."
            )


MaxPool2D = MaxPooling2D
