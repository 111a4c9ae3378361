"""freeze: which nodes depend on constants and unwritten variables alone; they go to the prologue."""

from __future__ import annotations

from fastconv.graph import Graph, Node


def frozen_nodes(graph: Graph) -> set[Node]:
    """Call nodes whose value changes only when someone writes a variable from outside a run.

    Their results are kept between runs and made again when the version of a variable that they read has changed.
    """
    written = {id(variable) for variable, _ in graph.effects}
    still: set[Node] = set()
    for node in graph.nodes():
        if node.kind == "constant" or (node.kind == "variable" and id(node.value) not in written):
            still.add(node)
        elif node.kind == "call" and node.inputs and all(s.node in still for s in node.inputs):
            still.add(node)
    return {node for node in still if node.kind == "call"}
