"""Shapes of dense layers, from which the case tables of dense and its two gradients are made."""

from __future__ import annotations

from typing import Any

from fastconv.primitives.dense import Dense
from fastconv.testing.cases import Case, Fill, Input

# label, m samples, k features, n units
SHAPES = [
    ("one number", 1, 1, 1),
    ("one sample", 1, 300, 40),
    ("one column", 7, 515, 1),
    ("one column, one sample", 1, 31, 1),
    ("two columns", 5, 100, 2),
    ("ten classes", 20, 512, 10),
    ("17 columns", 3, 33, 17),
    ("one feature", 6, 1, 40),
    ("13 samples: tiles of two heights", 13, 257, 64),
    ("16 samples, a split depth", 16, 700, 132),
    ("17 samples", 17, 64, 128),
    ("4 samples, split depth and columns", 4, 530, 129),
    ("one sample, a long depth, few columns", 1, 5000, 3),
    ("64 samples", 64, 256, 96),
    ("65 samples: two blocks of rows", 65, 520, 33),
    ("several blocks of columns", 5, 270, 700),
    ("several blocks of the depth", 20, 1000, 48),
    ("many samples", 130, 300, 20),
    ("16 blocks of columns: depth in one task", 2, 300, 4096),
    ("square", 31, 31, 31),
]


def forward(shape: tuple[str, int, int, int], fill: Fill = "normal", **epilogue: Any) -> Case:
    """dense; `epilogue`: its attributes bias, residual, activation."""
    label, m, k, n = shape
    extra = [(n,)] * bool(epilogue.get("bias")) + [(m, n)] * bool(epilogue.get("residual"))
    primitive = Dense(**epilogue)
    smooth = fill != "nan" and primitive.activation != "relu"
    return Case(label, primitive, Input((m, k), fill), (k, n), *extra, differentiable=smooth)
