"""The device `reference`: runs any plan step by step in float64 NumPy.

It is what FASTCONV_CHECK=1 compares with, and the proof that no floor above the devices knows the CPU: models,
graphs and passes run on it unchanged.  Floating tensors are kept in float64 between steps; what leaves the device
has the dtype that was declared.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastconv.runtime.native import available_host_bytes
from fastconv.runtime.plan import PlanDescription, RunResult, Slot
from fastconv.testing.cases import evaluate


def _stored(values: Any, dtype: str) -> np.ndarray:
    return np.array(values, np.float64 if dtype.startswith("float") else dtype)


class ReferenceBuffer:
    """Memory of one tensor: float64 for floating dtypes."""

    def __init__(self, device: str, dtype: str, shape: Sequence[int]) -> None:
        self.device = device
        self.dtype = dtype
        self.shape = tuple(shape)
        self.version = 0
        self.exact = _stored(np.zeros(self.shape), dtype)

    @property
    def bytes(self) -> int:
        return self.exact.size * np.dtype(self.dtype).itemsize

    def numpy(self) -> np.ndarray:
        """A copy, in the declared dtype."""
        return self.exact.astype(self.dtype)

    def view(self) -> np.ndarray:
        """The same as `numpy()`."""
        return self.numpy()

    def write(self, values: np.ndarray) -> None:
        """New values of the same shape."""
        self.exact = _stored(values, self.dtype).reshape(self.shape)
        self.version += 1


@dataclasses.dataclass(frozen=True)
class ReferenceRow:
    """The one implementation that every primitive has here."""

    name: str = "float64"
    full_name: str = "float64"
    reason: str = ""
    cost: float = 0.0
    workspace_bytes: int = 0
    scratch_bytes: int = 0
    batch_invariant: bool = True
    in_place: bool = True  # a step computes its outputs before any is stored


class ReferenceDevice:
    """Builds plans that NumPy interprets."""

    in_host_memory = True
    runs_ahead = False
    dlpack_place = None

    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = threading.RLock()
        self.under_way: set[Any] = set()

    def new_buffer(self, dtype: str, shape: Sequence[int]) -> ReferenceBuffer:
        """Memory for a tensor, zero."""
        return ReferenceBuffer(self.name, dtype, shape)

    def hear(self, concerned: Callable[[Any], bool] | None = None) -> None:
        """Nothing is under way when a run returns."""

    def needed_bytes(self, plan: PlanDescription) -> int:
        """What a plan takes, its variables aside."""
        return plan.arena_bytes + plan.bytes_in("constant", "kept", "output")

    def available_bytes(self) -> int:
        """What a plan may take."""
        return available_host_bytes()

    def candidates(self, primitive: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> list[ReferenceRow]:
        """The float64 reference; it supports everything."""
        return [ReferenceRow()]

    def build(self, plan: PlanDescription) -> ReferencePlan:
        """An interpreter of the plan."""
        return ReferencePlan(plan)


class ReferencePlan:
    """Interprets a plan description."""

    def __init__(self, plan: PlanDescription) -> None:
        self._plan = plan
        self._memory: dict[Any, np.ndarray] = {}
        self._feeds: list[np.ndarray] = []
        self._outputs: Sequence[Any] = ()
        self._feed_number = _numbered(plan.slots, "feed")
        self._output_number = _numbered(plan.slots, "output")
        self._seen: dict[int, int] | None = None  # versions of variables when the prologue ran

    def run(
        self, feeds: Sequence[np.ndarray], outputs: Sequence[Any], on_step: Any = None, timed: bool = False
    ) -> RunResult:
        """One run; see `Executable`."""
        self._feeds = [_stored(f, f.dtype.name) for f in feeds]
        self._outputs = outputs
        seconds = [0.0] * len(self._plan.steps)
        prologue = self._prologue_is_stale()
        written = {}
        for i, step in enumerate(self._plan.steps):
            if step.part == "prologue" and not prologue:
                continue
            if step.part == "closing" and self._plan.gate is not None and not self._read(self._plan.gate):
                return RunResult(False, seconds)
            if on_step is not None:
                on_step(i, False)
            start = time.perf_counter()
            results = evaluate(step.primitive, *[self._read(slot) for slot in step.inputs])
            for slot, result in zip(step.outputs, results, strict=True):
                self._write(slot, result)
                if self._plan.slots[slot].region == "variable":
                    written[slot] = self._plan.slots[slot].value
            seconds[i] = time.perf_counter() - start
            if on_step is not None:
                on_step(i, True)
        for variable in written.values():
            variable.buffer.version += 1
        return RunResult(True, seconds)

    def read_slot(self, slot: int) -> np.ndarray:
        """Values of a slot, in its declared dtype."""
        return self._read(slot).astype(self._plan.slots[slot].dtype)

    def step_text(self, step: int) -> str:
        """Device, primitive and implementation of a step."""
        return f"reference {self._plan.steps[step].primitive.stem} float64"

    @property
    def arena_bytes(self) -> int:
        """What the compiler planned for the arena."""
        return self._plan.arena_bytes

    def _prologue_is_stale(self) -> bool:
        read = {
            slot: self._plan.slots[slot].value.version
            for step in self._plan.steps
            if step.part == "prologue"
            for slot in step.inputs
            if self._plan.slots[slot].region == "variable"
        }
        stale = self._seen != read
        self._seen = read
        return stale

    def _key(self, index: int) -> Any:
        slot = self._plan.slots[index]
        return ("arena", slot.offset) if slot.region == "arena" else index

    def _read(self, index: int) -> np.ndarray:
        slot = self._plan.slots[index]
        if slot.region == "view":
            return self._read(slot.value).reshape(slot.shape)
        if slot.region == "constant":
            return _stored(slot.value, slot.dtype)
        if slot.region == "variable":
            return slot.value.buffer.exact
        if slot.region == "feed":
            return self._feeds[self._feed_number[index]]
        if slot.region == "output":
            return self._outputs[self._output_number[index]].exact
        return self._memory[self._key(index)].reshape(slot.shape)

    def _write(self, index: int, values: np.ndarray) -> None:
        slot = self._plan.slots[index]
        values = _stored(values, slot.dtype).reshape(slot.shape)
        if slot.region == "variable":
            slot.value.buffer.exact = values
        elif slot.region == "output":
            self._outputs[self._output_number[index]].exact = values
        else:
            self._memory[self._key(index)] = values


def _numbered(slots: Sequence[Slot], region: str) -> dict[int, int]:
    indices = [i for i, slot in enumerate(slots) if slot.region == region]
    return {index: number for number, index in enumerate(indices)}
