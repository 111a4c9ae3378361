"""schedule: an order of the nodes that keeps the peak of memory low."""

from __future__ import annotations

from fastconv.graph import Graph, Node, Symbol


def schedule(graph: Graph) -> list[Node]:
    """The better of two orders: that of making, and a greedy one that prefers steps that free memory."""
    made = graph.calls()
    greedy = _greedy(graph, made)
    return greedy if _peak(graph, greedy) < _peak(graph, made) else made


def _readers_left(graph: Graph, order: list[Node]) -> dict[Symbol, int]:
    left: dict[Symbol, int] = {}
    for node in order:
        for symbol in set(node.inputs):
            left[symbol] = left.get(symbol, 0) + 1
    for root in graph.roots():
        left[root] = left.get(root, 0) + 1  # never freed
    return left


def _made_bytes(node: Node) -> int:
    return sum(s.spec.nbytes for s in node.outputs)


def _freed_bytes(node: Node, left: dict[Symbol, int]) -> int:
    return sum(s.spec.nbytes for s in set(node.inputs) if s.node.kind == "call" and left[s] == 1)


def _peak(graph: Graph, order: list[Node]) -> int:
    left = _readers_left(graph, order)
    now = peak = 0
    for node in order:
        now += _made_bytes(node)
        peak = max(peak, now)
        now -= _freed_bytes(node, left)
        for symbol in set(node.inputs):
            left[symbol] -= 1
    return peak


def _greedy(graph: Graph, nodes: list[Node]) -> list[Node]:
    left = _readers_left(graph, nodes)
    waiting = {node: len({s.node for s in node.inputs if s.node.kind == "call"}) for node in nodes}
    readers: dict[Node, set[Node]] = {}
    for node in nodes:
        for symbol in node.inputs:
            readers.setdefault(symbol.node, set()).add(node)
    ready = [node for node in nodes if waiting[node] == 0]
    order: list[Node] = []
    while ready:
        node = min(ready, key=lambda n: (_made_bytes(n) - _freed_bytes(n, left), n.number))
        ready.remove(node)
        order.append(node)
        for symbol in set(node.inputs):
            left[symbol] -= 1
        for reader in readers.get(node, ()):
            waiting[reader] -= 1
            if waiting[reader] == 0:
                ready.append(reader)
    return order
