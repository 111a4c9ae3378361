"""schedule: an order of the nodes that keeps the peak of memory low."""

from __future__ import annotations

from fastconv.graph import Graph, Node, Symbol


def schedule(graph: Graph) -> list[Node]:
    """The better of two orders: that of making, and a greedy one that prefers steps that free memory."""
    made = graph.calls()
    greedy = _greedy(graph, made)
    return greedy if _peak(graph, greedy) < _peak(graph, made) else made


class _Living:
    """How many readers each symbol still has; what a step would add to the living bytes."""

    def __init__(self, graph: Graph, nodes: list[Node]) -> None:
        self._inputs = {node: tuple(dict.fromkeys(node.inputs)) for node in nodes}
        self._bytes = {s: s.spec.nbytes for node in nodes for s in node.outputs}
        self._readers: dict[Symbol, int] = {}
        for inputs in self._inputs.values():
            for symbol in inputs:
                self._readers[symbol] = self._readers.get(symbol, 0) + 1
        for root in graph.roots():
            self._readers[root] = self._readers.get(root, 0) + 1  # never freed

    def made(self, node: Node) -> int:
        return sum(self._bytes[s] for s in node.outputs)

    def freed(self, node: Node) -> int:
        return sum(self._bytes.get(s, 0) for s in self._inputs[node] if self._readers[s] == 1)

    def run(self, node: Node) -> None:
        for symbol in self._inputs[node]:
            self._readers[symbol] -= 1


def _peak(graph: Graph, order: list[Node]) -> int:
    living = _Living(graph, order)
    now = peak = 0
    for node in order:
        now += living.made(node)
        peak = max(peak, now)
        now -= living.freed(node)
        living.run(node)
    return peak


def _greedy(graph: Graph, nodes: list[Node]) -> list[Node]:
    living = _Living(graph, nodes)
    waiting = {node: len({s.node for s in node.inputs if s.node.kind == "call"}) for node in nodes}
    readers: dict[Node, set[Node]] = {}
    for node in nodes:
        for symbol in node.inputs:
            readers.setdefault(symbol.node, set()).add(node)
    ready = [node for node in nodes if waiting[node] == 0]
    order: list[Node] = []
    while ready:
        node = min(ready, key=lambda n: (living.made(n) - living.freed(n), n.number))
        ready.remove(node)
        order.append(node)
        living.run(node)
        for reader in readers.get(node, ()):
            waiting[reader] -= 1
            if waiting[reader] == 0:
                ready.append(reader)
    return order
