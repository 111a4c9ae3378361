"""place: where every tensor lives.  Lifetimes become offsets in one arena, in place where that is legal; the peak is
known before anything runs."""

from __future__ import annotations

import dataclasses
from typing import Any

from fastconv import primitives
from fastconv.graph import Graph, Node, Symbol

ALIGNMENT = 64
_never_freed = 1 << 60


@dataclasses.dataclass(eq=False)
class Block:
    """Bytes of the arena that are taken from step `first` to step `last`."""

    bytes: int
    first: int
    last: int
    offset: int = -1


@dataclasses.dataclass(eq=False)
class Home:
    """Where a symbol's elements are: a region of the plan, and the block if that is the arena."""

    region: str  # arena, constant, variable, feed, output, kept
    symbol: Symbol  # the symbol that owns the memory
    block: Block | None = None


@dataclasses.dataclass
class Copy:
    """A step that only moves: into an output, or into a variable in the closing block."""

    source: Symbol
    target: Any  # number of an output, or a Variable
    choice: Any


@dataclasses.dataclass
class Placement:
    """The finished map of memory and the three parts of the plan, in order."""

    homes: dict[Symbol, Home]
    prologue: list[Node]
    step: list[Node]
    output_copies: list[Copy]
    closing: list[Node]  # written in place, over the variables that they read
    closing_copies: list[Copy]
    workspaces: dict[Node, Block]
    arena_bytes: int


def is_view(node: Node) -> bool:
    """True for nodes that compute nothing: the same elements in another shape."""
    return node.stem == "reshape"


def stage_effects(graph: Graph) -> Graph:
    """Copies what the closing block would read from a variable that it also writes (two that swap their values)."""
    written = {id(variable) for variable, _ in graph.effects}

    def staged(symbol: Symbol) -> Symbol:
        source = symbol.node
        while is_view(source):
            source = source.inputs[0].node
        if source.kind != "variable" or id(source.value) not in written:
            return symbol
        return Node("call", primitives.Identity(), [symbol], [symbol.spec], source.label).outputs[0]

    effects = tuple((variable, staged(symbol)) for variable, symbol in graph.effects)
    return dataclasses.replace(graph, effects=effects)


def place(
    graph: Graph, order: list[Node], choices: dict[Node, Any], frozen: set[Node], device: Any
) -> Placement:
    """Assigns every symbol a home and every arena block an offset."""
    closing, copied_effects = _split_effects(graph, order, choices)
    elsewhere = set(closing)
    prologue = [n for n in order if n in frozen and n not in elsewhere]
    step = [n for n in order if n not in frozen and n not in elsewhere]
    position = {node: i for i, node in enumerate(step)}
    last_use = _last_uses(graph, step, closing)
    homes = _leaf_homes(graph)
    for node in prologue:
        for symbol in node.outputs:
            homes[symbol] = homes[node.inputs[0]] if is_view(node) else Home("kept", symbol)
    _output_homes(graph, position, homes)
    blocks: list[Block] = []
    for node in step:
        _place_outputs(node, position, last_use, homes, blocks, choices)
    for node in closing:
        for symbol in node.outputs:
            homes[symbol] = Home("variable", symbol)
    workspaces = _workspaces(step, closing, position, choices)
    arena_bytes = _pack([*blocks, *workspaces.values()])
    output_copies = [
        Copy(symbol, i, _identity(symbol, device))
        for i, symbol in enumerate(graph.outputs)
        if homes[symbol].region != "output"
        or any(symbol is before for before in graph.outputs[:i])
        or homes[symbol].symbol is not symbol
    ]
    closing_copies = [
        Copy(symbol, variable, _identity(symbol, device)) for variable, symbol in copied_effects
    ]
    return Placement(homes, prologue, step, output_copies, closing, closing_copies, workspaces, arena_bytes)


def _identity(symbol: Symbol, device: Any) -> Any:
    rows = device.candidates(primitives.Identity(), [symbol.spec], [symbol.spec])
    return min((row for row in rows if not row.reason), key=lambda row: row.cost)


def _split_effects(graph: Graph, order: list[Node], choices: dict[Node, Any]) -> tuple[list[Node], list[Any]]:
    """Nodes that may write their variables in place in the closing block, and the effects that need a copy.

    In place is legal for a node all of whose outputs are written into variables that it reads, which nobody else
    reads, and whose variables no other node of the closing block reads.
    """
    targets: dict[Symbol, list[Any]] = {}
    for variable, symbol in graph.effects:
        targets.setdefault(symbol, []).append(variable)
    readers = graph.consumers()
    other_roots = {*graph.outputs, graph.gate}

    def candidate(node: Node) -> bool:
        if not choices[node].in_place or any(s in other_roots or s in readers for s in node.outputs):
            return False
        reads = [s.node.value if s.node.kind == "variable" else None for s in node.inputs]
        for symbol in node.outputs:
            if len(targets.get(symbol, ())) != 1 or not any(targets[symbol][0] is r for r in reads):
                return False
        return len(node.outputs) > 1 or targets[node.outputs[0]][0] is reads[0]

    chosen = [node for node in order if candidate(node)]
    while True:
        closing = set(chosen)
        kept = [node for node in chosen if not _conflicts(node, closing, readers, targets)]
        if len(kept) == len(chosen):
            break
        chosen = kept
    in_place = {s for node in chosen for s in node.outputs}
    return chosen, [(variable, s) for variable, s in graph.effects if s not in in_place]


def _conflicts(
    node: Node, closing: set[Node], readers: dict[Symbol, list[Node]], targets: dict[Symbol, list[Any]]
) -> bool:
    """True if another node of the closing block reads a variable that this one writes."""
    written = {id(variable) for symbol in node.outputs for variable in targets[symbol]}
    reads = [s for s in node.inputs if s.node.kind == "variable" and id(s.node.value) in written]
    return any(reader in closing and reader is not node for symbol in reads for reader in readers[symbol])


def _last_uses(graph: Graph, step: list[Node], closing: list[Node]) -> dict[Symbol, int]:
    last: dict[Symbol, int] = {}
    for i, node in enumerate(step):
        for symbol in node.inputs:
            last[symbol] = i
    for symbol in [s for node in closing for s in node.inputs] + graph.roots():
        last[symbol] = _never_freed
    for node in reversed(step):  # a view keeps alive what it views
        if is_view(node):
            source = node.inputs[0]
            last[source] = max(last[source], last.get(node.outputs[0], -1))
    return last


def _leaf_homes(graph: Graph) -> dict[Symbol, Home]:
    regions = {"placeholder": "feed", "constant": "constant", "variable": "variable"}
    homes = {s: Home("feed", s) for s in graph.inputs}
    for node in graph.nodes():
        if node.kind != "call":
            homes[node.outputs[0]] = Home(regions[node.kind], node.outputs[0])
    return homes


def _output_homes(graph: Graph, position: dict[Node, int], homes: dict[Symbol, Home]) -> None:
    """Results are written straight into the buffers of the run where the node that makes them allows it."""
    for symbol in graph.outputs:
        if symbol.node in position and not is_view(symbol.node):
            homes.setdefault(symbol, Home("output", symbol))


def _place_outputs(
    node: Node,
    position: dict[Node, int],
    last_use: dict[Symbol, int],
    homes: dict[Symbol, Home],
    blocks: list[Block],
    choices: dict[Node, Any],
) -> None:
    here = position[node]
    if is_view(node):
        homes[node.outputs[0]] = homes[node.inputs[0]]
        return
    for symbol in node.outputs:
        if symbol in homes:
            continue
        block = _block_in_place(node, symbol, here, homes, choices)
        if block is None:
            block = Block(symbol.spec.nbytes, here, here)
            blocks.append(block)
        block.last = max(block.last, last_use.get(symbol, here))
        homes[symbol] = Home("arena", symbol, block)


def _block_in_place(
    node: Node, symbol: Symbol, here: int, homes: dict[Symbol, Home], choices: dict[Node, Any]
) -> Block | None:
    """The block of input 0 if this step is its last use and the row may write over it."""
    if (
        not node.inputs
        or symbol is not node.outputs[0]
        or not choices[node].in_place
        or len(node.outputs) > 1
    ):
        return None
    source = node.inputs[0]
    block = homes[source].block
    if block is None or block.last != here or source.spec.nbytes != symbol.spec.nbytes:
        return None
    if any(homes[s].block is block for s in node.inputs[1:]):
        return None
    return block


def _workspaces(
    step: list[Node], closing: list[Node], position: dict[Node, int], choices: dict[Node, Any]
) -> dict[Node, Block]:
    made = {}
    for node in [*step, *closing]:
        if wanted := choices[node].workspace_bytes:
            here = position.get(node, _never_freed)
            made[node] = Block(wanted, here, here)
    return made


def _pack(blocks: list[Block]) -> int:
    """Largest first, each at the lowest offset that is free during its whole life; returns the peak in bytes."""
    placed: list[Block] = []
    peak = 0
    for block in sorted(blocks, key=lambda b: (-b.bytes, b.first)):
        end = 0
        for other in placed:  # by offset
            if other.last < block.first or other.first > block.last:
                continue
            if other.offset - end >= block.bytes:
                break
            end = max(end, _aligned(other.offset + other.bytes))
        block.offset = end
        peak = max(peak, end + block.bytes)
        at = next((i for i, other in enumerate(placed) if other.offset > end), len(placed))
        placed.insert(at, block)
    return peak


def _aligned(size: int) -> int:
    return (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
