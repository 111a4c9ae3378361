"""eager: primitives called on arrays are traced and run as plans of one step; there is no second way to compute."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from fastconv import primitives
from fastconv.compiler.function import Function, feed
from fastconv.graph import call_node, is_symbolic
from fastconv.primitives import base
from fastconv.runtime import operators
from fastconv.runtime.array import Array
from fastconv.runtime.device import get_device
from fastconv.runtime.variable import Variable

_numbers = (bool, int, float)


def install() -> None:
    """Says what calling a primitive and what Python's operators mean."""
    base.install(apply)
    operators.install(operate)


def apply(primitive: base.Primitive, inputs: tuple[Any, ...]) -> Any:
    """Extends the graph if an input is symbolic, else computes at once."""
    if any(is_symbolic(v) for v in inputs):
        return call_node(primitive, inputs)
    inputs = tuple(v if isinstance(v, (Array, Variable, *_numbers)) else feed(v) for v in inputs)
    return _one_step(primitive, _device_of(inputs))(*_like_first(inputs))


def _device_of(inputs: tuple[Any, ...]) -> str | None:
    """Where to compute: the first device of the inputs, but rather one that what is on the host can be brought to."""
    names = [v.device for v in inputs if isinstance(v, (Array, Variable))]
    return min(names, key=lambda name: get_device(name).in_host_memory, default=None)


@functools.lru_cache(maxsize=512)
def _one_step(primitive: base.Primitive, device: str | None) -> Function:
    return Function(lambda *symbols: primitive(*symbols), device=device, name=primitive.stem)


def _like_first(inputs: tuple[Any, ...]) -> list[Any]:
    """Plain numbers take the dtype of the first array."""
    first = next((v for v in inputs if not isinstance(v, _numbers)), None)
    if first is None:
        return list(inputs)
    return [np.asarray(v, first.dtype) if isinstance(v, _numbers) else v for v in inputs]


_relations = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
_arithmetic = {
    "add": "Add",
    "subtract": "Subtract",
    "multiply": "Multiply",
    "divide": "Divide",
    "sqrt": "Sqrt",
}


def _comparable(operands: tuple[Any, ...]) -> list[Any]:
    """Whole tensors as float32 where they meet a number that is not whole: cut to their dtype it would be another one."""
    if all(not isinstance(v, float) or v.is_integer() for v in operands):
        return list(operands)
    whole = [not isinstance(v, float) and np.dtype(v.dtype).kind != "f" for v in operands]
    return [primitives.Cast("float32")(v) if cast else v for v, cast in zip(operands, whole, strict=True)]


def operate(name: str, operands: tuple[Any, ...]) -> Any:
    """One of Python's operators as a primitive."""
    if name in _relations:
        return primitives.Compare(name)(*_comparable(operands))
    return getattr(primitives, _arithmetic[name])()(*operands)
