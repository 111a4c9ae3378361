"""A device that runs native plans (`_core`)."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fastconv import _core
from fastconv.runtime.errors import ArgumentError, DeviceError
from fastconv.runtime.plan import PlanDescription
from fastconv.runtime.precision import precision

_parts = {"prologue": _core.Part.prologue, "step": _core.Part.step, "closing": _core.Part.closing}


class NativeDevice:
    """Memory, kernels and plans of a device that `_core` knows by `name`."""

    in_host_memory = True
    runs_ahead = False
    dlpack_place: tuple[int, int] | None = (1, 0)

    def __init__(self, name: str) -> None:
        if problem := _core.isa_problem():
            raise ArgumentError(problem)
        self.name = name
        self.lock = threading.RLock()
        self.under_way: set[Any] = set()
        self._candidates: dict[Any, list[Any]] = {}

    def new_buffer(self, dtype: str, shape: Sequence[int]) -> Any:
        """Uninitialised memory for a tensor."""
        return _core.Buffer(self.name, dtype, list(shape))

    def buffer_over(self, dtype: str, shape: Sequence[int], pointer: int, owner: Any) -> Any:
        """Somebody else's memory of the device; `owner` is kept until nothing here reads it any more."""
        return _core.Buffer(self.name, dtype, list(shape), pointer, owner)

    def candidates(self, primitive: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> list[Any]:
        """Every implementation with its refusal or its cost, best first, the reference last."""
        key = (primitive, tuple(inputs), tuple(outputs), precision())
        found = self._candidates.get(key)
        if found is None:
            if len(self._candidates) > 4096:
                self._candidates.clear()
            rows = _core.candidates(
                self.name, primitive.stem, primitive.attributes(), list(inputs), list(outputs)
            )
            found = [row for row in rows if precision() == "tf32" or not row.reduced_precision]
            self._candidates[key] = found
        return found

    def hear(self, concerned: Callable[[Any], bool] | None = None) -> None:
        """Nothing is under way when a run returns."""

    def needed_bytes(self, plan: PlanDescription) -> int:
        """What building and running a plan takes, its variables aside; feeds are read where they lie."""
        scratch = _core.thread_count() * max((step.scratch_bytes for step in plan.steps), default=0)
        return plan.arena_bytes + scratch + plan.bytes_in("constant", "kept", "output")

    def available_bytes(self) -> int:
        """What a plan may take."""
        return available_host_bytes() + _core.arena_bytes(self.name)

    def build(self, plan: PlanDescription) -> Any:
        """The native plan of a description.

        Raises:  DeviceError: a variable is on another device.  OutOfMemory: it does not fit.
        """
        for slot in plan.slots:
            if slot.region == "variable" and slot.value.device != self.name:
                raise DeviceError(
                    f"variable '{slot.value.name}' is on '{slot.value.device}'; it is used together with variables on "
                    f"'{self.name}'. Move one of them: model.to('{self.name}') or variable.to('{self.name}')."
                )
        native = _core.Plan(self.name)
        slots: list[int] = []
        for slot in plan.slots:
            spec = (slot.dtype, list(slot.shape))
            if slot.region == "constant":
                slots.append(native.add_constant(slot.value))
            elif slot.region == "kept":
                slots.append(native.add_kept(spec))
            elif slot.region == "variable":
                slots.append(native.add_variable(slot.value.buffer))
            elif slot.region == "feed":
                slots.append(native.add_feed(spec))
            elif slot.region == "output":
                slots.append(native.add_output(spec))
            elif slot.region == "view":
                slots.append(native.add_view(slots[slot.value], spec))
            else:
                slots.append(native.add_arena(spec, slot.offset))
        for step in plan.steps:
            native.add_step(
                _parts[step.part],
                self.name,
                step.primitive.stem,
                step.implementation,
                step.primitive.attributes(),
                [slots[i] for i in step.inputs],
                [slots[i] for i in step.outputs],
                step.workspace_offset,
                step.workspace_bytes,
                step.scratch_bytes,
                step.label,
            )
        if plan.gate is not None:
            native.set_gate(slots[plan.gate])
        native.set_poison(os.environ.get("FASTCONV_POISON") == "1")
        native.finish()
        return native


def available_host_bytes() -> int:
    """Memory that this process can still take: what the system has, within the process's own limit."""
    limits = []
    if sys.platform == "linux":
        facts = Path("/proc/meminfo").read_text(encoding="ascii")
        limits.append(int(facts.partition("MemAvailable:")[2].split()[0]) * 1024)
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
            limits.append(max(0, soft - pages * resource.getpagesize()))
    return min(limits, default=0)
