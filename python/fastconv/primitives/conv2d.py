"""conv2d: every output pixel is a weighted sum over a window of the input; bias, sum and activation may follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from fastconv.primitives.base import Cost, Primitive, Shape, Spec
from fastconv.runtime.errors import ArgumentError, ShapeError

Padding = str | int | Sequence[int] | Sequence[Sequence[int]]


@dataclass(frozen=True, kw_only=True)
class ConvGeometry(Primitive):
    """What conv2d and its gradients share: pixels between windows and taps, padding as four numbers, groups."""

    stride_h: int = 1
    stride_w: int = 1
    dilation_h: int = 1
    dilation_w: int = 1
    pad_top: int = 0
    pad_bottom: int = 0
    pad_left: int = 0
    pad_right: int = 0
    groups: int = 1

    def geometry(self) -> dict[str, Any]:
        """The shared attributes by name."""
        return {field.name: getattr(self, field.name) for field in fields(ConvGeometry)}

    def output_size(self, h: int | None, w: int | None, r: int, s: int) -> tuple[int | None, int | None]:
        """Rows and columns of the output for an input of h x w and a filter of r x s; raises ShapeError."""
        return (
            _output_length("height", h, self.pad_top + self.pad_bottom, r, self.stride_h, self.dilation_h),
            _output_length("width", w, self.pad_left + self.pad_right, s, self.stride_w, self.dilation_w),
        )


@dataclass(frozen=True, kw_only=True)
class Conv2d(ConvGeometry):
    """Convolution (cross-correlation, as in Keras and PyTorch): x (n, h, w, c), filter (r, s, c / groups, k)
    and, if `bias`, bias (k), and, if `residual`, residual (n, p, q, k) -> y (n, p, q, k).

    y = activation(sum over the window + bias + residual); activation: "none", "relu" or "sigmoid".
    """

    stem: ClassVar[str] = "conv2d"
    bias: bool = False
    residual: bool = False
    activation: str = "none"

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        x, filters = inputs[0], inputs[1]
        if len(x.shape) != 4:
            raise ShapeError(
                f"conv2d: expected an input of 4 axes (batch, height, width, channels), came {x.shape}."
            )
        if len(filters.shape) != 4:
            raise ShapeError(
                f"conv2d: expected a filter of 4 axes (height, width, input channels, output channels), "
                f"came {filters.shape}."
            )
        n, h, w, c = x.shape
        r, s, depth, k = filters.shape
        if c is None:
            raise ShapeError(f"conv2d: expected a known number of channels on the last axis, came {x.shape}.")
        if c != depth * self.groups:
            raise ShapeError(
                f"conv2d: expected {depth * self.groups} channels on the last axis, came {c} in {x.shape}."
            )
        if k % self.groups:
            raise ShapeError(f"conv2d: expected output channels that {self.groups} groups divide, came {k}.")
        p, q = self.output_size(h, w, r, s)
        y = Spec(x.dtype, (n, p, q, k))
        self._check_epilogue(inputs[2:], y.shape)
        return (y,)

    def _check_epilogue(self, extra: Sequence[Spec], y: Shape) -> None:
        expected = [("bias", (y[3],))] * self.bias + [("residual", y)] * self.residual
        if len(extra) != len(expected):
            raise ShapeError(f"conv2d: expected {2 + len(expected)} inputs, came {2 + len(extra)}.")
        for (name, shape), spec in zip(expected, extra, strict=True):
            if spec.shape != shape:
                raise ShapeError(f"conv2d: expected a {name} of shape {shape}, came {spec.shape}.")

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.conv2d_filter_gradient import Conv2dFilterGradient
        from fastconv.primitives.conv2d_input_gradient import Conv2dInputGradient

        x, filters = inputs[0], inputs[1]
        dy = through_activation(self.activation, outputs[0], gradients[0])
        dx = Conv2dInputGradient(**self.geometry(), input_h=x.shape[1], input_w=x.shape[2])(dy, filters)
        of_filter = Conv2dFilterGradient(
            **self.geometry(), filter_h=filters.shape[0], filter_w=filters.shape[1], bias=self.bias
        )(x, dy)
        of_filter = of_filter if self.bias else (of_filter,)
        return (dx, *of_filter, dy) if self.residual else (dx, *of_filter)

    def cost(self, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Cost:
        return conv_cost(outputs[0], inputs[1], inputs, outputs)


def through_activation(activation: str, y: Any, dy: Any) -> Any:
    """The gradient before a fused activation, from its output y and the gradient behind it."""
    if activation == "relu":
        from fastconv.primitives.relu_gradient import ReluGradient

        return ReluGradient()(dy, y)
    if activation == "sigmoid":
        from fastconv.primitives.sigmoid_gradient import SigmoidGradient

        return SigmoidGradient()(dy, y)
    return dy


def conv_cost(y: Spec, filters: Spec, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Cost:
    """Two operations for each output element and filter tap; every tensor moved once."""
    r, s, depth, _ = filters.shape
    moved = sum(spec.nbytes for spec in [*inputs, *outputs])
    return Cost(2.0 * y.size * r * s * depth, float(moved))


def resolve_padding(
    padding: Any, size: int | None, kernel: int, stride: int, dilation: int
) -> tuple[int, int]:
    """Pixels of padding before and behind one axis.

    padding: "valid" (none); "same", TensorFlow's, which makes the output ceil(size / stride) long and puts an odd
        pixel behind (PyTorch's `padding=1` puts it before when the stride is 2); a number; or (before, behind).

    >>> resolve_padding("same", 150, 3, 2, 1)
    (0, 1)
    """
    reach = (kernel - 1) * dilation + 1
    if padding == "valid":
        return 0, 0
    if padding == "same":
        if stride == 1:
            total = reach - 1
        elif size is None:
            raise ShapeError(
                f"padding 'same' with stride {stride} depends on the size of the input, which is not known here. "
                f"Give the input's height and width, or pad by numbers."
            )
        else:
            total = max((-(-size // stride) - 1) * stride + reach - size, 0)
        return total // 2, total - total // 2
    if isinstance(padding, str):
        raise ArgumentError(f"padding: expected 'valid', 'same', a number or a pair; came {padding!r}.")
    before, behind = (padding, padding) if isinstance(padding, int) else padding
    if before < 0 or behind < 0:
        raise ArgumentError(f"padding: expected no negative number of pixels; came ({before}, {behind}).")
    return int(before), int(behind)


def conv_geometry(
    size: tuple[int | None, int | None],
    kernel: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    padding: Padding = "valid",
    groups: int = 1,
) -> dict[str, int]:
    """Attributes of ConvGeometry from the user's words.

    padding: a word or a number for both axes, or one entry an axis: ((top, bottom), (left, right)).
    """
    rows, columns = (padding, padding) if isinstance(padding, str | int) else padding
    top, bottom = resolve_padding(rows, size[0], kernel[0], stride[0], dilation[0])
    left, right = resolve_padding(columns, size[1], kernel[1], stride[1], dilation[1])
    return {
        "stride_h": stride[0],
        "stride_w": stride[1],
        "dilation_h": dilation[0],
        "dilation_w": dilation[1],
        "pad_top": top,
        "pad_bottom": bottom,
        "pad_left": left,
        "pad_right": right,
        "groups": groups,
    }


def _output_length(
    axis: str, size: int | None, pad: int, kernel: int, stride: int, dilation: int
) -> int | None:
    if size is None:
        return None
    reach = (kernel - 1) * dilation + 1
    if size + pad < reach:
        padded = f" ({size} and {pad} of padding)" if pad else ""
        raise ShapeError(
            f"conv2d: expected an input at least as large as the filter, which reaches over {reach} pixels of "
            f"{axis}; came {size + pad}{padded}."
        )
    return (size + pad - reach) // stride + 1
