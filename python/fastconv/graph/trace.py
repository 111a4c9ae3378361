"""Tracing: running a Python function on symbols, and noting what it does besides returning.

While a trace is active on this thread, primitives called on symbols or variables make nodes, `assign` notes a
write of state for the closing block, and `guard` names what must be finite for the closing block to run.
"""

from __future__ import annotations

import contextlib
import threading
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from fastconv.graph.symbol import Node, Symbol, constant
from fastconv.primitives.base import Primitive, Spec
from fastconv.runtime import variable as variables
from fastconv.runtime.array import Array
from fastconv.runtime.variable import Variable


class Trace:
    """What one run of a function on symbols has noted."""

    def __init__(self, training: bool) -> None:
        self.training = training
        self.effects: list[tuple[Variable, Symbol]] = []
        self.guarded: list[Symbol] = []
        self.reads: dict[int, Symbol] = {}
        self._earlier: dict[int, list[Symbol]] = {}  # what was read of a variable before it was assigned to
        self.variables: list[Variable] = []
        self.labels: list[str] = []
        self._calls: dict[str, int] = {}

    def read(self, variable: Variable) -> Symbol:
        """The value of a variable: that before this run's closing block, or what has been assigned to it."""
        symbol = self.reads.get(id(variable))
        if symbol is None:
            spec = Spec(variable.dtype, variable.shape)
            symbol = Node("variable", None, (), (spec,), variable.name, variable).outputs[0]
            self.reads[id(variable)] = symbol
            self.variables.append(variable)
        return symbol

    def readings(self, variable: Variable) -> list[Symbol]:
        """All values that the variable has had in this run, the newest last."""
        return [*self._earlier.get(id(variable), ()), self.read(variable)]

    def write(self, variable: Variable, value: Symbol) -> None:
        """`value` is written by the closing block, and read from here on."""
        self.effects = [effect for effect in self.effects if effect[0] is not variable]
        assign(variable, value)
        if (before := self.reads.get(id(variable))) is not None:
            self._earlier.setdefault(id(variable), []).append(before)
        self.reads[id(variable)] = value

    def label(self) -> str:
        """The path of scopes that is open now."""
        return "/".join(self.labels)

    def random_path(self, path: str | None = None) -> int:
        """A number for a path (default: the open one) and its call count: two like dropouts differ, and a plan
        for another shape draws the same masks."""
        path = self.label() if path is None else path
        count = self._calls[path] = self._calls.get(path, 0) + 1
        return zlib.crc32(f"{path}#{count}".encode())


class _Stack(threading.local):
    def __init__(self) -> None:
        self.traces: list[Trace] = []


_stack = _Stack()


def active_trace() -> Trace | None:
    """The innermost trace of this thread."""
    return _stack.traces[-1] if _stack.traces else None


@contextlib.contextmanager
def tracing(training: bool = False) -> Iterator[Trace]:
    """Makes a trace active."""
    trace = Trace(training)
    _stack.traces.append(trace)
    try:
        yield trace
    finally:
        _stack.traces.pop()


@contextlib.contextmanager
def suspended() -> Iterator[None]:
    """No trace is active inside: what is called on symbols there describes, it does not compute."""
    saved, _stack.traces = _stack.traces, []
    try:
        yield
    finally:
        _stack.traces = saved


@contextlib.contextmanager
def scope(label: str) -> Iterator[None]:
    """Names the nodes made inside (a layer's name); scopes nest."""
    trace = active_trace()
    if trace is None:
        yield
        return
    trace.labels.append(label)
    try:
        yield
    finally:
        trace.labels.pop()


def assign(variable: Variable, value: Symbol) -> None:
    """Notes that the closing block of the traced function writes `value` into `variable`; reads still see the old value,
    as random keys want (`variable.assign` changes them too)."""
    trace = active_trace()
    if trace is None:
        raise RuntimeError("assign() outside a traced function; use variable.assign(value)")
    if value.shape != variable.shape or value.dtype != variable.dtype:
        raise ValueError(
            f"assign to '{variable.name}': expected {variable.dtype} {variable.shape}; came {value.dtype} {value.shape}"
        )
    trace.effects.append((variable, value))


def _note(variable: Variable, value: Any) -> bool:
    """`variable.assign(value)` in a traced function; arrays are written at once, as `build` and loading do."""
    trace = active_trace()
    if trace is None:
        return False
    if isinstance(value, Variable):
        value = trace.read(value)
    elif isinstance(value, (int, float, np.number)):
        value = constant(np.full(variable.shape, value, variable.dtype))
    if not isinstance(value, Symbol):
        return False
    trace.write(variable, value)
    return True


variables.install(_note)


def guard(*symbols: Symbol) -> None:
    """Names float symbols that must be finite; if one is not, no state of this run is written."""
    trace = active_trace()
    if trace is not None:
        trace.guarded.extend(symbols)


def is_symbolic(value: Any) -> bool:
    """True for symbols; for variables while a trace is active."""
    return isinstance(value, Symbol) or (isinstance(value, Variable) and bool(_stack.traces))


def as_symbol(value: Any, like: Symbol | None = None) -> Symbol:
    """A symbol for a symbol, variable, array or number; a plain number takes the dtype of `like`."""
    if isinstance(value, Symbol):
        return value
    if isinstance(value, Variable):
        trace = active_trace()
        return trace.read(value) if trace is not None else constant(value.numpy())
    if isinstance(value, Array):
        return constant(value.numpy())
    if like is not None and isinstance(value, (bool, int, float)):
        return constant(np.asarray(value, like.dtype))
    return constant(value)


def call_node(primitive: Primitive, inputs: tuple[Any, ...]) -> Any:
    """Adds a node to the graph; one symbol, or a tuple of them."""
    like = next((v for v in inputs if isinstance(v, Symbol)), None)
    if like is None:
        variable = next(v for v in inputs if isinstance(v, Variable))
        like = as_symbol(variable)
    symbols = [as_symbol(v, like) for v in inputs]
    trace = active_trace()
    label = trace.label() if trace is not None else ""
    specs = primitive.shapes([s.spec for s in symbols])
    outputs = Node("call", primitive, symbols, specs, label).outputs
    return outputs[0] if len(outputs) == 1 else outputs
