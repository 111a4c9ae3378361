"""reduce_mean: the mean over some axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.reduce_sum import Reduction


@dataclass(frozen=True)
class ReduceMean(Reduction):
    """Mean over `axes`: x (any shape) -> y, without these axes, or with size 1 there if `keepdims`.

    The mean of nothing is NaN, as in NumPy.
    """

    stem: ClassVar[str] = "reduce_mean"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.rescale import Rescale

        count = math.prod(inputs[0].shape[axis] for axis in self.axes)
        return (self.spread(inputs[0], Rescale(scale=1.0 / max(count, 1), offset=0.0)(gradients[0])),)
