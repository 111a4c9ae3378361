"""simplify: identities gone, dropout gone in inference, like nodes merged."""

from __future__ import annotations

import math

from fastconv.graph import Graph, Node, Symbol, remade, rewrite


def simplify(graph: Graph) -> Graph:
    """The same values from fewer nodes.  Nodes that nothing needs are gone by the way a graph is defined."""
    seen: dict[object, tuple[Symbol, ...]] = {}

    def rule(node: Node, inputs: tuple[Symbol, ...], _: dict[Symbol, Symbol]) -> tuple[Symbol, ...] | None:
        if _is_identity(node, inputs):
            return (inputs[0],)
        key = (node.primitive, inputs)
        if key not in seen:
            seen[key] = remade(node, inputs)
        return seen[key]

    return rewrite(graph, rule)


def _is_identity(node: Node, inputs: tuple[Symbol, ...]) -> bool:
    same_spec = len(node.outputs) == 1 and bool(inputs) and inputs[0].spec == node.outputs[0].spec
    if not same_spec:
        return False
    if node.stem == "dropout":
        return not node.primitive.training or node.primitive.rate == 0.0  # type: ignore[union-attr]
    if node.stem in ("identity", "reshape", "cast", "broadcast"):
        return True
    if node.stem in ("multiply", "divide"):
        return _is_scalar(inputs[1], 1.0)
    if node.stem in ("add", "subtract"):
        return _is_scalar(inputs[1], 0.0)
    return False


def _is_scalar(symbol: Symbol, value: float) -> bool:
    node = symbol.node
    return (
        node.kind == "constant"
        and math.prod(node.value.shape) == 1
        and float(node.value.reshape(())) == value
    )
