"""The record of a functional model: which layers are called on what, from its inputs to its outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fastconv import graph, layers
from fastconv.graph import Symbol
from fastconv.layers.input_layer import InputLayer
from fastconv.layers.layer import Call, Layer
from fastconv.layers.structure import leaves, map_leaves
from fastconv.models.operation import constant_value, recorded_operation
from fastconv.runtime.errors import ArgumentError
from fastconv.runtime.location import location_text


class LayerGraph:
    """Calls of layers in an order in which they can run, with what goes in and what comes out.

    inputs, outputs: symbols, in lists or dicts as the user gave them.  calls: without those of the input layers.
    layers: each once, in Keras's order (by distance from the outputs), so that weights have Keras's order too.
    """

    def __init__(self, inputs: Any, outputs: Any, name: str = "model") -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.input_symbols: list[Symbol] = list(leaves(inputs))
        self.output_symbols: list[Symbol] = list(leaves(outputs))
        for symbol in [*self.input_symbols, *self.output_symbols]:
            if not isinstance(symbol, Symbol):
                raise ArgumentError(
                    f"model '{name}': expected inputs and outputs made with Input() and layers; came "
                    f"{type(symbol).__name__}. Call the layers on Input(shape=...)."
                )
        self.input_layers = [_input_layer(symbol) for symbol in self.input_symbols]
        self.calls, first_seen = self._collect(name)
        self.layers = self._ordered_layers(first_seen)
        self._check_names(name)

    def _collect(self, name: str) -> tuple[list[Call], dict[int, int]]:
        """Calls, each behind those that it needs, and when a walk from the outputs first met each layer."""
        known = set(self.input_symbols)
        done: dict[int, Call] = {}
        first_seen: dict[int, int] = {}
        todo = [(symbol, False) for symbol in reversed(self.output_symbols)]
        while todo:
            symbol, finished = todo.pop()
            if symbol in known or constant_value(symbol) is not None:
                continue
            call = _call_of(symbol, name)
            if id(call) in done:
                continue
            if finished:
                done[id(call)] = call
                continue
            first_seen.setdefault(id(call.layer), len(first_seen))
            todo.append((symbol, True))
            todo.extend((argument, False) for argument in reversed(list(_arguments(call))))
        return list(done.values()), first_seen

    def _ordered_layers(self, first_seen: dict[int, int]) -> list[Layer]:
        call_depth: dict[int, int] = {}
        layer_depth: dict[int, int] = {}
        found: dict[int, Layer] = {}
        makers = {id(s): c for c in self.calls for s in leaves(c.outputs)}
        for call in reversed(self.calls):
            depth = max(call_depth.get(id(call), 0), layer_depth.get(id(call.layer), 0))
            call_depth[id(call)] = layer_depth[id(call.layer)] = depth
            found[id(call.layer)] = call.layer
            for argument in _arguments(call):
                maker = makers.get(id(argument))
                if maker is not None:
                    call_depth[id(maker)] = max(depth + 1, call_depth.get(id(maker), 0))
        ordered = sorted(found.values(), key=lambda layer: (-layer_depth[id(layer)], first_seen[id(layer)]))
        return [*self.input_layers, *ordered]

    def _check_names(self, name: str) -> None:
        seen: dict[str, Layer] = {}
        for layer in self.layers:
            other = seen.setdefault(layer.name, layer)
            if other is not layer:
                raise ArgumentError(
                    f"model '{name}': expected a name of its own for each layer; came two layers '{layer.name}' "
                    f"({location_text(other._made_at)}, {location_text(layer._made_at)}). Rename one."
                )

    def run(self, inputs: Sequence[Any]) -> Any:
        """The outputs for other inputs: every call is made again, on them."""
        values: dict[Symbol, Any] = dict(zip(self.input_symbols, inputs, strict=True))

        def value(leaf: Any) -> Any:
            return values.get(leaf, leaf) if isinstance(leaf, Symbol) else leaf

        for call in self.calls:
            args, kwargs = map_leaves(value, (call.args, call.kwargs))
            outputs = call.layer(*args, **kwargs)
            values.update(zip(leaves(call.outputs), leaves(outputs), strict=True))
        return map_leaves(value, self.outputs)

    # As plain data

    def config(self) -> dict[str, Any]:
        """Layers and calls, for files."""
        places = self._places()

        def encode(leaf: Any) -> Any:
            if isinstance(leaf, Symbol):
                value = constant_value(leaf)
                if value is not None and leaf not in places:
                    return {"constant": value.tolist(), "dtype": value.dtype.name}
                return {"tensor": list(places[leaf])}
            if isinstance(leaf, np.ndarray):
                return {"constant": leaf.tolist(), "dtype": leaf.dtype.name}
            return leaf

        return {
            "layers": [layers.serialize(layer) for layer in self.layers],
            "calls": [
                {
                    "layer": call.layer.name,
                    "args": map_leaves(encode, list(call.args)),
                    "kwargs": map_leaves(encode, call.kwargs),
                }
                for call in self.calls
            ],
            "inputs": map_leaves(encode, self.inputs),
            "outputs": map_leaves(encode, self.outputs),
        }

    def _places(self) -> dict[Symbol, tuple[str, int, int]]:
        """(layer, number of its call here, position) of each symbol."""
        places = {
            s: (layer.name, 0, 0) for s, layer in zip(self.input_symbols, self.input_layers, strict=True)
        }
        counts: dict[str, int] = {}
        for call in self.calls:
            number = counts.get(call.layer.name, 0)
            counts[call.layer.name] = number + 1
            for position, symbol in enumerate(leaves(call.outputs)):
                places[symbol] = (call.layer.name, number, position)
        return places


def from_config(config: dict[str, Any], custom_objects: dict[str, type] | None = None) -> tuple[Any, Any]:
    """Inputs and outputs of a functional model, its layers made and called again."""
    made = {entry["config"]["name"]: layers.deserialize(entry, custom_objects) for entry in config["layers"]}
    symbols: dict[tuple[str, int, int], Symbol] = {}
    counts: dict[str, int] = {}
    for name, layer in made.items():
        if isinstance(layer, InputLayer):
            symbols[name, 0, 0] = layer.output
    for entry in config["calls"]:
        name = entry["layer"]
        args = [_decoded(argument, symbols) for argument in entry["args"]]
        outputs = made[name](*args, **_decoded(entry["kwargs"], symbols))
        for position, symbol in enumerate(leaves(outputs)):
            symbols[name, counts.get(name, 0), position] = symbol
        counts[name] = counts.get(name, 0) + 1
    return _decoded(config["inputs"], symbols), _decoded(config["outputs"], symbols)


def _decoded(value: Any, symbols: dict[tuple[str, int, int], Symbol]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"tensor"}:
            name, number, position = value["tensor"]
            return symbols[name, number, position]
        if set(value) == {"constant", "dtype"}:
            return graph.constant(np.array(value["constant"], value["dtype"]))
        return {key: _decoded(part, symbols) for key, part in value.items()}
    if isinstance(value, list):
        return [_decoded(part, symbols) for part in value]
    return value


def _arguments(call: Call) -> Iterator[Symbol]:
    return (leaf for leaf in leaves((call.args, call.kwargs)) if isinstance(leaf, Symbol))


def _call_of(symbol: Symbol, name: str) -> Call:
    if symbol.history is not None and not isinstance(symbol.history[0], InputLayer):
        return symbol.history[1]
    if symbol.node.kind == "call":
        return recorded_operation(symbol.node)
    raise ArgumentError(
        f"model '{name}': its outputs depend on input '{symbol.name}' {symbol.shape}, which is not among its inputs. "
        "Add it to inputs=, or build the outputs from the inputs given."
    )


def _input_layer(symbol: Symbol) -> InputLayer:
    """The layer of an input; an inner tensor of another model gets one of its own."""
    if symbol.history is not None and isinstance(symbol.history[0], InputLayer):
        return symbol.history[0]
    return InputLayer(batch_shape=symbol.shape, dtype=symbol.dtype)
