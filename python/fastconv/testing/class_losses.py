"""Cases that all losses over classes share, and their gradients: rows of scores, targets as classes or weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastconv.testing.cases import Case, Fill, Input


def labels(classes: int) -> Fill:
    """Classes drawn evenly."""
    return lambda random, shape: random.integers(0, classes, shape)


def weights(random: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Rows of positive numbers that add up to 1."""
    values = random.uniform(0.01, 1, shape)
    return values / values.sum(-1, keepdims=True)


def one_hot(random: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Rows with a single 1."""
    return np.eye(shape[-1])[random.integers(0, shape[-1], shape[:-1])]


# label, shape of the scores, sparse, targets
_TABLE: list[tuple[str, tuple[int, ...], bool, Any]] = [
    ("ten classes", (20, 10), True, Input((20,), labels(10), "int64")),
    ("ten classes, weights", (20, 10), False, Input((20, 10), weights)),
    ("one-hot rows", (20, 7), False, Input((20, 7), one_hot)),
    ("weights that add up to more than 1", (5, 6), False, Input((5, 6), "uniform")),
    ("a row a vector wide", (5, 16), True, Input((5,), labels(16), "int64")),
    ("a class for each pixel", (2, 9, 11, 5), True, Input((2, 9, 11), labels(5), "int64")),
    ("a class for each pixel, weights", (2, 9, 11, 5), False, Input((2, 9, 11, 5), weights)),
    ("two classes, float labels", (30, 2), True, Input((30,), labels(2))),
    ("one class", (4, 1), True, Input((4,), 0, "int64")),
    ("a single row without a batch", (4,), True, Input((), 2, "int64")),
    ("no rows", (0, 4), True, Input((0,), 0, "int64")),
]
_LARGE: list[tuple[str, tuple[int, ...], bool, Any]] = [
    ("many rows: several tasks", (5000, 3), True, Input((5000,), labels(3), "int64")),
    ("a thousand classes", (9, 1000), True, Input((9,), labels(1000), "int64")),
    ("a thousand classes, weights", (9, 1000), False, Input((9, 1000), weights)),
    ("more classes than a block", (2, 20001), True, Input((2,), labels(20001), "int64")),
    ("more classes than a block, weights", (2, 2050), False, Input((2, 2050), weights)),
    ("labels that name no class", (5, 4), True, np.array([0, -1, 4, 3, 2**40])),
    ("float labels are cut to whole numbers", (6, 4), True, np.array([0, 2.9, 3, 4, -1, np.nan], np.float32)),
]


def class_cases(loss: Callable[[bool], Any], scores: Fill, gradient: bool = False) -> list[Case]:
    """The table for one loss: `scores` fills its first input; a gradient gets dloss besides.

    Of the large cases no central differences are taken: they would cost minutes, and with a thousand classes a
    probability is as small as their step.
    """

    def case(
        label: str, shape: tuple[int, ...], sparse: bool, targets: Any, fill: Fill, smooth: bool
    ) -> Case:
        dloss = [Input(shape[:-1])] if gradient else []
        inputs = [Input(shape, fill), targets, *dloss]
        return Case(label, loss(sparse), *inputs, differentiable=smooth and not gradient)

    cases = [case(*row, scores, True) for row in _TABLE] + [case(*row, scores, False) for row in _LARGE]
    cases.append(
        case("NaN passed on, its rows only", (9, 4), True, Input((9,), labels(4), "int64"), "nan", False)
    )
    return cases
