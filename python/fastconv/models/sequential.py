"""Layers one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv import graph, layers
from fastconv.layers import context
from fastconv.layers.input_layer import Input, InputLayer
from fastconv.layers.layer import Layer
from fastconv.layers.traceback import short_errors
from fastconv.models.layer_graph import LayerGraph
from fastconv.models.model import Model
from fastconv.runtime.errors import ArgumentError
from fastconv.runtime.location import location_text


class Sequential(Model):
    """A chain of layers.

    Built at once if its first layer says `input_shape`, is an Input or a model that has one; else when it first sees
    data.

    Args:  layers: the layers, in order.  name: default 'sequential'.
    Raises:  ShapeError: at the line that adds a layer which cannot take what arrives.

    >>> from fastconv import Sequential, layers
    >>> model = Sequential([layers.Dense(4, activation="relu", input_shape=(8,)), layers.Dense(1)])
    >>> model.count_params()
    41
    """

    _input: InputLayer | None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        model = super().__new__(cls, *args, **kwargs)
        vars(model)["_input"] = None
        return model

    def __init__(self, layers: Sequence[Any] | None = None, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        if isinstance(layers, Layer):
            raise ArgumentError(
                f"model '{self.name}': expected a list of layers; came {layers!r}. Write Sequential([...])."
            )
        for layer in layers or ():
            self.add(layer)

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the input layer."""
        return list(self._sublayers)

    def _children(self) -> list[Layer]:
        return self._sublayers

    @short_errors
    def add(self, layer: Any) -> None:
        """Puts a layer behind the last one."""
        if getattr(layer, "history", None) is not None and isinstance(layer.history[0], InputLayer):
            layer = layer.history[0]
        if isinstance(layer, InputLayer):
            return self._begin(layer)
        if not isinstance(layer, Layer):
            raise ArgumentError(
                f"model '{self.name}': expected a layer; came {layer!r}. Write add(Dense(10)), not the class and "
                "not its output."
            )
        self._check_name(layer)
        if not self._sublayers and self._input is None:
            self._begin_with(layer)
        if self._graph is not None or self._input is not None:
            self._describe([*self._sublayers, layer])
        self._sublayers.append(layer)
        return None

    def _check_name(self, layer: Layer) -> None:
        for other in self._sublayers:
            if other.name == layer.name:
                raise ArgumentError(
                    f"model '{self.name}': expected a name of its own for each layer; came two layers '{layer.name}' "
                    f"({location_text(other._made_at)}, {location_text(layer._made_at)}). Rename one."
                )

    def _begin(self, layer: InputLayer) -> None:
        if self._sublayers or self._input is not None:
            raise ArgumentError(f"model '{self.name}': Input comes first, once; came one after other layers.")
        self._set_input(layer)

    def _set_input(self, layer: InputLayer) -> None:
        vars(self)["_input"] = layer  # past __setattr__: it is none of the layers

    def _begin_with(self, layer: Layer) -> None:
        """The input that the first layer asks for."""
        if layer.batch_input_shape is not None:
            self._set_input(Input(batch_shape=layer.batch_input_shape).history[0])
        elif isinstance(layer, Model) and layer._graph is not None and len(layer.inputs) == 1:
            self._set_input(Input(batch_shape=layer.inputs[0].shape, dtype=layer.inputs[0].dtype).history[0])

    def _describe(self, chain: Sequence[Layer]) -> None:
        """The graph of the chain; only layers that it lacks are called."""
        assert self._input is not None
        with graph.suspended(), context.running(self):
            old = self._graph
            known = len(self._sublayers) if old is not None and len(chain) > len(self._sublayers) else 0
            value = old.outputs if old is not None and known else self._input.output
            for layer in chain[known:]:
                value = layer(value)
        self._set_graph(LayerGraph(self._input.output, value, self.name))

    @short_errors
    def pop(self) -> Layer | None:
        """Takes the last layer off."""
        if not self._sublayers:
            raise ArgumentError(f"model '{self.name}': expected a layer to pop; it has none.")
        last = self._sublayers.pop()
        if self._graph is not None:
            if self._sublayers:
                call = self._graph.calls[-1]
                self._set_graph(LayerGraph(self._input.output, call.args[0], self.name))  # type: ignore[union-attr]
            else:
                self._set_graph(None)
        last._calls.clear()
        return last

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights for inputs of this shape (with the batch axis, None)."""
        if self._graph is not None:
            return
        if input_shape is None:
            self._described()
        if not self._sublayers:
            raise ArgumentError(f"model '{self.name}' has no layers; add some first.")
        if self._input is None:
            self._set_input(Input(batch_shape=(None, *tuple(input_shape)[1:])).history[0])
        self._describe(self._sublayers)

    def _ensure_built(self, args: tuple[Any, ...]) -> None:
        if self._graph is None:
            self.build((None, *args[0].shape[1:]))

    def _compute(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._graph is None and args:
            self.build((None, *np.shape(args[0])[1:]))
        return super()._compute(args, kwargs)

    def _prepared(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        self._ensure_built(args)
        return super()._prepared(args, kwargs)

    def get_config(self) -> dict[str, Any]:
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable}
        if self._input is not None:
            config["input"] = layers.serialize(self._input)
        return config | {"layers": [layers.serialize(layer) for layer in self._sublayers]}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, type] | None = None) -> Any:
        model = cls(name=config["name"])
        if "input" in config:
            model.add(layers.deserialize(config["input"]))
        for entry in config["layers"]:
            model.add(layers.deserialize(entry, custom_objects))
        model._trainable = config.get("trainable", True)
        return model
