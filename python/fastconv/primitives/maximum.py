"""maximum: larger of a and b, with broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.families.elementwise import Broadcast, summed_to


@dataclass(frozen=True)
class Maximum(Broadcast):
    """Larger of two: (a, b), shapes that broadcast, one dtype -> y.

    NaN in either gives NaN.  Where a and b are equal, a takes the gradient.
    """

    stem: ClassVar[str] = "maximum"

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.cast import Cast
        from fastconv.primitives.compare import Compare
        from fastconv.primitives.relu_gradient import ReluGradient
        from fastconv.primitives.rescale import Rescale

        a, b = inputs
        dy = gradients[0]
        from_a = Cast(dtype=str(dy.dtype))(Compare(relation="greater_equal")(a, b))
        from_b = Rescale(scale=-1.0, offset=1.0)(from_a)
        return (
            summed_to(ReluGradient()(dy, from_a), a.shape, outputs[0].shape),
            summed_to(ReluGradient()(dy, from_b), b.shape, outputs[0].shape),
        )
