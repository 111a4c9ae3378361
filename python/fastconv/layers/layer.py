"""What every layer is: a name, weights, and one function, `call`, that builds its outputs from primitives.

Called on symbols a layer extends the graph; called on arrays it is traced, compiled, kept and run.  Outside of a
traced function, a call on symbols is also recorded, so that a model can be made of it (`fastconv.Model`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import itertools
import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from fastconv import graph, primitives
from fastconv.graph import Symbol
from fastconv.layers import context
from fastconv.layers.arguments import checked_dtype, checked_shape, renamed
from fastconv.layers.naming import snake_case, unique_name
from fastconv.layers.structure import leaves, map_leaves
from fastconv.layers.traceback import short_errors
from fastconv.runtime.array import Array
from fastconv.runtime.errors import ArgumentError, OutOfMemory, ShapeError, WeightsError
from fastconv.runtime.location import location_text, user_location
from fastconv.runtime.names import nearest
from fastconv.runtime.variable import Variable

_clock = itertools.count(1)  # orders changes of `trainable` and calls of `compile`


def tick() -> int:
    """A number larger than all before."""
    return next(_clock)


@dataclasses.dataclass(eq=False)
class Call:
    """One call of a layer on symbols while a model was being described."""

    layer: Layer
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: Any


class Layer:
    """Base of all layers, and of your own.

    Write `build(input_shape)`, which makes weights with `add_weight`, and `call(inputs)`, which computes with
    `fastconv.ops`, other layers and Python's operators.  `call` may take `training`.

    Args:  name: default made from the class, unique in the process.  trainable: whether its weights may be trained.
        dtype: of its weights.  input_shape: without the batch axis, for the first layer of a Sequential
        (`batch_input_shape`: with it).

    >>> class Scale(Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(name="factor", shape=(input_shape[-1],), initializer="ones")
    ...     def call(self, x):
    ...         return x * self.factor
    >>> Scale()(np.array([[1.0, 2.0]], "float32")).numpy()
    array([[1., 2.]], dtype=float32)
    """

    is_model: ClassVar[bool] = False
    # Names of the arguments of __init__ beside name, trainable and dtype: what get_config returns.
    config_names: ClassVar[tuple[str, ...] | None] = None
    dtypes: ClassVar[tuple[str, ...]] = ("float32", "float64", "int32", "int64", "uint8", "bool")

    name: str
    dtype: str
    built: bool
    _made_at: tuple[str, int] | None
    _arguments: tuple[tuple[Any, ...], dict[str, Any]]
    _own_variables: list[Variable]
    _sublayers: list[Layer]
    _trainable: bool
    _trainable_set_at: int
    _calls: list[Call]
    _functions: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        layer = super().__new__(cls)
        # Set here, not in __init__: subclasses may set attributes before they call super().__init__().
        vars(layer).update(
            _made_at=user_location(),
            _arguments=(args, kwargs),
            _own_variables=[],
            _sublayers=[],
            _trainable=True,
            _trainable_set_at=0,
            _calls=[],
            _functions={},
            built=False,
        )
        return layer

    def __init__(
        self,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = "float32",
        input_shape: Sequence[int | None] | None = None,
        batch_input_shape: Sequence[int | None] | None = None,
        **unknown: Any,
    ) -> None:
        if unknown:
            known = _argument_names(type(self).__init__)
            near = nearest(next(iter(unknown)), [*known, *_argument_names(Layer.__init__)])
            remedy = f"Did you mean {near!r}?" if near else "Check the spelling."
            raise ArgumentError(
                f"{type(self).__name__}: expected arguments of {', '.join(known)}; came "
                f"{', '.join(unknown)}. {remedy}"
            )
        self.name = name if name is not None else unique_name(snake_case(type(self).__name__))
        self._trainable = bool(trainable)
        self.dtype = checked_dtype(type(self).__name__, dtype or "float32", self.dtypes)
        self.batch_input_shape: tuple[int | None, ...] | None = None
        if batch_input_shape is not None:
            self.batch_input_shape = checked_shape(type(self).__name__, batch_input_shape)
        elif input_shape is not None:
            self.batch_input_shape = (None, *checked_shape(type(self).__name__, input_shape))

    # What a subclass writes

    def build(self, input_shape: Any) -> None:
        """Makes the weights; `input_shape` with the batch axis (None)."""

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs, computed from primitives."""
        raise NotImplementedError(f"{type(self).__name__} has no call(); write one.")

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: str | None = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> Variable:
        """Makes a weight of this layer.

        Args:  shape: its sizes.  initializer: default "glorot_uniform".  trainable: whether optimisers may move it.
            name: "kernel", "bias", ...; it is stored as "<layer>/<name>".
        """
        from fastconv import initializers

        if isinstance(shape, str):  # Keras 2: add_weight("kernel", (3, 3))
            shape, initializer, name = (
                (initializer if name is None else name),
                kwargs.pop("init", None),
                shape,
            )
        unknown = {k: v for k, v in kwargs.items() if v is not None}
        if unknown:
            raise ArgumentError(
                f"layer '{self.name}': add_weight takes shape, initializer, dtype, trainable and name; came "
                f"{', '.join(unknown)}. Drop it."
            )
        sizes = tuple(int(size) for size in (shape or ()))
        dtype = dtype or self.dtype
        name = name or f"weight_{len(self._own_variables)}"
        if context.is_loading():
            value = self._empty_weight(name, sizes, dtype)
        else:
            value = self._first_value(name, sizes, dtype, initializers.get(initializer or "glorot_uniform"))
        variable = Variable(value, dtype, f"{self.name}/{name}", trainable)
        self._own_variables.append(variable)
        return variable

    def _first_value(self, name: str, sizes: tuple[int, ...], dtype: str, initializer: Any) -> Any:
        count = math.prod(sizes) * np.dtype(dtype).itemsize
        if count < 1 << 63:  # what NumPy and the kernels can ask for
            with contextlib.suppress(MemoryError):
                return initializer(sizes, dtype)
        raise OutOfMemory(
            f"{self._where()}: its weight '{name}' of shape {sizes} wants {count:,} bytes, more than can be had. Use "
            "fewer units or channels, or a smaller input."
        )

    def add_loss(self, *args: Any, **kwargs: Any) -> None:
        """Not here.

        Raises:  ArgumentError: always; says what to do.
        """
        raise ArgumentError(
            f"layer '{self.name}': add_loss is not supported. Return what the loss needs as another output of the model, "
            "and give compile a loss for it."
        )

    def _empty_weight(self, name: str, sizes: tuple[int, ...], dtype: str) -> np.ndarray:
        """What a weight holds until the file's value is written into it."""
        count = math.prod(sizes) * np.dtype(dtype).itemsize
        if not context.take_bytes(count):
            raise WeightsError(
                f"layer '{self.name}': its weight '{name}' of shape {sizes} wants {count:,} bytes, more than the file "
                "holds. The file does not fit together; nothing was loaded."
            )
        return np.zeros(sizes, dtype)

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs to make this layer again (without its weights)."""
        config = {"name": self.name, "trainable": self._trainable, "dtype": self.dtype}
        if self.batch_input_shape is not None:
            config["batch_input_shape"] = list(self.batch_input_shape)
        if self.config_names is not None:
            return config | {name: self._config_value(name) for name in self.config_names}
        if type(self).get_config is Layer.get_config:
            config |= self._constructor_arguments()
        return config

    def _config_value(self, name: str) -> Any:
        value = getattr(self, name)
        if name.endswith("initializer"):
            from fastconv import initializers

            return initializers.serialize(value)
        if name == "activation":
            from fastconv import activations

            return activations.serialize(value)
        return list(value) if isinstance(value, tuple) else value

    def _constructor_arguments(self) -> dict[str, Any]:
        """The arguments that a user's layer was made with, if they are plain data."""
        args, kwargs = self._arguments
        signature = inspect.signature(type(self).__init__)
        named = dict(zip([p for p in signature.parameters if p != "self"], args)) | kwargs
        for name, value in named.items():
            if not isinstance(value, (str, int, float, bool, list, tuple, dict, type(None))):
                raise ArgumentError(
                    f"layer '{self.name}' ({location_text(self._made_at)}): its argument {name} "
                    f"({type(value).__name__}) is no plain data. Write get_config() in {type(self).__name__}."
                )
        return named

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new layer from `get_config()`'s result."""
        return cls(**config)

    # Calling

    @short_errors
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs: symbols for symbols, an Array (or several) for arrays."""
        if kwargs and not args:  # layer(inputs=x)
            first = next(iter(inspect.signature(self.call).parameters), "")
            args = (kwargs.pop(first),) if first in kwargs else args
        if any(isinstance(leaf, Symbol) for leaf in leaves((args, kwargs))):
            if graph.active_trace() is None:
                return self._record(args, kwargs)
            return self._extend(args, kwargs)
        if graph.active_trace() is not None:
            return self._extend(args, kwargs)
        return self._compute(args, kwargs)

    def _extend(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Adds this layer to the graph of the active trace."""
        if not args and not kwargs:
            raise ArgumentError(f"layer '{self.name}': expected an input; came none. Write layer(x).")
        training = kwargs.pop("training", None) if "training" in kwargs else None
        with self._scope(), context.running(self, training):
            args, kwargs = self._prepared(args, kwargs)
            self._ensure_built(args)
            if _takes_training(type(self).call):
                asked = context.asked_training()
                trace = graph.active_trace()
                kwargs = kwargs | {
                    "training": trace.training if asked is None and trace is not None else asked
                }
            return self.call(*args, **kwargs)

    def _scope(self) -> contextlib.AbstractContextManager[None]:
        """Labels what is made inside; the outermost model's name says nothing and is left out."""
        return (
            contextlib.nullcontext() if self.is_model and not context.is_nested() else graph.scope(self.name)
        )

    def _prepared(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments as `call` wants them; models check their inputs here."""
        return args, kwargs

    def _ensure_built(self, args: tuple[Any, ...]) -> None:
        if self.built:
            return
        shapes = map_leaves(lambda leaf: (None, *np.shape(leaf)[1:]), args[0]) if args else None
        made = len(self._own_variables)
        try:
            with graph.suspended():  # what it writes is written at once
                self.build(shapes)
        except BaseException:
            del self._own_variables[made:]  # the next try makes them all
            raise
        self.built = True

    def _record(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call while a model is being described: the outputs know where they come from."""
        with graph.tracing():
            outputs = self._extend(args, dict(kwargs))
            outputs = map_leaves(_without_history, outputs)
        call = Call(self, args, kwargs, outputs)
        self._calls.append(call)
        for position, symbol in enumerate(leaves(outputs)):
            symbol.history = (self, call, position)
        return outputs

    def _compute(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call on arrays: one run of a plan."""
        if (
            len(args) == 1 and not kwargs and isinstance(args[0], np.ndarray)
        ):  # the usual case, without a detour
            found = self._functions.get("array")
            if found is None:
                found = self._functions["array"] = self._function(args, kwargs)
            return found(args[0])
        arrays = [leaf for leaf in leaves((args, kwargs)) if _is_array(leaf)]
        if not arrays and args:  # lists of numbers
            arrays = [np.asarray(args[0])]
            args = (arrays[0], *args[1:])
        return self._function(args, kwargs)(*arrays)

    def _function(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The compiled function for arguments of this form, whatever their shapes."""
        form = map_leaves(lambda leaf: "tensor" if _is_array(leaf) else leaf, (args, kwargs))
        key = repr(form)
        if key not in self._functions:
            from fastconv.compiler import Function

            training = bool(kwargs.get("training"))
            self._functions[key] = Function(functools.partial(self._traced, form), training, name=self.name)
        return self._functions[key]

    def _traced(self, form: Any, *symbols: Symbol) -> Any:
        feeds = iter(symbols)
        args, kwargs = map_leaves(lambda leaf: next(feeds) if _is_tensor_mark(leaf) else leaf, form)
        return self._extend(args, kwargs)

    def _forget_plans(self) -> None:
        """After a change of structure or device."""
        self._functions.clear()

    # Parts

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, (Layer, Variable, list, tuple, dict)):
            self._track(value)
        object.__setattr__(self, name, value)

    def _track(self, value: Any) -> None:
        for leaf in leaves(value):
            if isinstance(leaf, Layer):
                if not any(leaf is known for known in self._sublayers):
                    self._sublayers.append(leaf)
            elif isinstance(leaf, Variable) and not any(leaf is known for known in self._own_variables):
                self._own_variables.append(leaf)

    def _children(self) -> list[Layer]:
        """The layers inside this one, in order."""
        return self._sublayers

    def _flattened(self) -> list[Layer]:
        """This layer and all inside it, each once, outer ones first."""
        found: dict[int, Layer] = {}

        def visit(layer: Layer) -> None:
            if id(layer) not in found:
                found[id(layer)] = layer
                for child in layer._children():
                    visit(child)

        visit(self)
        return list(found.values())

    # Weights

    @property
    def trainable(self) -> bool:
        """Whether its weights may be trained.  Setting it sets all layers inside; what `compile` has seen stays."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flattened():
            if layer._trainable != bool(value):
                layer._trainable = bool(value)
                layer._trainable_set_at = tick()

    @property
    def weights(self) -> list[Variable]:
        """All weights, layer by layer, in the order of their making."""
        return _unique(v for layer in self._flattened() for v in layer._own_variables)

    variables = weights

    @property
    def trainable_weights(self) -> list[Variable]:
        """Those that optimisers may move: none of a frozen layer, nor of what is inside a frozen layer."""
        return _unique(self._trainable_weights())

    trainable_variables = trainable_weights

    def _trainable_weights(self) -> list[Variable]:
        if not self._trainable:
            return []
        own = [v for v in self._own_variables if v.trainable]
        return own + [v for child in self._children() for v in child._trainable_weights()]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The others."""
        trainable = {id(v) for v in self.trainable_weights}
        return [v for v in self.weights if id(v) not in trainable]

    non_trainable_variables = non_trainable_weights

    def count_params(self) -> int:
        """Number of elements of all weights."""
        return sum(v.size for v in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights."""
        return [v.numpy() for v in self.weights]

    @short_errors
    def set_weights(self, weights: Sequence[Any]) -> None:
        """Writes all weights, or none.

        Raises:  ShapeError: another number of arrays, or an array of another shape.
        """
        variables = self.weights
        if len(weights) != len(variables):
            raise ShapeError(
                f"set_weights of '{self.name}': expected {len(variables)} arrays; came {len(weights)}. "
                "Take them from get_weights() of a model with the same layers."
            )
        for variable, value in zip(variables, weights, strict=True):
            if np.shape(value) != variable.shape:
                raise ShapeError(
                    f"set_weights of '{self.name}': '{variable.name}' expects {variable.shape}; came "
                    f"{np.shape(value)}. Nothing was changed. Was the other model made for another input size?"
                )
        for variable, value in zip(variables, weights, strict=True):
            variable.assign(value)

    # The record of its calls

    @property
    def input(self) -> Any:
        """What it was called on while a model was described."""
        return self._only_call("input").args[0]

    @property
    def output(self) -> Any:
        """What it gave back then."""
        return self._only_call("output").outputs

    def get_output_at(self, index: int) -> Any:
        """The output of its call number `index`."""
        return self._calls[index].outputs

    def get_input_at(self, index: int) -> Any:
        """The input of its call number `index`."""
        return self._calls[index].args[0]

    def _only_call(self, what: str) -> Call:
        if len(self._calls) != 1:
            came = (
                f"it was called {len(self._calls)} times"
                if self._calls
                else "it was not called on symbols yet"
            )
            do = f"Use get_{what}_at(index)." if self._calls else "Put it into a model first."
            raise ArgumentError(f"layer '{self.name}': expected one {what}, but {came}. {do}")
        return self._calls[0]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shapes of the outputs for shapes of the inputs (batch axis None)."""
        with graph.tracing():
            inputs = _placeholders(input_shape, self.dtype)
            return map_leaves(lambda symbol: symbol.shape, self._extend((inputs,), {}))

    def _cast(self, tensor: Any) -> Any:
        """The tensor in this layer's dtype."""
        if tensor.dtype == self.dtype:
            return tensor
        return primitives.Cast(self.dtype)(tensor)

    # Messages

    def _where(self) -> str:
        """'layer 'conv2d_3' (train.py:31) of model 'm''."""
        model = context.enclosing_model()
        of_model = f" of model '{model.name}'" if model is not None and model is not self else ""
        return f"layer '{self.name}' ({location_text(self._made_at)}){of_model}"

    def _shape_error(self, text: str) -> ShapeError:
        return ShapeError(f"{self._where()}: {text}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


def _placeholders(shape: Any, dtype: str) -> Any:
    if isinstance(shape, (list, tuple)) and shape and isinstance(shape[0], (list, tuple)):
        return [_placeholders(part, dtype) for part in shape]
    return graph.placeholder(tuple(shape), dtype)


def _without_history(symbol: Symbol) -> Symbol:
    """A symbol of its own: a layer that gives back its input must not take over the input's past."""
    if symbol.history is None and symbol.node.kind == "call":
        return symbol
    return primitives.Identity()(symbol)


def trail_text(symbol: Any) -> str:
    """': 150, 74, 36, 17': the heights of what led to a symbol of a model; empty if that is not known."""
    heights: list[Any] = []
    while isinstance(symbol, Symbol):
        if symbol.ndim == 4 and (not heights or heights[-1] != symbol.shape[1]):
            heights.append(symbol.shape[1])
        call = symbol.history[1] if symbol.history is not None else None
        symbol = next(leaves(call.args), None) if call is not None else None
    return f": {', '.join(map(str, reversed(heights)))}" if len(heights) > 1 else ""


def _is_array(leaf: Any) -> bool:
    return (
        isinstance(leaf, (Array, np.ndarray, Variable, np.generic))
        or hasattr(leaf, "__dlpack__")
        or hasattr(leaf, "__cuda_array_interface__")
    )


def _is_tensor_mark(leaf: Any) -> bool:
    return isinstance(leaf, str) and leaf == "tensor"


@functools.cache
def _takes_training(call: Any) -> bool:
    return "training" in inspect.signature(call).parameters


def _argument_names(method: Any) -> list[str]:
    parameters = list(inspect.signature(method).parameters.values())[1:]  # without self
    return [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]


def _unique(variables: Any) -> list[Variable]:
    return list({id(v): v for v in variables}.values())


def with_old_names(cls: type[Layer]) -> type[Layer]:
    """Class decorator: __init__ takes Keras 1's argument names too."""
    original = cls.__init__
    accepted = tuple(inspect.signature(original).parameters)

    @functools.wraps(original)
    def __init__(self: Layer, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **renamed(kwargs, accepted))

    cls.__init__ = __init__  # type: ignore[method-assign]
    return cls
