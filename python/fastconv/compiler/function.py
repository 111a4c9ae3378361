"""Function: a Python function on symbols, traced, compiled and run once a set of input shapes."""

from __future__ import annotations

import collections
import dataclasses
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastconv import primitives
from fastconv.compiler import pipeline
from fastconv.graph import Graph, Symbol, Trace, as_symbol, placeholder, tracing
from fastconv.primitives.base import Spec
from fastconv.runtime.array import Array
from fastconv.runtime.device import get_device
from fastconv.runtime.errors import ArgumentError
from fastconv.runtime.plan import PlanDescription
from fastconv.runtime.precision import precision
from fastconv.runtime.variable import Variable

CACHED_PLANS = 32  # least recently used goes first


@dataclasses.dataclass
class Compiled:
    """One plan: the executable, what the function returned (its shape as Python data), and its symbols' specs."""

    executable: Any
    device: Any
    structure: Any
    output_specs: list[Spec]
    description: Any
    graph: Graph


class Function:
    """Makes `fn`, which takes and returns symbols, callable on arrays.

    The first call with a new set of shapes and dtypes traces `fn` on symbols, compiles the graph to a plan and keeps
    it; each call runs the plan.  `fn` may read variables and `assign` to them.

    Args:  fn: takes symbols, returns a symbol, a tuple, list or dict of symbols, or None.
        training: whether dropout drops and norms use the batch.  device: name; default that of the variables read.
        name: for messages.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        training: bool = False,
        device: str | None = None,
        name: str = "function",
    ) -> None:
        self._fn = fn
        self._training = training
        self._device = device
        self.name = name
        self._plans: collections.OrderedDict[Any, Compiled] = collections.OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, *arrays: Any) -> Any:
        """Runs on arrays (NumPy's or ours); gives Arrays in the form that `fn` returns."""
        feeds = [_host_array(a) for a in arrays]
        compiled = self.compiled([Spec(f.dtype.name, f.shape) for f in feeds])
        return self.run(compiled, feeds)

    def run(self, compiled: Compiled, feeds: Sequence[np.ndarray]) -> Any:
        """Runs one plan on feeds that fit it."""
        new_buffer = compiled.device.new_buffer
        outputs = [new_buffer(spec.dtype, spec.shape) for spec in compiled.output_specs]
        result = pipeline.run(compiled.executable, compiled.description, feeds, outputs)
        if not result.closed:
            pipeline.raise_not_finite(compiled.executable, compiled.description, feeds, outputs)
        arrays = iter(outputs)
        return _map(compiled.structure, lambda leaf: None if leaf is None else Array(next(arrays)))

    def compiled(self, specs: Sequence[Spec]) -> Compiled:
        """The plan for inputs of these specs."""
        key = (*specs, precision())
        with self._lock:
            found = self._plans.get(key)
            if found is not None:
                self._plans.move_to_end(key)
                return found
            made = self._compile(specs)
            self._plans[key] = made
            if len(self._plans) > CACHED_PLANS:
                self._plans.popitem(last=False)
            return made

    def described(self, specs: Sequence[Spec]) -> PlanDescription:
        """The plan for inputs of these specs, which says how much memory it needs; nothing is built."""
        return pipeline.describe(self.traced(specs)[0], get_device(self._device))

    def _compile(self, specs: Sequence[Spec]) -> Compiled:
        graph, structure, trace = self.traced(specs)
        device = get_device(self._device or next((v.device for v in trace.variables), None))
        executable, description = pipeline.compile_graph(graph, device, self.name)
        return Compiled(executable, device, structure, [s.spec for s in graph.outputs], description, graph)

    def traced(self, specs: Sequence[Spec]) -> tuple[Graph, Any, Trace]:
        """The graph for inputs of these specs, before any pass."""
        inputs = tuple(placeholder(spec.shape, spec.dtype, f"input_{i}") for i, spec in enumerate(specs))
        with tracing(self._training) as trace:
            structure = self._fn(*inputs)
            outputs: list[Symbol] = []
            structure = _map(structure, lambda leaf: None if leaf is None else _collect(outputs, leaf))
            gate = primitives.AllFinite()(*_unique(trace.guarded)) if trace.guarded else None
        return Graph(inputs, tuple(outputs), tuple(trace.effects), gate, self._training), structure, trace


def _collect(outputs: list[Symbol], leaf: Any) -> bool:
    outputs.append(as_symbol(leaf))
    return True


def _unique(symbols: Sequence[Symbol]) -> list[Symbol]:
    return list(dict.fromkeys(symbols))


def _map(structure: Any, leaf: Callable[[Any], Any]) -> Any:
    """The same tuples, lists and dicts, `leaf` applied to what is in them; None stays."""
    if isinstance(structure, (tuple, list)):
        return type(structure)(_map(part, leaf) for part in structure)
    if isinstance(structure, dict):
        return {key: _map(part, leaf) for key, part in structure.items()}
    return leaf(structure)


_feeds = {"float32", "int32", "int64", "uint8", "bool"}  # dtypes that kernels take


def _fed_as(dtype: np.dtype) -> str:
    """The dtype that stands for one that no kernel takes."""
    if dtype.kind == "f":
        return "float32"
    if dtype.kind in "iu":
        return "int32" if dtype.itemsize < 4 else "int64"
    raise ArgumentError(
        f"expected an array of numbers; came dtype {dtype.name}. Give NumPy arrays of one shape and a numeric dtype."
    )


def _host_array(value: Any) -> np.ndarray:
    if isinstance(value, Array):
        return value.buffer.view()
    array = np.asarray(value.numpy() if isinstance(value, Variable) else value)
    if array.dtype.name not in _feeds:
        array = array.astype(_fed_as(array.dtype))
    return np.ascontiguousarray(array).reshape(array.shape)
