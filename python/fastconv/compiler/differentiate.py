"""differentiate: gradients of a scalar with respect to symbols or variables, as more symbols of the same graph."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv import primitives
from fastconv.graph import Node, Symbol, active_trace, ancestors, as_symbol, constant
from fastconv.runtime.errors import ArgumentError
from fastconv.runtime.variable import Variable


def grad(loss: Symbol, wrt: Sequence[Any]) -> list[Symbol]:
    """Gradients of `loss` with respect to each of `wrt`.

    Args:  loss: a scalar symbol.  wrt: symbols, or variables (the values that this function reads of them).
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
    targets = [_readings(w) for w in wrt]
    sources = {symbol.node for readings in targets for symbol in readings}
    assigned = {s.node for w, readings in zip(wrt, targets) if isinstance(w, Variable) for s in readings}
    needed = _depending(loss, sources)
    gradients: dict[Symbol, Symbol] = {loss: constant(np.ones((), loss.dtype))}
    for node in sorted(ancestors([loss]), key=lambda n: n.number, reverse=True):
        if node in needed and node.kind == "call" and node not in assigned:
            _propagate(node, gradients, needed)
    return [_total([gradients[s] for s in readings if s in gradients], readings[-1]) for readings in targets]


def _readings(w: Any) -> list[Symbol]:
    """The symbols that stand for `w`: of a variable one more after each assignment, beyond which no gradient goes."""
    trace = active_trace()
    return trace.readings(w) if trace is not None and isinstance(w, Variable) else [as_symbol(w)]


def _total(parts: list[Symbol], like: Symbol) -> Symbol:
    return functools.reduce(primitives.Add(), parts) if parts else _zeros(like)


def _depending(loss: Symbol, sources: set[Node]) -> set[Node]:
    """The nodes on a way from a source to the loss."""
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
