"""Gradients that are not too long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastconv import ops


def clipped(
    gradients: Sequence[Any],
    clipnorm: float | None = None,
    clipvalue: float | None = None,
    global_clipnorm: float | None = None,
) -> list[Any]:
    """The gradients, cut element by element, shortened one by one, or all by one factor."""
    if clipvalue is not None:
        return [ops.clip(g, -float(clipvalue), float(clipvalue)) for g in gradients]
    if clipnorm is not None:
        return [ops.multiply(g, _factor(_square_sum(g), float(clipnorm))) for g in gradients]
    if global_clipnorm is not None and gradients:
        total = _square_sum(gradients[0])
        for gradient in gradients[1:]:
            total = ops.add(total, _square_sum(gradient))
        factor = _factor(total, float(global_clipnorm))
        return [ops.multiply(g, factor) for g in gradients]
    return list(gradients)


def _square_sum(gradient: Any) -> Any:
    return ops.sum(ops.square(gradient))


def _factor(square_sum: Any, longest: float) -> Any:
    """1, or what makes the length `longest`."""
    return ops.divide(longest, ops.maximum(ops.sqrt(square_sum), longest))
