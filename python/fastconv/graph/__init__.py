"""The graph: symbols, nodes, tracing."""

from fastconv.graph.graph import Graph, ancestors, remade, rewrite
from fastconv.graph.symbol import Node, Symbol, constant, placeholder
from fastconv.graph.trace import (
    Trace,
    active_trace,
    as_symbol,
    assign,
    call_node,
    guard,
    is_symbolic,
    scope,
    suspended,
    tracing,
)

__all__ = [
    "Graph",
    "Node",
    "Symbol",
    "Trace",
    "active_trace",
    "ancestors",
    "as_symbol",
    "assign",
    "call_node",
    "constant",
    "guard",
    "is_symbolic",
    "placeholder",
    "remade",
    "rewrite",
    "scope",
    "suspended",
    "tracing",
]
