"""relu: y = max(x, 0), NaN passed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import Primitive, Spec


@dataclass(frozen=True)
class Relu(Primitive):
    """Larger of x and 0: x (any shape) -> y, same shape and dtype."""

    stem: ClassVar[str] = "relu"
    elementwise: ClassVar[bool] = True

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        return (inputs[0],)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.relu_gradient import ReluGradient

        return (ReluGradient()(gradients[0], outputs[0]),)
