"""Cases of the reductions."""

from __future__ import annotations

from typing import Any

from fastconv.testing.cases import Case, Input


def reductions(primitive: Any) -> list[Case]:
    """The cases of one reduction; `primitive` is its class."""
    return [
        Case("one element", primitive((0,)), (1,)),
        Case("everything", primitive((0, 1)), (20, 1)),
        Case("everything, keepdims", primitive((0, 1, 2, 3), True), (2, 5, 7, 3)),
        Case("several chunks of a line", primitive((0,)), (70001,)),
        Case("several chunks of each line", primitive((1,)), (3, 40000)),
        Case("many short lines", primitive((1,)), (4100, 5)),
        Case("lines, keepdims", primitive((1,), True), (9, 33)),
        Case("the bias's gradient", primitive((0, 1, 2)), (4, 9, 11, 32)),
        Case("the bias's gradient, several chunks", primitive((0, 1, 2)), (4, 23, 29, 17)),
        Case("columns, several strips", primitive((0,)), (37, 600)),
        Case("the mean of an image", primitive((1, 2), True), (3, 7, 7, 40)),
        Case("the mean of an image, 3 channels", primitive((1, 2)), (2, 40, 41, 3)),
        Case("last two axes", primitive((2, 3)), (2, 3, 5, 4)),
        Case("axes apart", primitive((0, 2)), (3, 4, 5)),
        Case("first and last", primitive((0, 3), True), (3, 4, 5, 6)),
        Case("an axis of size 1 between", primitive((0, 2)), (3, 1, 5, 6)),
        Case("axes in any order", primitive((2, 1)), (3, 4, 5, 6)),
        Case("no axis at all", primitive(()), (3, 4)),
        Case("lines of 32", primitive((1,)), (70, 32)),
        Case("lines of 1024", primitive((1,)), (9, 1024)),
        Case("lines of 1025", primitive((1,)), (3, 1025)),
        Case("columns, a strip and one more", primitive((0,)), (70, 65)),
        Case("columns, several chunks and strips", primitive((0,)), (700, 130)),
        Case("the mean of an image, many channels", primitive((1, 2)), (2, 8, 8, 257)),
        Case("axes apart, long", primitive((0, 2)), (30, 3, 50, 2)),
        Case("no rows", primitive((1,)), (0, 5)),
        Case("NaN passed on", primitive((1,)), Input((3, 4, 5), fill="nan"), differentiable=False),
    ]
