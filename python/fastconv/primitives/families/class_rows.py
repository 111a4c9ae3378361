"""Losses over rows of classes: scores (.., k) and targets, which are classes (..) or weights of classes (.., k)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastconv.primitives.base import Primitive, Spec
from fastconv.primitives.families.elementwise import same_shape
from fastconv.runtime.errors import ArgumentError, ShapeError


@dataclass(frozen=True)
class ClassLoss(Primitive):
    """(scores (.., k), targets) -> loss (..)."""

    sparse: bool

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        return (Spec(inputs[0].dtype, rows_shape(self.stem, self.sparse, inputs[0], inputs[1])),)


@dataclass(frozen=True)
class ClassLossGradient(Primitive):
    """(scores (.., k), targets, dloss (..)) -> dscores (.., k)."""

    elementwise: ClassVar[bool] = True

    sparse: bool

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        scores, targets, dloss = inputs
        same_shape(self.stem, rows_shape(self.stem, self.sparse, scores, targets), dloss.shape)
        return (scores,)


def rows_shape(stem: str, sparse: bool, scores: Spec, targets: Spec) -> tuple[int | None, ...]:
    """Shape of the loss; checks the targets."""
    if not scores.shape:
        raise ShapeError(f"{stem}: expected scores whose last axis holds the classes; came a scalar ().")
    dtypes = ("int64", "float32") if sparse else ("float32",)
    if targets.dtype not in dtypes:
        raise ArgumentError(
            f"{stem}: expected targets of {' or '.join(dtypes)}; came {targets.dtype}. Cast them."
        )
    expected = scores.shape[:-1] if sparse else scores.shape
    return same_shape(stem, targets.shape, expected)[: len(scores.shape) - 1]
