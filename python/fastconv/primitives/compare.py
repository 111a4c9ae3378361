"""compare: where a relation between two tensors holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastconv.primitives.base import Spec
from fastconv.primitives.families.elementwise import Broadcast
from fastconv.runtime.errors import ArgumentError

RELATIONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")


@dataclass(frozen=True)
class Compare(Broadcast):
    """Where a `relation` b holds: (a, b), shapes that broadcast, one dtype -> bool.  NaN is equal to nothing.

    relation: equal, not_equal, less, less_equal, greater or greater_equal.
    """

    relation: str

    stem: ClassVar[str] = "compare"
    elementwise: ClassVar[bool] = False  # bool has another width than what is compared

    def __post_init__(self) -> None:
        if self.relation not in RELATIONS:
            raise ArgumentError(f"compare: expected one of {', '.join(RELATIONS)}; came {self.relation!r}.")

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        return (Spec("bool", super().shapes(inputs)[0].shape),)
