"""all_finite: 1 if no element of any input is infinite or NaN, else 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastconv.primitives.base import Primitive, Spec
from fastconv.runtime.errors import ArgumentError


@dataclass(frozen=True)
class AllFinite(Primitive):
    """Whether all is finite: any number of float32 tensors -> flag, uint8 ()."""

    stem: ClassVar[str] = "all_finite"

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        for spec in inputs:
            if spec.dtype != "float32":
                raise ArgumentError(f"all_finite: expected float32 tensors; came {spec.dtype} {spec.shape}.")
        return (Spec("uint8", ()),)
