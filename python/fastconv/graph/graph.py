"""A graph: what one traced function computes, in an order in which it can be computed."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Sequence

from fastconv.graph.symbol import Node, Symbol
from fastconv.runtime.variable import Variable


@dataclasses.dataclass(frozen=True)
class Graph:
    """inputs are placeholders; effects are writes of state, done only if `gate` (a flag) is not 0."""

    inputs: tuple[Symbol, ...]
    outputs: tuple[Symbol, ...]
    effects: tuple[tuple[Variable, Symbol], ...] = ()
    gate: Symbol | None = None
    training: bool = False

    def roots(self) -> list[Symbol]:
        """Everything that must be computed."""
        gate = [self.gate] if self.gate is not None else []
        return [*self.outputs, *(value for _, value in self.effects), *gate]

    def nodes(self) -> tuple[Node, ...]:
        """All nodes that the roots need, in the order of their making (which is an order of computing)."""
        return self._nodes

    @functools.cached_property
    def _nodes(self) -> tuple[Node, ...]:
        return tuple(sorted(ancestors(self.roots()), key=lambda node: node.number))

    def calls(self) -> list[Node]:
        """The nodes that are no leaves."""
        return [node for node in self._nodes if node.kind == "call"]

    def consumers(self) -> dict[Symbol, list[Node]]:
        """Who reads each symbol."""
        readers: dict[Symbol, list[Node]] = {}
        for node in self.nodes():
            for symbol in node.inputs:
                readers.setdefault(symbol, []).append(node)
        return readers


def ancestors(symbols: Iterable[Symbol]) -> set[Node]:
    """The nodes that `symbols` depend on, themselves included."""
    found: set[Node] = set()
    todo = [symbol.node for symbol in symbols]
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo.extend([symbol.node for symbol in node.inputs])
    return found


Rule = Callable[[Node, tuple[Symbol, ...], dict[Symbol, Symbol]], Sequence[Symbol] | None]


def rewrite(graph: Graph, rule: Rule) -> Graph:
    """The graph with some nodes replaced.

    `rule(node, new_inputs, new)` gives the symbols that stand for the node's outputs, or None to keep the node; `new`
    maps all symbols seen so far.  It sees the nodes in order; a kept node whose inputs have changed is made anew.
    """
    new: dict[Symbol, Symbol] = {}
    changed = False
    for node in graph.nodes():
        inputs = tuple([new[symbol] for symbol in node.inputs])
        outputs = rule(node, inputs, new) if node.kind == "call" else None
        if outputs is None:
            outputs = remade(node, inputs)
        changed = changed or outputs is not node.outputs
        new.update(zip(node.outputs, outputs, strict=True))
    if not changed:
        return graph
    return dataclasses.replace(
        graph,
        outputs=tuple(new[s] for s in graph.outputs),
        effects=tuple((variable, new[s]) for variable, s in graph.effects),
        gate=None if graph.gate is None else new[graph.gate],
    )


def remade(node: Node, inputs: tuple[Symbol, ...]) -> tuple[Symbol, ...]:
    """The outputs of the node over other inputs; the node itself if they are the same."""
    if all(new is old for new, old in zip(inputs, node.inputs, strict=True)):
        return node.outputs
    return Node(
        node.kind, node.primitive, inputs, [s.spec for s in node.outputs], node.label, node.value
    ).outputs
