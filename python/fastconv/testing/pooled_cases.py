"""Cases of conv2d_pooled and its gradients, from shapes of convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastconv.primitives.conv2d_pooled import Conv2dPooled
from fastconv.primitives.conv2d_pooled_filter_gradient import Conv2dPooledFilterGradient
from fastconv.primitives.conv2d_pooled_input_gradient import Conv2dPooledInputGradient
from fastconv.testing.cases import Case, Fill, Input
from fastconv.testing.conv_cases import ConvShape

SHAPES = [
    ConvShape("one window", (1, 4, 4, 1), (3, 3), 1),
    ConvShape("16 to 32", (2, 10, 14, 16), (3, 3), 32),
    ConvShape(
        "same, 16 to 16: windows across tiles of the gradient", (2, 8, 8, 16), (3, 3), 16, padding="same"
    ),
    ConvShape("odd rows and columns are dropped", (2, 9, 11, 16), (3, 3), 16),
    ConvShape("one row more than a tile", (1, 7, 12, 32), (3, 3), 16),
    ConvShape("no multiple of a vector", (2, 11, 8, 17), (3, 3), 5, padding="same"),
    ConvShape("33 channels out", (1, 12, 10, 48), (3, 3), 33),
    ConvShape("many filters", (2, 8, 6, 32), (3, 3), 272, padding="same"),
    ConvShape("many weights", (1, 12, 12, 144), (3, 3), 160, padding="same"),
    ConvShape("first layer", (2, 16, 18, 3), (3, 3), 32),
    ConvShape("first layer, same, odd size", (1, 13, 15, 3), (3, 3), 64, padding="same"),
    ConvShape("grey", (2, 12, 12, 1), (3, 3), 8, padding="same"),
    ConvShape("padding on one side only", (1, 8, 6, 16), (3, 3), 16, padding=((0, 1), (1, 0))),
    ConvShape("several blocks of tiles", (3, 30, 29, 32), (3, 3), 64),
    ConvShape("5x5 stride 2: no row but the reference", (1, 13, 13, 4), (5, 5), 8, stride=(2, 2)),
]


def forward(shape: ConvShape, fill: Fill = "normal", bias: bool = True) -> Case:
    """conv2d_pooled."""
    extra = [(shape.k,)] * bias
    primitive = Conv2dPooled(**shape.geometry(), bias=bias)
    return Case(shape.label, primitive, Input(shape.x, fill), shape.filter, *extra, differentiable=False)


def _codes(random: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return random.integers(0, 5, shape)


def _pooled(shape: ConvShape) -> tuple[int, ...]:
    n, p, q, k = shape.y
    return n, p // 2, q // 2, k


def input_gradient(shape: ConvShape, fill: Fill = "normal") -> Case:
    """conv2d_pooled_input_gradient."""
    primitive = Conv2dPooledInputGradient(**shape.geometry(), input_h=shape.x[1], input_w=shape.x[2])
    pooled = _pooled(shape)
    argmax = Input(pooled, _codes, "uint8")
    return Case(shape.label, primitive, Input(pooled, fill), argmax, shape.filter, differentiable=False)


def filter_gradient(shape: ConvShape, fill: Fill = "normal", bias: bool = True) -> Case:
    """conv2d_pooled_filter_gradient."""
    kernel = {"filter_h": shape.kernel[0], "filter_w": shape.kernel[1]}
    primitive = Conv2dPooledFilterGradient(**shape.geometry(), **kernel, bias=bias)
    pooled = _pooled(shape)
    argmax = Input(pooled, _codes, "uint8")
    return Case(shape.label, primitive, shape.x, Input(pooled, fill), argmax, differentiable=False)
