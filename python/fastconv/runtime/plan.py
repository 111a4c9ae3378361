"""A plan as data: what the compiler emits and a device builds.

Slots are places for tensors, steps are primitives over slots.  The compiler fills this in; a device turns it into
something that runs (the native executor, or the float64 interpreter of the reference device).
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np


@dataclasses.dataclass
class Slot:
    """A place for one tensor.

    region: "constant" (value: ndarray), "kept" (a result of the prologue), "variable" (value: Variable),
    "feed" and "output" (in order of appearance), "arena" (offset in bytes), "view" (value: index of another slot).
    """

    region: str
    dtype: str
    shape: tuple[int, ...]
    value: Any = None
    offset: int = 0

    @property
    def bytes(self) -> int:
        """Size of its tensor."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


@dataclasses.dataclass
class Step:
    """One primitive over slots.  part: "prologue", "step" or "closing"."""

    part: str
    primitive: Any
    implementation: str
    inputs: list[int]
    outputs: list[int]
    label: str
    workspace_offset: int = 0
    workspace_bytes: int = 0
    scratch_bytes: int = 0


@dataclasses.dataclass
class PlanDescription:
    """Slots and steps of one compiled graph; `gate` is the slot of the flag that opens the closing block."""

    slots: list[Slot]
    steps: list[Step]
    gate: int | None
    arena_bytes: int

    def bytes_in(self, *regions: str) -> int:
        """Bytes of all slots in some regions."""
        return sum(slot.bytes for slot in self.slots if slot.region in regions)


@dataclasses.dataclass
class RunResult:
    """closed: the closing block ran.  seconds: one a step, if they were asked for.

    Devices that run ahead say more.  under_way: whether it ran is not known yet.  late: not closed was an earlier run,
    and this one was not begun.  number: of the run.
    """

    closed: bool
    seconds: list[float]
    under_way: bool = False
    late: bool = False
    number: int = 0
