"""choose: an implementation for every node, by cost among the rows that support it; ties by order in the list."""

from __future__ import annotations

import sys
from typing import Any

from fastconv.graph import Graph, Node
from fastconv.runtime.errors import DeviceError


def choose(graph: Graph, device: Any, verbose: int) -> dict[Node, Any]:
    """The chosen row of every call node."""
    return {node: _choose_one(node, device, verbose) for node in graph.calls()}


def _choose_one(node: Node, device: Any, verbose: int) -> Any:
    inputs = [s.spec for s in node.inputs]
    outputs = [s.spec for s in node.outputs]
    best = None
    refusals = []
    for candidate in device.candidates(node.primitive, inputs, outputs):
        if candidate.reason:
            refusals.append(f"{candidate.full_name}: {candidate.reason}")
        elif best is None or candidate.cost < best.cost:
            best = candidate
    if verbose >= 2:
        for refusal in refusals:
            print(f"fastconv: {node.label}: {device.name} {node.stem} refuses {refusal}", file=sys.stderr)
    if best is None:
        why = "; ".join(refusals) or "no kernel is registered"
        of_floats = all(s.dtype == "float32" for s in inputs)
        remedy = "Use a smaller batch or smaller images" if of_floats else "Cast the inputs to float32"
        raise DeviceError(
            f"{node.label or node.stem}: no implementation of {node.stem} on '{device.name}' takes "
            f"{', '.join(f'{s.dtype} {s.shape}' for s in inputs)}: {why}. {remedy}, or use another device."
        )
    return best
