"""maximum: larger of a and b, with broadcasting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fastconv.primitives.families.elementwise import Choice


@dataclass(frozen=True)
class Maximum(Choice):
    """Larger of two: (a, b), shapes that broadcast, one dtype -> y.

    NaN in either gives NaN.  Where a and b are equal, a takes the gradient.
    """

    stem: ClassVar[str] = "maximum"
    relation: ClassVar[str] = "greater_equal"
