"""Convolution over pictures."""

from __future__ import annotations

from typing import Any

from fastconv import primitives
from fastconv.layers.arguments import channels_last, checked_padding, pair, refuse_unsupported, renamed, whole
from fastconv.layers.layer import trail_text, with_old_names
from fastconv.layers.weighted import WeightedLayer
from fastconv.primitives.conv2d import conv_geometry
from fastconv.runtime.errors import ArgumentError
from fastconv.runtime.location import location_text, user_location, warn


@with_old_names
class Conv2D(WeightedLayer):
    """Convolution: x (n, h, w, c) -> (n, p, q, filters).

    Args:  filters: number of output channels.  kernel_size: (rows, columns), or one number for both.
        strides: default (1, 1).  padding: "valid" (default), "same" (TensorFlow's: an odd pixel at the bottom and
        right), a number of pixels, or ((top, bottom), (left, right)); Keras knows the two words only.
        dilation_rate: pixels between taps, default (1, 1).  groups: default 1; divides both channels and filters.
        activation, use_bias, kernel_initializer, bias_initializer: as in Dense.
    Raises:  ShapeError: the picture is smaller than the kernel, or has other channels than the weights.

    >>> import numpy as np
    >>> Conv2D(8, 3, padding="same")(np.ones((1, 28, 28, 1), "float32")).shape
    (1, 28, 28, 8)
    """

    config_names = (
        "filters", "kernel_size", "strides", "padding", "dilation_rate", "groups", "activation", "use_bias",
        "kernel_initializer", "bias_initializer",
    )  # fmt: skip

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        refuse_unsupported(locals())
        channels_last(data_format)
        super().__init__(activation, use_bias, kernel_initializer, bias_initializer, **kwargs)
        self.filters = whole("Conv2D", "filters", filters)
        self.kernel_size = pair("kernel_size", kernel_size)
        self.strides = pair("strides", strides)
        self.dilation_rate = pair("dilation_rate", dilation_rate)
        self.groups = whole("Conv2D", "groups", groups)
        self.padding = checked_padding(padding)
        if self.filters % self.groups:
            raise ArgumentError(
                f"Conv2D: expected filters that groups divide; came filters={filters}, groups={groups}."
            )
        self._warn_of_old_spelling()

    def _warn_of_old_spelling(self) -> None:
        """`Conv2D(32, 3, 3)` was a 3x3 kernel in Keras 1 and is stride 3 today."""
        given = self._arguments[0][:3]
        if len(given) == 3 and all(isinstance(number, int) for number in given) and given[2] > 1:
            filters, kernel, stride = given
            warn(
                f"Conv2D({filters}, {kernel}, {stride}) at {location_text(self._made_at)}: taken as in Keras 3, a "
                f"{kernel}x{kernel} kernel with stride {stride}. If a {kernel}x{stride} kernel was meant, write "
                f"Conv2D({filters}, ({kernel}, {stride})); if the stride, write strides={stride}."
            )

    def build(self, input_shape: Any) -> None:
        if len(input_shape) != 4:
            raise self._shape_error(_four_axes(tuple(input_shape)))
        channels = input_shape[-1]
        if channels is None or channels % self.groups:
            raise self._shape_error(
                f"expected a known number of channels on the last axis that {self.groups} groups divide; came "
                f"{tuple(input_shape)}. Give the model's input a full shape, such as (150, 150, 3)."
            )
        self._make_weights((*self.kernel_size, channels // self.groups, self.filters), self.filters)

    def call(self, inputs: Any) -> Any:
        x = self._cast(inputs)
        self._check(inputs)
        h, w = (
            stride if size is None else size for size, stride in zip(x.shape[1:3], self.strides, strict=True)
        )
        geometry = conv_geometry(
            (h, w), self.kernel_size, self.strides, self.dilation_rate, self.padding, self.groups
        )
        return self._finish(primitives.Conv2d(**geometry)(x, self.kernel))

    def _check(self, x: Any) -> None:
        if x.ndim != 4:
            raise self._shape_error(_four_axes(x.shape))
        expected = self.kernel.shape[2] * self.groups
        if x.shape[-1] != expected:
            raise self._shape_error(
                f"expected {expected} channels on the last axis; came {x.shape}. {_channels_advice(x.shape, expected)}"
            )
        geometry = conv_geometry((None, None), self.kernel_size, padding=self._numbers_or_none())
        pads = (
            geometry["pad_top"] + geometry["pad_bottom"],
            geometry["pad_left"] + geometry["pad_right"],
        )
        reach = [(k - 1) * d + 1 for k, d in zip(self.kernel_size, self.dilation_rate, strict=True)]
        if self.padding != "same" and any(
            size is not None and size + pad < taps
            for size, pad, taps in zip(x.shape[1:3], pads, reach, strict=True)
        ):
            rows, columns = self.kernel_size
            raise self._shape_error(
                f"kernel {rows}x{columns} on {x.shape[1]}x{x.shape[2]}{trail_text(x)}. "
                "Use padding='same', a smaller kernel, or a larger input."
            )

    def _numbers_or_none(self) -> Any:
        return "valid" if isinstance(self.padding, str) else self.padding


def _four_axes(shape: tuple[Any, ...]) -> str:
    advice = (
        "Put it before Flatten()."
        if len(shape) == 2
        else "A grey picture needs its channel axis: x[..., None]."
    )
    return f"expected pictures (batch, height, width, channels); came {shape}. {advice}"


def _channels_advice(shape: tuple[Any, ...], expected: int) -> str:
    if shape[1] == expected:
        return "Channels come last here: np.moveaxis(x, 1, -1)."
    if shape[-1] == 1:
        return f"The pictures are grey. Load them with color_mode='rgb', or make the model for {shape[1:]}."
    return "Its weights were made for other pictures."


def Convolution2D(filters: int, *args: Any, **kwargs: Any) -> Conv2D:
    """Conv2D under its old name; `Convolution2D(32, 3, 3)` means a 3x3 kernel, as in Keras 1 and 2.

    Keras 3 takes the second 3 for the stride, in silence.  `nb_row` and `nb_col` are understood too.
    """
    kwargs = renamed(
        kwargs, ("filters", "kernel_size", "strides", "padding", "use_bias", "kernel_initializer")
    )
    if "nb_row" in kwargs:
        args = (kwargs.pop("nb_row"), kwargs.pop("nb_col"), *args)
    if "dim_ordering" in kwargs:
        kwargs["data_format"] = kwargs.pop("dim_ordering")
    if len(args) >= 2 and isinstance(args[0], int) and isinstance(args[1], int):
        rows, columns = args[:2]
        args = ((rows, columns), *args[2:])
        warn(
            f"Convolution2D({filters}, {rows}, {columns}) at {location_text(user_location())}: taken as Keras 1 and 2 "
            f"meant it, a {rows}x{columns} kernel (Keras 3: stride {columns}). Write "
            f"Conv2D({filters}, ({rows}, {columns}))."
        )
    return Conv2D(filters, *args, **kwargs)
