"""check_layer: what every layer must do, for ours and for yours."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import fastconv
from fastconv.layers.structure import leaves
from fastconv.models.saving import load_model


def check_layer(
    cls: type,
    arguments: dict[str, Any],
    input_shape: Sequence[Any],
    input_dtype: str = "float32",
    trains: bool = True,
) -> None:
    """Checks a layer: configuration, shapes, the same bits in every way of calling it, a training step, a file.

    Args:  cls: the layer's class.  arguments: of its constructor.  input_shape: of a sample, without the batch axis;
        a list of shapes for several inputs.  input_dtype: of the inputs.  trains: whether gradients go through it.
    Raises:  AssertionError: says what differs.

    >>> from fastconv import layers
    >>> check_layer(layers.Dense, {"units": 3, "activation": "relu"}, (4,))
    """
    shapes = (
        [tuple(s) for s in input_shape] if isinstance(input_shape[0], (list, tuple)) else [tuple(input_shape)]
    )
    random = np.random.default_rng(0)
    x = [_values(random, (3, *shape), input_dtype) for shape in shapes]
    layer = cls(**arguments)
    expected = np.asarray(layer(x[0] if len(x) == 1 else x))
    _check_config(cls, layer, x, expected)
    _check_symbols(cls, arguments, shapes, input_dtype, x, layer, expected)
    if trains and input_dtype.startswith("float"):
        _check_training(cls, arguments, shapes, x)
    _check_file(layer, shapes, input_dtype, x, expected)


def _values(random: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    if dtype.startswith("float"):
        return random.standard_normal(shape).astype(dtype)
    return random.integers(0, 256, shape).astype(dtype)


def _called(layer: Any, inputs: list[Any]) -> Any:
    return layer(inputs[0] if len(inputs) == 1 else inputs)


def _check_config(cls: type, layer: Any, x: list[Any], expected: np.ndarray) -> None:
    """The same layer comes out of its configuration, also through JSON."""
    import json

    config = json.loads(json.dumps(layer.get_config()))
    again = cls.from_config(config)  # type: ignore[attr-defined]
    assert again.get_config() == layer.get_config(), "get_config differs after from_config"
    _called(again, x)
    again.set_weights(layer.get_weights())
    _same(expected, _called(again, x), "the layer made of its configuration")


def _check_symbols(
    cls: type,
    arguments: dict[str, Any],
    shapes: list[tuple[int, ...]],
    dtype: str,
    x: list[Any],
    layer: Any,
    expected: np.ndarray,
) -> None:
    """A symbol's shape is the real one, and a model of the layer gives the same bits."""
    inputs = [fastconv.Input(shape, dtype=dtype) for shape in shapes]
    symbolic = cls(**arguments)
    output = _called(symbolic, inputs)
    assert output.shape[1:] == expected.shape[1:], f"symbolic shape {output.shape}, real {expected.shape}"
    symbolic.set_weights(layer.get_weights())
    model = fastconv.Model(inputs[0] if len(inputs) == 1 else inputs, output)
    feed = x[0] if len(x) == 1 else x
    _same(expected, model.predict(feed), "predict of a model")
    alone = [value[1:2] for value in x]
    _same(expected[1:2], model.predict(alone[0] if len(x) == 1 else alone), "one sample alone")
    computed = symbolic.compute_output_shape(
        [(None, *s) for s in shapes] if len(shapes) > 1 else (None, *shapes[0])
    )
    assert tuple(computed)[1:] == expected.shape[1:], f"compute_output_shape gives {computed}"


def _check_training(
    cls: type, arguments: dict[str, Any], shapes: list[tuple[int, ...]], x: list[Any]
) -> None:
    """A step moves all trainable weights; frozen, it moves none."""
    for frozen in (False, True):
        inputs = [fastconv.Input(shape) for shape in shapes]
        layer = cls(**arguments)
        hidden = fastconv.layers.Flatten()(_called(layer, inputs))
        output = fastconv.layers.Dense(2)(hidden)
        model = fastconv.Model(inputs[0] if len(inputs) == 1 else inputs, output)
        layer.trainable = not frozen
        _compile_silently(model)
        before = layer.get_weights()
        y = np.random.default_rng(1).standard_normal((3, 2)).astype("float32")
        model.train_on_batch(x[0] if len(x) == 1 else x, y)
        for variable, old in zip(layer.weights, before, strict=True):
            moved = not np.array_equal(variable.numpy(), old)
            if frozen:
                assert not moved, f"'{variable.name}' moved although its layer is frozen"
            elif variable.trainable:
                assert moved, f"'{variable.name}' did not move in a training step"


def _compile_silently(model: Any) -> None:
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()):
        model.compile("sgd", "mse")


def _check_file(
    layer: Any, shapes: list[tuple[int, ...]], dtype: str, x: list[Any], expected: np.ndarray
) -> None:
    """A model with the layer survives its file."""
    inputs = [fastconv.Input(shape, dtype=dtype) for shape in shapes]
    model = fastconv.Model(inputs[0] if len(inputs) == 1 else inputs, _called(layer, inputs))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layer.fastconv"
        model.save(path)
        loaded: Any = load_model(path, custom_objects={type(layer).__name__: type(layer)})
    _same(expected, loaded.predict(x[0] if len(x) == 1 else x), "the model from its file")


def _same(expected: np.ndarray, other: Any, what: str) -> None:
    other = np.asarray(next(leaves(other)))
    assert other.shape == expected.shape and other.tobytes() == expected.tobytes(), (
        f"{what}: other bits, largest difference {np.abs(other - expected).max()}"
    )
