"""Which layers take the most of a plan's memory: for the message of a plan that is too large."""

from __future__ import annotations

from fastconv.primitives.base import Spec
from fastconv.runtime.plan import PlanDescription


def largest_by_layer(description: PlanDescription, count: int = 5) -> list[tuple[str, int]]:
    """(layer, bytes of its largest tensor or workspace in the arena), the largest first."""
    largest: dict[str, int] = {}
    for step in description.steps:
        outputs = [description.slots[index] for index in step.outputs]
        sizes = [Spec(slot.dtype, slot.shape).nbytes for slot in outputs if slot.region == "arena"]
        if step.label:
            largest[step.label] = max(largest.get(step.label, 0), step.workspace_bytes, *sizes, 0)
    ordered = sorted(largest.items(), key=lambda item: -item[1])
    return [(label, size) for label, size in ordered[:count] if size]
