"""dropout: drops elements at random and scales up the rest; the mask follows from its key alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastconv.primitives.base import Primitive, Spec
from fastconv.runtime.errors import ArgumentError, ShapeError


@dataclass(frozen=True)
class Dropout(Primitive):
    """x / (1 - rate) where an element is kept, 0 where it is dropped: (x (n, ..), key (2)) -> y like x.

    key: int64, the seed and the number of the step.  The mask of sample n follows from seed, step, path, n and the
    place in the sample; nothing else matters, on any device.

    rate: share of elements to drop, from 0 to 1.  path: a number for the place in the model, so that two dropouts
    of one step differ.  training: False passes x on unchanged.
    """

    rate: float
    path: int
    training: bool

    stem: ClassVar[str] = "dropout"
    elementwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0.0 <= self.rate <= 1.0:
            raise ArgumentError(f"dropout: expected a rate from 0 to 1; came {self.rate!r}.")

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        x, key = inputs
        if not x.shape:
            raise ShapeError(
                "dropout: expected an input whose first axis counts the samples; came a scalar ()."
            )
        if key != Spec("int64", (2,)):
            raise ArgumentError(
                f"dropout: expected a key int64 (2,), seed and step; came {key.dtype} {key.shape}."
            )
        return (x,)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        return (self(gradients[0], inputs[1]), None)  # linear in x: the same mask over dy
