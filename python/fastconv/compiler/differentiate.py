"""differentiate: gradients of a scalar with respect to symbols or variables, as more symbols of the same graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv import primitives
from fastconv.graph import Node, Symbol, active_trace, ancestors, as_symbol, constant
from fastconv.runtime.errors import ArgumentError


def grad(loss: Symbol, wrt: Sequence[Any]) -> list[Symbol]:
    """Gradients of `loss` with respect to each of `wrt`.

    Args:  loss: a scalar symbol.  wrt: symbols, or variables (their value as this function reads it).
    Returns:  one symbol each, of the same shape; zeros where the loss does not depend on it.
    Raises:  ArgumentError: the loss is no scalar symbol (arrays remember nothing: trace a function instead).

    >>> from fastconv import compiler
    >>> square = compiler.Function(lambda x: grad(primitives.ReduceSum((0,), False)(x * x), [x])[0])
    >>> square(np.array([3.0], "float32")).numpy()
    array([6.], dtype=float32)
    """
    if not isinstance(loss, Symbol) or loss.shape != ():
        came = f"a symbol of shape {loss.shape}" if isinstance(loss, Symbol) else type(loss).__name__
        raise ArgumentError(
            f"grad: expected a scalar symbol; came {came}. "
            "Reduce it with ops.mean or ops.sum, inside a function given to fastconv.function."
        )
    targets = [as_symbol(w) for w in wrt]
    needed = _depending(loss, targets)
    gradients: dict[Symbol, Symbol] = {loss: constant(np.ones((), loss.dtype))}
    for node in sorted(ancestors([loss]), key=lambda n: n.number, reverse=True):
        if node in needed and node.kind == "call":
            _propagate(node, gradients, needed)
    return [gradients[t] if t in gradients else _zeros(t) for t in targets]


def _depending(loss: Symbol, targets: list[Symbol]) -> set[Node]:
    """The nodes on a way from a target to the loss."""
    sources = {t.node for t in targets}
    reached: set[Node] = set()
    for node in sorted(ancestors([loss]), key=lambda n: n.number):
        if node in sources or any(s.node in reached for s in node.inputs):
            reached.add(node)
    return reached


def _propagate(node: Node, gradients: dict[Symbol, Symbol], needed: set[Node]) -> None:
    outputs = [gradients.get(s) for s in node.outputs]
    if all(g is None for g in outputs) or not any(s.node in needed for s in node.inputs):
        return
    assert node.primitive is not None
    with _labelled(node.label):
        parts = node.primitive.gradient(node.inputs, node.outputs, outputs)
        for symbol, part in zip(node.inputs, parts, strict=True):
            if part is None or symbol.node not in needed:
                continue
            before = gradients.get(symbol)
            gradients[symbol] = part if before is None else primitives.Add()(before, part)


class _labelled:
    """New nodes carry the label of the node whose gradient they compute."""

    def __init__(self, label: str) -> None:
        self._label = label

    def __enter__(self) -> None:
        self._trace = active_trace()
        if self._trace is not None:
            self._saved, self._trace.labels = self._trace.labels, [self._label]

    def __exit__(self, *_: object) -> None:
        if self._trace is not None:
            self._trace.labels = self._saved


def _zeros(symbol: Symbol) -> Symbol:
    return constant(np.zeros(symbol.shape, symbol.dtype))
