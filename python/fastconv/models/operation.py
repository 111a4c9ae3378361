"""Operators and functions used between layers, as layers of the model."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from fastconv.graph import Node, Symbol
from fastconv.layers.layer import Call, Layer
from fastconv.layers.naming import unique_name
from fastconv.primitives.base import Primitive, primitive_class


class Operation(Layer):
    """One primitive that a model's description uses outside of any layer, such as `x * 2`.

    Args:  stem: of the primitive.  attributes: of the primitive.
    """

    def __init__(self, stem: str, attributes: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        plain = {k: tuple(v) if isinstance(v, list) else v for k, v in attributes.items()}
        self.primitive: Primitive = primitive_class(stem)(**plain)
        self.built = True

    def call(self, *inputs: Any) -> Any:
        return self.primitive(*inputs)

    def get_config(self) -> dict[str, Any]:
        config = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}
        return config | {"stem": self.primitive.stem, "attributes": dataclasses.asdict(self.primitive)}


def recorded_operation(node: Node) -> Call:
    """The call of a new Operation that stands for `node`; the node's outputs know it from now on."""
    assert node.primitive is not None
    name = unique_name(node.stem)
    layer = Operation(node.stem, dataclasses.asdict(node.primitive), name=name)
    outputs = node.outputs[0] if len(node.outputs) == 1 else node.outputs
    call = Call(layer, node.inputs, {}, outputs)
    layer._calls.append(call)
    for position, symbol in enumerate(node.outputs):
        symbol.history = (layer, call, position)
    return call


def constant_value(symbol: Symbol) -> np.ndarray | None:
    """The value of a constant of the description, None for what is computed."""
    return symbol.node.value if symbol.node.kind == "constant" else None
