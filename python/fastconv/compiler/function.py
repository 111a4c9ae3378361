"""Function: a Python function on symbols, traced, compiled and run once a set of input shapes."""

from __future__ import annotations

import collections
import dataclasses
import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastconv import primitives
from fastconv.compiler import pipeline
from fastconv.compiler.ahead import Ahead
from fastconv.graph import Graph, Symbol, Trace, as_symbol, placeholder, tracing
from fastconv.primitives.base import Spec
from fastconv.runtime import exchange
from fastconv.runtime.array import Array
from fastconv.runtime.device import default_device, get_device
from fastconv.runtime.errors import ArgumentError, DeviceError
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
    ahead: Ahead
    read: list[tuple[Variable, Any]]  # its variables, and the memory that they had when it was compiled

    def is_current(self) -> bool:
        """False when a variable has moved: the plan would go on with what it left behind."""
        return all(variable.buffer is buffer for variable, buffer in self.read)


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
        self.name = name
        self._device = device
        self._plans: collections.OrderedDict[Any, Compiled] = collections.OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, *arrays: Any, explain: pipeline.Explain | None = None) -> Any:
        """Runs on arrays (NumPy's or ours); gives Arrays in the form that `fn` returns.

        Arrays in the host's memory go anywhere; those on a GPU are taken by functions that run there, and the call may
        return before the GPU is done.  An error of the numbers then comes with the next calls, or when something on
        the device is read; `explain` says more about it.

        Raises:  DeviceError: an array on another GPU, or variables on several devices.
        """
        feeds = [feed(a) for a in arrays]
        place = next((f.device for f in feeds if isinstance(f, Array)), None)
        compiled = self.compiled([Spec(f.dtype.name, f.shape) for f in feeds], place)
        return self.run(compiled, [self._placed(f, compiled.device) for f in feeds], explain)

    def _placed(self, feed: Any, device: Any) -> Any:
        if not isinstance(feed, Array):
            return feed
        if feed.device == device.name:
            return feed.buffer
        raise DeviceError(
            f"{self.name}: expected arrays on '{device.name}' or in the host's memory; came one on '{feed.device}'. Move "
            f"it with x.to('{device.name}')."
        )

    def run(self, compiled: Compiled, feeds: Sequence[Any], explain: pipeline.Explain | None = None) -> Any:
        """Runs one plan on feeds that fit it: NumPy arrays, or buffers of its device."""
        device = compiled.device
        outputs = [device.new_buffer(spec.dtype, spec.shape) for spec in compiled.output_specs]
        with device.lock:  # no other thread's run comes between a step and what is told of it
            device.hear(lambda runs: _must_hear(compiled.ahead, runs, feeds))
            self._run(compiled, feeds, outputs, explain)
        arrays = iter(outputs)
        return _map(compiled.structure, lambda leaf: None if leaf is None else Array(next(arrays)))

    def _run(
        self, compiled: Compiled, feeds: Sequence[Any], outputs: list[Any], explain: pipeline.Explain | None
    ) -> None:
        device, executable = compiled.device, compiled.executable
        result = pipeline.run(executable, compiled.description, feeds, outputs, device.runs_ahead)
        if result.under_way:
            compiled.ahead.note(result.number, explain, outputs)
            device.under_way.add(compiled.ahead)
        elif not result.closed:
            if result.late:
                device.under_way.discard(compiled.ahead)
                compiled.ahead.fail()
            again = functools.partial(executable.run, feeds, outputs)
            pipeline.raise_not_finite(executable, compiled.description, again, explain)

    def compiled(self, specs: Sequence[Spec], place: str | None = None) -> Compiled:
        """The plan for inputs of these specs that lie on `place`."""
        with self._lock:
            key = (*specs, self._device or place or default_device(), precision())
            found = self._plans.get(key)
            if found is not None and found.is_current():
                self._plans.move_to_end(key)
                return found
            made = self._plans[key] = self._compile(specs, place)
            if len(self._plans) > CACHED_PLANS:
                self._plans.popitem(last=False)
            return made

    def described(self, specs: Sequence[Spec]) -> PlanDescription:
        """The plan for inputs of these specs, which says how much memory it needs; nothing is built."""
        return pipeline.describe(self.traced(specs)[0], get_device(self._device))

    def _compile(self, specs: Sequence[Spec], place: str | None) -> Compiled:
        graph, structure, trace = self.traced(specs)
        home = self._device or next((v.device for v in _touched(trace)), None)
        device = get_device(home or place)
        executable, description = pipeline.compile_graph(
            graph, device, self.name, lambda batch: self.traced(_with_batch(specs, batch))[0]
        )
        written = [variable.buffer for variable, _ in trace.effects]
        ahead = Ahead(executable, description, [v.buffer for v in trace.variables], written)
        specs_out, read = [s.spec for s in graph.outputs], [(v, v.buffer) for v in _touched(trace)]
        return Compiled(executable, device, structure, specs_out, description, graph, ahead, read)

    def traced(self, specs: Sequence[Spec]) -> tuple[Graph, Any, Trace]:
        """The graph for inputs of these specs, before any pass."""
        inputs = tuple(placeholder(spec.shape, spec.dtype, f"input_{i}") for i, spec in enumerate(specs))
        with tracing(self._training) as trace:
            structure = self._fn(*inputs)
            outputs: list[Symbol] = []
            structure = _map(structure, lambda leaf: None if leaf is None else _collect(outputs, leaf))
            gate = primitives.AllFinite()(*_unique(trace.guarded)) if trace.guarded else None
        return Graph(inputs, tuple(outputs), tuple(trace.effects), gate, self._training), structure, trace


def _must_hear(own: Ahead, runs: Ahead, feeds: Sequence[Any]) -> bool:
    """Whether a plan that is to run on `feeds` depends on runs under way that are not its own."""
    return runs is not own and (
        runs.meets(own) or any(runs.writes(f) for f in feeds if not isinstance(f, np.ndarray))
    )


def _touched(trace: Trace) -> list[Variable]:
    return [*trace.variables, *(variable for variable, _ in trace.effects)]


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


def _with_batch(specs: Sequence[Spec], batch: int) -> list[Spec]:
    return [Spec(spec.dtype, (batch, *spec.shape[1:])) for spec in specs]


def feed(value: Any) -> Any:
    """An Array where it lies in memory that the host does not read, else a NumPy array."""
    if isinstance(value, (Array, Variable)):
        in_host_memory = get_device(value.device).in_host_memory
        return value.buffer.view() if in_host_memory else Array(value.buffer)
    if not isinstance(value, np.ndarray) and exchange.is_on_gpu(value):
        return Array.from_dlpack(value)
    return _host_array(value)


def _host_array(value: Any) -> np.ndarray:
    try:
        array = np.asarray(value)
    except TypeError as error:  # another library's tensor of a dtype that NumPy lacks
        raise ArgumentError(
            f"expected an array of numbers; came {type(value).__name__} ({error}). Give a NumPy array, or convert it "
            "first: x.float() in PyTorch."
        ) from None
    if array.dtype.name not in _feeds:
        array = array.astype(_fed_as(array.dtype))
    native = array.dtype.newbyteorder("=")  # files may have the other order: idx, FITS
    return np.ascontiguousarray(array, native).reshape(array.shape)
