"""Models: layers put together, with training, files and a summary."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from typing import Any

from fastconv import layers, primitives
from fastconv.graph import Symbol
from fastconv.layers.arguments import whole
from fastconv.layers.layer import Layer
from fastconv.layers.naming import unique_name
from fastconv.layers.structure import leaves, map_leaves
from fastconv.layers.traceback import short_errors
from fastconv.models import arguments, layer_graph
from fastconv.models.input_checks import checked, fits_without_channel
from fastconv.models.layer_graph import LayerGraph
from fastconv.models.summary import print_summary
from fastconv.models.trainer import Trainer
from fastconv.runtime.errors import ArgumentError, ShapeError
from fastconv.runtime.location import location_text
from fastconv.runtime.variable import move


class Model(Trainer):
    """Layers between inputs and outputs; or, as a base class, your own `call`.

    Args:  inputs: symbols made with `Input`, one or a list.  outputs: what layers called on them gave.
        name: for messages and files.
    Raises:  ArgumentError: the outputs do not depend on these inputs alone; two layers of one name.

    >>> from fastconv import Input, Model, layers
    >>> x = Input((28, 28, 1))
    >>> y = layers.Dense(10, activation="softmax")(layers.Flatten()(x))
    >>> Model(x, y).output_shape
    (None, 10)
    """

    is_model = True

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        model = super().__new__(cls)
        vars(model).update(_graph=None, class_names=None, preprocessing=None)
        model._init_training()
        return model

    def __init__(
        self, inputs: Any = None, outputs: Any = None, name: str | None = None, **kwargs: Any
    ) -> None:
        # Keras 1's spelling.
        inputs = kwargs.pop("input", inputs)
        outputs = kwargs.pop("output", outputs)
        if name is None and type(self) is Model:
            name = unique_name("functional")
        super().__init__(name=name, **kwargs)
        if (inputs is None) != (outputs is None):
            raise ArgumentError(f"model '{self.name}': expected inputs and outputs; came only one of them.")
        if inputs is not None:
            self._set_graph(LayerGraph(inputs, outputs, self.name))

    def _set_graph(self, graph: LayerGraph | None) -> None:
        self._graph = graph
        self.built = graph is not None
        self._forget_plans()

    # The layers

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order."""
        return self._children()

    def _children(self) -> list[Layer]:
        if self._graph is None:
            return self._sublayers
        known = {id(layer) for layer in self._graph.layers}
        return [*self._graph.layers, *(layer for layer in self._sublayers if id(layer) not in known)]

    @short_errors
    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by name (also of models inside) or by its number here.

        Raises:  ArgumentError: no such layer; names the nearest.
        """
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ArgumentError(
                    f"get_layer: '{self.name}' has {len(self.layers)} layers, numbered from 0; came index={index}."
                )
            return self.layers[index]
        homes = [(m, layer) for m in self._flattened() if m.is_model for layer in m._children()]
        for _, layer in homes:
            if layer.name == name:
                return layer
        near = difflib.get_close_matches(str(name), [layer.name for _, layer in homes], 1, 0.0)
        if not near:
            raise ArgumentError(f"get_layer({name!r}): '{self.name}' has no layers yet.")
        home = next(m for m, layer in homes if layer.name == near[0])
        raise ArgumentError(f"get_layer({name!r}): no such layer; nearest {near[0]!r} in {home.name!r}.")

    # Inputs and outputs

    def _described(self) -> LayerGraph:
        if self._graph is None:
            raise ShapeError(
                f"model '{self.name}' has no input shape yet; give its first layer `input_shape=(150, 150, 3)`, or "
                "call it on data."
            )
        return self._graph

    @property
    def inputs(self) -> list[Symbol]:
        """Its input symbols."""
        return self._described().input_symbols

    @property
    def outputs(self) -> list[Symbol]:
        """Its output symbols."""
        return self._described().output_symbols

    @property
    def input(self) -> Any:
        """Its input symbol, or the list or dict of them."""
        return self._described().inputs

    @property
    def output(self) -> Any:
        """Its output symbol, or the list or dict of them."""
        return self._described().outputs

    @property
    def input_shape(self) -> Any:
        """Shape of the input, batch axis None."""
        return map_leaves(lambda symbol: symbol.shape, self.input)

    @property
    def output_shape(self) -> Any:
        """Shape of the output, batch axis None."""
        return map_leaves(lambda symbol: symbol.shape, self.output)

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs."""
        return [layer.name for layer in self._described().input_layers]

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs: the dict's keys, or those of the layers that make them; output_1, ... for a class of
        your own."""
        if self._graph is None:
            return []
        if isinstance(self._graph.outputs, dict) and len(self._graph.outputs) == len(
            self._graph.output_symbols
        ):
            return list(self._graph.outputs)
        return [symbol.history[0].name for symbol in self._graph.output_symbols]

    # Calling

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if self._graph is None:
            raise ArgumentError(
                f"model '{self.name}' ({location_text(self._made_at)}): {type(self).__name__} has neither call() nor "
                "inputs and outputs. Write call(self, inputs)."
            )
        return self._graph.run(list(leaves(inputs)))

    def _prepared(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if self._graph is None or not args:
            return args, kwargs
        given = self._in_order(args[0])
        prepared = [
            self._fitted(value, symbol, layer.name if len(given) > 1 else "")
            for value, symbol, layer in zip(
                given, self._graph.input_symbols, self._graph.input_layers, strict=True
            )
        ]
        return (prepared[0] if len(prepared) == 1 else prepared, *args[1:]), kwargs

    def _in_order(self, inputs: Any) -> list[Any]:
        """The inputs as a list; a dict may name them by their input layers."""
        names = self.input_names
        if isinstance(inputs, dict) and set(inputs) != set(
            self.input if isinstance(self.input, dict) else names
        ):
            raise ArgumentError(
                f"model '{self.name}': expected inputs named {', '.join(names)}; came {', '.join(inputs)}."
            )
        if isinstance(inputs, dict) and not isinstance(self.input, dict):
            return [inputs[name] for name in names]
        if isinstance(inputs, dict):
            return [inputs[name] for name in self.input]
        found = list(leaves(inputs))
        if len(found) != len(names):
            raise ArgumentError(
                f"model '{self.name}': expected {len(names)} inputs ({', '.join(names)}); came {len(found)}."
            )
        return found

    def _fitted(self, value: Any, symbol: Symbol, name: str) -> Any:
        shape = tuple(value.shape)
        if fits_without_channel(symbol.shape, shape):
            value = primitives.Reshape((*(-1 if s is None else s for s in shape), 1))(value)
        else:
            checked(self.name, symbol.shape, shape, name)
        return value if value.dtype == symbol.dtype else primitives.Cast(symbol.dtype)(value)

    # As data

    def get_config(self) -> dict[str, Any]:
        """Name, layers and calls; for classes of your own, their constructor's arguments."""
        if self._graph is None or type(self) is not Model:
            return super().get_config()
        return {"name": self.name, "trainable": self.trainable, **self._graph.config()}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, type] | None = None) -> Any:
        """A new model from `get_config()`'s result, with new weights."""
        if "calls" not in config:
            return cls(**config)
        inputs, outputs = layer_graph.from_config(config, custom_objects)
        model = cls(inputs, outputs, name=config["name"])
        model._trainable = config.get("trainable", True)
        return model

    def to_json(self, **kwargs: Any) -> str:
        """The architecture as text; `models.model_from_json` reads it."""
        return json.dumps(layers.serialize(self), **kwargs)

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Callable[[str], Any] | None = None,
        nested: bool = False,
        batch_size: int = 32,
        expand_nested: bool = False,
        show_trainable: bool = False,
        **kwargs: Any,
    ) -> None:
        """Prints layers, output shapes, numbers of parameters, and the memory of a batch.

        Args:  print_fn: takes each line, default print.  nested (Keras: expand_nested): also the layers of models
            inside.  batch_size: for the memory, default 32.  show_trainable: marks frozen layers.
        """
        arguments.refuse_unknown("summary", kwargs, self.summary)
        batch_size = whole("summary", "batch_size", batch_size)
        print_summary(
            self, line_length, print_fn or print, nested or expand_nested, batch_size, show_trainable
        )

    def __reduce__(self) -> Any:
        raise ArgumentError(
            f"model '{self.name}': expected to be saved or cloned; pickle and copy cannot take its memory. Use model.save(), "
            "or copy = clone_model(model) and copy.set_weights(model.get_weights())."
        )

    def save(
        self, filepath: Any, overwrite: bool = True, include_optimizer: bool = True, **kwargs: Any
    ) -> None:
        """Writes all of it to one `.fastconv` file: layers, weights, optimiser, seed position, epoch.

        A crash while it writes leaves an older file of that name as it was.
        Raises:  ArgumentError: another ending, or the file exists and `overwrite` is False.
        """
        from fastconv.models.saving import save_model

        arguments.refuse_unknown("save", kwargs, self.save)
        save_model(self, filepath, overwrite, include_optimizer)

    def save_weights(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Writes the weights alone to a `.fastconv` file."""
        from fastconv.models import saving

        arguments.refuse_unknown("save_weights", kwargs, self.save_weights)
        saving.save_weights(self, filepath, overwrite)

    @short_errors
    def load_weights(self, filepath: Any, **kwargs: Any) -> None:
        """Reads the weights of a `.fastconv` file: all of them, or none.

        Raises:  WeightsError: a tensor is missing, unknown, or of another shape.
        """
        from fastconv.models import saving

        arguments.refuse_unknown("load_weights", kwargs, self.load_weights)
        saving.load_weights(self, filepath)

    def to(self, device: str) -> Model:
        """Moves weights and training state to another device; all stay where they are if they do not fit there."""
        move([*self.weights, *self._training_variables()], device)
        self._forget_plans()
        return self

    def _forget_plans(self) -> None:
        super()._forget_plans()
        self._forget_steps()
