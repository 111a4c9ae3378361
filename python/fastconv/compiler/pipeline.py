"""The passes after tracing, in order, and how a plan is run.

FASTCONV_DUMP=fuse prints the graph after that pass (`all`: after each), FASTCONV_SKIP=fuse leaves a pass out,
FASTCONV_VERBOSE=1 names the implementation and time of each step, 2 also why others were refused, FASTCONV_CHECK=1
runs each step against the float64 reference and stops at the first that differs.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from fastconv.compiler.choose import choose
from fastconv.compiler.emit import emit
from fastconv.compiler.freeze import frozen_nodes
from fastconv.compiler.fuse import fuse
from fastconv.compiler.largest import largest_by_layer
from fastconv.compiler.place import place, stage_effects
from fastconv.compiler.schedule import schedule
from fastconv.compiler.simplify import simplify
from fastconv.graph import Graph
from fastconv.runtime.errors import FastconvError, NumericsError, OutOfMemory
from fastconv.runtime.plan import PlanDescription, RunResult


def verbosity() -> int:
    """FASTCONV_VERBOSE as a number."""
    text = os.environ.get("FASTCONV_VERBOSE", "0")
    return int(text) if text.isdigit() else 0


def run_pass(name: str, graph: Graph, transform: Callable[[Graph], Graph]) -> Graph:
    """One pass: skipped if asked, checked for its results' specs, dumped if asked."""
    if name in os.environ.get("FASTCONV_SKIP", "").split(","):
        return graph
    after = transform(graph)
    before_specs = [s.spec for s in graph.roots()]
    assert [s.spec for s in after.roots()] == before_specs, f"pass {name} changed the specs of the results"
    if os.environ.get("FASTCONV_DUMP") in (name, "all"):
        print(dump(name, after), file=sys.stderr)
    return after


def compile_graph(
    graph: Graph, device: Any, name: str, with_batch: Callable[[int], Graph] | None = None
) -> tuple[Any, PlanDescription]:
    """The executable of a traced graph on a device, and its description.

    with_batch: the same graph traced for another batch; then an error of memory says which batch would fit.
    """
    if os.environ.get("FASTCONV_DUMP") in ("trace", "all"):
        print(dump("trace", graph), file=sys.stderr)
    description = describe(graph, device)
    try:
        return device.build(description), description
    except OutOfMemory as error:
        why = str(error)  # what the plan has got so far goes back with the traceback
    if device.needed_bytes(description) <= device.available_bytes():
        raise OutOfMemory(f"{name}: {why}")
    raise OutOfMemory(_too_large(graph, description, device, name, with_batch))


def describe(graph: Graph, device: Any) -> PlanDescription:
    """The passes, in order: the plan of a traced graph."""
    graph = run_pass("simplify", graph, simplify)
    graph = run_pass("fuse", graph, functools.partial(fuse, device=device))
    graph = stage_effects(graph)
    frozen = frozen_nodes(graph)
    choices = choose(graph, device, verbosity())
    order = schedule(graph)
    placement = place(graph, order, choices, frozen, device)
    return emit(graph, placement, choices)


def _too_large(
    graph: Graph,
    description: PlanDescription,
    device: Any,
    name: str,
    with_batch: Callable[[int], Graph] | None,
) -> str:
    """What the plan needs, what there is, where most of it goes, and the batch that would fit."""
    free, needed = device.available_bytes(), device.needed_bytes(description)
    there_are = f"{needed / 1e6:,.0f} MB on '{device.name}'; {free / 1e6:,.0f} MB are free"
    large = [(layer, size) for layer, size in largest_by_layer(description) if size > needed / 100]
    if large:
        there_are += ". Biggest: " + ", ".join(f"'{layer}' {size / 1e6:,.0f} MB" for layer, size in large)
    batches = {symbol.shape[:1] for symbol in graph.inputs}
    if with_batch is None or len(batches) != 1 or () in batches:
        return f"{name}: the plan needs {there_are}. Use smaller inputs, or free other models and programs."
    ((batch,),) = batches
    try:
        fits = _largest_batch(batch, lambda n: device.needed_bytes(describe(with_batch(n), device)) <= free)
    except FastconvError:  # the first axis is no batch: the function does not take another size
        return f"{name}: the plan needs {there_are}. Use smaller inputs, or free other models and programs."
    remedy = f"A batch of {fits} would fit" if fits else "Not even a batch of 1 fits: use smaller images"
    return f"{name}: a batch of {batch} needs {there_are}. {remedy}, or free other models and programs."


def _largest_batch(too_many: int, fits: Callable[[int], bool]) -> int:
    """The largest number below `too_many` that fits; 0 if none does."""
    known = 0
    while too_many - known > 1:
        middle = (known + too_many) // 2
        if fits(middle):
            known = middle
        else:
            too_many = middle
    return known


def dump(name: str, graph: Graph) -> str:
    """The graph as text, one node a line."""
    numbers = {s: f"%{i}" for i, s in enumerate(s for n in graph.nodes() for s in n.outputs)}
    lines = [f"graph after {name}:"]
    for node in graph.nodes():
        outputs = ", ".join(f"{numbers[s]}: {s.dtype}{list(s.shape)}" for s in node.outputs)
        inputs = ", ".join(numbers[s] for s in node.inputs)
        attributes = f" {node.primitive}" if node.primitive is not None else f" {node.kind}"
        lines.append(f"  {outputs} ={attributes} ({inputs})  # {node.label}")
    lines.append("  return " + ", ".join(numbers[s] for s in graph.outputs))
    lines.extend(f"  {variable.name} <- {numbers[s]}" for variable, s in graph.effects)
    return "\n".join(lines)


def run(
    executable: Any,
    description: PlanDescription,
    feeds: Sequence[np.ndarray],
    outputs: Sequence[Any],
    ahead: bool = False,
) -> RunResult:
    """Runs a plan, as the environment asks: plainly, timed, or checked step by step."""
    if os.environ.get("FASTCONV_CHECK") == "1":
        from fastconv.testing.stepcheck import StepCheck

        return executable.run(feeds, outputs, StepCheck(executable, description))
    if verbosity() == 0:
        return executable.run(feeds, outputs, ahead=True) if ahead else executable.run(feeds, outputs)
    result = executable.run(feeds, outputs, None, True)
    for i, seconds in enumerate(result.seconds):
        print(f"fastconv: {verbose_line(executable, description, i)} {seconds:.5f} s", file=sys.stderr)
    return result


def verbose_line(executable: Any, description: PlanDescription, index: int) -> str:
    """Device, implementation, the step in the notation that `bench/op.py --step` takes, and the layer."""
    from fastconv.testing.notation import step_notation

    step = description.steps[index]
    device, _, implementation = executable.step_text(index).split(" ")
    notation = step_notation(step.primitive, [description.slots[i] for i in step.inputs])
    return f"{device} {implementation} | {notation} |" + (f" [{step.label}]" if step.label else "")


Explain = Callable[[NumericsError], NumericsError]


def raise_not_finite(
    executable: Any,
    description: PlanDescription,
    run_again: Callable[[Callable[[int, bool], None]], object],
    explain: Explain | None,
) -> NoReturn:
    """Runs the step again, looks at each result, and raises NumericsError naming the first that is not finite.

    The closing block did not run, so the state is that before the step and the second run gives the same bits.

    Args:  run_again: runs the plan with an observer.  explain: says more about the error.
    """
    first: list[str] = []

    def look(step: int, after: bool) -> None:
        if not after or first:
            return
        for slot in description.steps[step].outputs:
            if not description.slots[slot].dtype.startswith("float"):
                continue
            values = executable.read_slot(slot)
            bad = values.size - int(np.isfinite(values).sum())
            if bad:
                first.append(_not_finite_text(description.steps[step], values, bad))

    run_again(look)
    what = first[0] if first else "a value"
    error = NumericsError(f"{what}. Nothing of this step was kept.")
    raise error if explain is None else explain(error)


def _not_finite_text(step: Any, values: np.ndarray, bad: int) -> str:
    kind = "NaN" if np.isnan(values).any() else "infinite"
    what = "gradient" if "gradient" in step.primitive.stem else "output"
    where = f"'{step.label}' ({step.primitive.stem})" if step.label else f"a {step.primitive.stem}"
    return f"{what} of {where} holds {bad} values that are not finite ({kind}) of {values.size}"
