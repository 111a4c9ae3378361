"""Shapes of convolutions, from which the case tables of conv2d and its two gradients are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastconv.primitives.conv2d import Conv2d, ConvGeometry, Padding, conv_geometry
from fastconv.primitives.conv2d_filter_gradient import Conv2dFilterGradient
from fastconv.primitives.conv2d_input_gradient import Conv2dInputGradient
from fastconv.testing.cases import Case, Fill, Input


@dataclass(frozen=True)
class ConvShape:
    """One convolution: x (n, h, w, c), filter (rows, columns), k output channels."""

    label: str
    x: tuple[int, int, int, int]
    kernel: tuple[int, int]
    k: int
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: Padding = "valid"
    groups: int = 1

    def geometry(self) -> dict[str, Any]:
        """Attributes of the three primitives."""
        return conv_geometry(self.x[1:3], self.kernel, self.stride, self.dilation, self.padding, self.groups)

    @property
    def filter(self) -> tuple[int, int, int, int]:
        return (*self.kernel, self.x[3] // self.groups, self.k)

    @property
    def y(self) -> tuple[Any, ...]:
        size = ConvGeometry(**self.geometry()).output_size(self.x[1], self.x[2], *self.kernel)
        return (self.x[0], *size, self.k)

    def forward(self, fill: Fill = "normal", **epilogue: Any) -> Case:
        """conv2d; `epilogue`: its attributes bias, residual, activation."""
        extra = [(self.k,)] * bool(epilogue.get("bias")) + [self.y] * bool(epilogue.get("residual"))
        primitive = Conv2d(**self.geometry(), **epilogue)
        smooth = fill != "nan" and not callable(fill) and primitive.activation != "relu"
        return Case(self.label, primitive, Input(self.x, fill), self.filter, *extra, differentiable=smooth)

    def input_gradient(self, fill: Fill = "normal") -> Case:
        """conv2d_input_gradient."""
        primitive = Conv2dInputGradient(**self.geometry(), input_h=self.x[1], input_w=self.x[2])
        return Case(self.label, primitive, Input(self.y, fill), self.filter, differentiable=fill != "nan")

    def filter_gradient(self, bias: bool = False, fill: Fill = "normal") -> Case:
        """conv2d_filter_gradient."""
        primitive = Conv2dFilterGradient(
            **self.geometry(), filter_h=self.kernel[0], filter_w=self.kernel[1], bias=bias
        )
        return Case(self.label, primitive, self.x, Input(self.y, fill), differentiable=fill != "nan")


SHAPES = [
    ConvShape("one pixel, one channel", (1, 1, 1, 1), (1, 1), 1),
    ConvShape("one pixel of output", (1, 3, 3, 5), (3, 3), 7),
    ConvShape("one pixel, padding all around", (2, 1, 1, 16), (3, 3), 16, padding="same"),
    ConvShape("3x3 same, 16 to 16", (2, 8, 8, 16), (3, 3), 16, padding="same"),
    ConvShape("3x3 same, 64 to 64, odd size", (1, 13, 11, 64), (3, 3), 64, padding="same"),
    ConvShape("3x3 valid, 32 to 48", (2, 12, 10, 32), (3, 3), 48),
    ConvShape("3x3 valid, 17 to 5: no multiple of a vector", (2, 7, 9, 17), (3, 3), 5),
    ConvShape("3x3 same, 5 to 17", (1, 6, 13, 5), (3, 3), 17, padding="same"),
    ConvShape("3x3 same, 1 to 1", (3, 5, 4, 1), (3, 3), 1, padding="same"),
    ConvShape("3x3 same, 16 to 3", (1, 9, 9, 16), (3, 3), 3, padding="same"),
    ConvShape("3x3 same, 48 to 33", (1, 10, 10, 48), (3, 3), 33, padding="same"),
    ConvShape("3x3 same, 7x7x64 to 96: small image", (2, 7, 7, 64), (3, 3), 96, padding="same"),
    ConvShape("3x3, more channels than one block of the sum", (1, 6, 6, 300), (3, 3), 32, padding="same"),
    ConvShape("3x3 wide image of one row", (1, 1, 40, 16), (3, 3), 16, padding="same"),
    ConvShape("3x3 tall image of one column", (1, 40, 1, 16), (3, 3), 16, padding="same"),
    ConvShape("3x3 padding of 2", (1, 6, 5, 16), (3, 3), 16, padding=2),
    ConvShape("3x3 padding on one side only", (1, 8, 6, 16), (3, 3), 16, padding=((0, 1), (1, 0))),
    ConvShape("first layer: 3x3, 3 to 32", (2, 15, 17, 3), (3, 3), 32),
    ConvShape("first layer: 3x3 same, 3 to 64", (1, 16, 16, 3), (3, 3), 64, padding="same"),
    ConvShape("first layer: 7x7 stride 2, 3 to 64", (1, 23, 21, 3), (7, 7), 64, stride=(2, 2), padding=3),
    ConvShape("first layer: 11x11 stride 4, 3 to 96", (1, 39, 35, 3), (11, 11), 96, stride=(4, 4)),
    ConvShape("first layer: grey, 5x5, 1 to 20", (2, 12, 12, 1), (5, 5), 20),
    ConvShape("first layer: 3x3 stride 2 same, even size", (1, 14, 14, 3), (3, 3), 32, stride=(2, 2), padding="same"),
    ConvShape("first layer: grey, 3x3, 1 to 32", (2, 8, 11, 1), (3, 3), 32),
    ConvShape("first layer: 3x3 same, 4 to 64, several chunks of rows", (2, 30, 10, 4), (3, 3), 64, padding="same"),
    ConvShape("first layer: 3x3 stride 2, padding 1, 4 to 5", (2, 9, 11, 4), (3, 3), 5, stride=(2, 2), padding=1),
    ConvShape("first layer: 5x4 stride 3, 3 to 32: residues of one and two taps", (1, 13, 14, 3), (5, 4), 32,
              stride=(2, 3), padding=((1, 0), (2, 1))),
    ConvShape("first layer: 4x4 stride 2, padding on one side only, 3 to 8", (1, 11, 14, 3), (4, 4), 8, stride=(2, 2),
              padding=((1, 0), (0, 1))),
    ConvShape("first layer: stride larger than the filter, 3 to 5", (1, 9, 13, 3), (2, 2), 5, stride=(3, 4)),
    ConvShape("first layer: 1x1, 4 to 64", (1, 6, 7, 4), (1, 1), 64),
    ConvShape("first layer: 3x7 same, 3 to 32", (1, 7, 9, 3), (3, 7), 32, padding="same"),
    ConvShape("first layer: 6x6, 2 to 5", (1, 8, 12, 2), (6, 6), 5),
    ConvShape("first layer: 3x9, too wide a filter for rows of its own", (1, 4, 12, 3), (3, 9), 4),
    ConvShape("first layer: more images than blocks of a sum", (1190, 3, 4, 1), (3, 3), 5),
    ConvShape("1x1, 64 to 64", (2, 7, 7, 64), (1, 1), 64),
    ConvShape("1x1, 64 to 256", (1, 8, 8, 64), (1, 1), 256),
    ConvShape("1x1, 17 to 33", (1, 5, 9, 17), (1, 1), 33),
    ConvShape("1x1 stride 2", (2, 9, 8, 32), (1, 1), 48, stride=(2, 2)),
    ConvShape("1x1 stride 3: pixels without a tap", (1, 10, 11, 16), (1, 1), 16, stride=(3, 3)),
    ConvShape("1x1 with padding", (1, 4, 4, 16), (1, 1), 16, padding=1),
    ConvShape("3x3 stride 2 same, even size: odd pixel behind", (2, 10, 12, 16), (3, 3), 32, stride=(2, 2),
              padding="same"),
    ConvShape("3x3 stride 2 same, odd size", (1, 9, 11, 16), (3, 3), 16, stride=(2, 2), padding="same"),
    ConvShape("3x3 stride 2, padding 1 as in PyTorch", (1, 10, 12, 16), (3, 3), 16, stride=(2, 2), padding=1),
    ConvShape("strides that differ", (1, 11, 13, 8), (3, 3), 16, stride=(1, 2)),
    ConvShape("stride larger than the filter", (1, 13, 13, 8), (2, 2), 16, stride=(4, 3)),
    ConvShape("stride leaves rows unread", (1, 10, 10, 16), (3, 3), 16, stride=(2, 2)),
    ConvShape("5x5 same", (1, 9, 10, 16), (5, 5), 32, padding="same"),
    ConvShape("2x2 same: even filter", (1, 7, 6, 16), (2, 2), 16, padding="same"),
    ConvShape("4x4 stride 2 same", (1, 9, 8, 16), (4, 4), 16, stride=(2, 2), padding="same"),
    ConvShape("1x7", (1, 6, 12, 16), (1, 7), 16, padding="same"),
    ConvShape("7x1", (1, 12, 6, 16), (7, 1), 16, padding="same"),
    ConvShape("filter as large as the image", (2, 5, 6, 16), (5, 6), 24),
    ConvShape("dilation 2", (1, 12, 11, 16), (3, 3), 16, dilation=(2, 2)),
    ConvShape("dilation 2 same", (1, 9, 9, 16), (3, 3), 16, dilation=(2, 2), padding="same"),
    ConvShape("dilations that differ, stride 2", (1, 14, 15, 8), (3, 3), 16, stride=(2, 2), dilation=(3, 2)),
    ConvShape("2 groups", (2, 8, 7, 16), (3, 3), 32, padding="same", groups=2),
    ConvShape("4 groups, 17 channels each", (1, 6, 6, 68), (3, 3), 20, padding="same", groups=4),
    ConvShape("1x1, 3 groups", (1, 5, 5, 9), (1, 1), 6, groups=3),
    ConvShape("depthwise", (2, 9, 8, 32), (3, 3), 32, padding="same", groups=32),
    ConvShape("depthwise, stride 2, 5 channels, 2 filters each", (1, 9, 9, 5), (3, 3), 10, stride=(2, 2),
              padding="same", groups=5),
    ConvShape("several tiles of rows and channels", (3, 30, 29, 32), (3, 3), 64, padding="same"),
    ConvShape("63 pixels, 60 channels: just below a tile of 64", (1, 7, 9, 16), (1, 1), 60),
    ConvShape("65 pixels, 68 channels: just above", (1, 5, 13, 20), (1, 1), 68),
    ConvShape("33 channels to 65: above a tile, no multiple of four", (1, 5, 5, 33), (3, 3), 65),
    ConvShape("batch of 20 small images", (20, 7, 7, 16), (3, 3), 32),
]  # fmt: skip
