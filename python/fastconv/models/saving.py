"""Models to `.fastconv` files and back, and copies of models."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from fastconv import _core, layers
from fastconv.layers import context
from fastconv.layers.naming import snake_case
from fastconv.layers.traceback import short_errors
from fastconv.models.compilation import revived
from fastconv.runtime.device import default_device
from fastconv.runtime.errors import ArgumentError, FastconvError, WeightsError
from fastconv.runtime.variable import Variable
from fastconv.weights import fastconv_file

ENDING = ".fastconv"
_OPTIMIZER = "optimizer/"  # before the names of tensors that are the optimiser's
_NOTHING = np.zeros(0, np.float32)


@short_errors
def save_model(model: Any, filepath: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
    """Writes a model to a `.fastconv` file; see Model.save."""
    path = _checked_path("save", filepath, overwrite)
    if not model.weights and not model.built:
        raise ArgumentError(
            f"save: model '{model.name}' has no weights yet; give it an input_shape, or call it on data first."
        )
    tensors = {name: v.numpy() for name, v in named_weights(model).items()}
    description = {
        "model": layers.serialize(model),
        "order": list(tensors),
        "class_names": model.class_names,
        "preprocessing": model.preprocessing,
        "epochs": model._epochs_done,
        "seed": None if model._key is None else model._key.numpy().tolist(),
        "isa": _core.isa(),
        "device": model._device() or default_device(),
    }
    compilation = model._compilation
    if include_optimizer and compilation is not None:
        description["compile"] = compilation.config()
        optimizer = compilation.optimizer
        optimizer.build(compilation.trainable)
        tensors |= {f"{_OPTIMIZER}{i}": v.numpy() for i, v in enumerate(optimizer.variables)}
        names = {id(v): name for name, v in named_weights(model).items()}
        description["trained"] = [names[id(v)] for v in optimizer._weights if id(v) in names]
    fastconv_file.write(path, tensors, description)


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Writes the weights alone."""
    path = _checked_path("save_weights", filepath, overwrite)
    tensors = {name: v.numpy() for name, v in named_weights(model).items()}
    fastconv_file.write(path, tensors, {"weights_of": model.name, "order": list(tensors)})


def load_weights(model: Any, filepath: Any) -> None:
    """Reads all weights of a file into a model, or none: by name, or by order where the names are others (each time it
    is built, a model without names of its own gets new ones)."""
    path = os.fspath(filepath)
    tensors, description = fastconv_file.read(path)
    tensors = {n: t for n, t in tensors.items() if not n.startswith(_OPTIMIZER)}
    names, order = list(named_weights(model)), description.get("order")
    if set(names) != set(tensors) and isinstance(order, list) and len(order) == len(names) == len(tensors):
        tensors = {ours: tensors.get(theirs, _NOTHING) for ours, theirs in zip(names, order, strict=True)}
    _assign_all(path, model, tensors)


def _checked_path(method: str, filepath: Any, overwrite: bool) -> str:
    path = os.fspath(filepath)
    if not path.endswith(ENDING):
        raise ArgumentError(
            f"{method}: expected a name that ends in '{ENDING}'; came '{path}'. Write model.{method}('"
            f"{os.path.splitext(path)[0]}{ENDING}')."
        )
    if not overwrite and os.path.exists(path):
        raise ArgumentError(f"{method}: '{path}' exists, and overwrite is False. Choose another name.")
    return path


def named_weights(model: Any) -> dict[str, Variable]:
    """Weights by the path of the layers that hold them; a weight that two layers share has one name."""
    found: dict[str, Variable] = {}
    seen: set[int] = set()

    def visit(layer: Any, path: str) -> None:
        for variable in layer._own_variables:
            if id(variable) not in seen:
                seen.add(id(variable))
                name = variable.name.removeprefix(f"{layer.name}/")
                name = f"{path}{name}"
                found[name if name not in found else f"{name}_{len(found)}"] = variable
        for i, child in enumerate(layer._children()):
            visit(child, f"{path}{_child_name(layer, child, i)}/")

    visit(model, "")
    return found


def _child_name(parent: Any, child: Any, number: int) -> str:
    """A child's own name where a file keeps it; in classes of the user's own, which name their parts anew each time
    they are made, its class and number."""
    keeps_names = parent.is_model and parent._graph is not None
    return child.name if keeps_names else f"{snake_case(type(child).__name__)}.{number}"


@short_errors
def load_model(filepath: Any, custom_objects: dict[str, type] | None = None, compile: bool = True) -> Any:
    """The model of a `.fastconv` file, ready to go on: training continues bit for bit.

    Args:  custom_objects: classes and functions of your own by name, if they are not registered.  compile: default True; False
        leaves optimiser and losses out.
    Raises:  WeightsError: the file is missing, damaged, or does not fit together; nothing is loaded by half.
    """
    path = os.fspath(filepath)
    if os.path.isdir(path):
        raise WeightsError(
            f"'{path}': expected a {ENDING} file; it is a folder. A SavedModel is a TensorFlow program: where TensorFlow "
            "is, load it with Keras, build the same model here, and hand the weights over: "
            "model.set_weights(keras_model.get_weights())."
        )
    tensors, description = fastconv_file.read(path)
    weight_bytes = sum(t.nbytes for name, t in tensors.items() if not name.startswith(_OPTIMIZER))
    if "model" not in description:
        raise WeightsError(
            f"'{path}': holds weights alone. Build the model in code, then model.load_weights('{path}')."
        )
    try:
        with context.loading(weight_bytes):
            model = layers.deserialize(description["model"], custom_objects)
        if compile and description.get("compile"):
            model.compile(**revived(description["compile"], custom_objects))
    except FastconvError:
        raise
    except Exception as error:  # whatever a changed architecture provokes
        raise WeightsError(
            f"'{path}': its architecture cannot be built ({type(error).__name__}: {error}). Was it written by hand?"
        ) from None
    _assign_all(path, model, {n: t for n, t in tensors.items() if not n.startswith(_OPTIMIZER)})
    try:
        _restore_training(path, model, tensors, description)
    except FastconvError:
        raise
    except Exception as error:
        raise WeightsError(
            f"'{path}': its training cannot go on ({type(error).__name__}: {error}). Was it changed by hand?"
        ) from None
    return model


def _assign_all(path: Any, model: Any, tensors: dict[str, np.ndarray]) -> None:
    weights = named_weights(model)
    missing, unused = sorted(set(weights) - set(tensors)), sorted(set(tensors) - set(weights))
    wrong = [n for n in weights if n in tensors and weights[n].shape != tensors[n].shape]
    if missing or unused or wrong:
        fit = len(set(weights) & set(tensors)) - len(wrong)
        why = _why_not(weights, tensors, missing, unused, wrong)
        raise WeightsError(
            f"'{path}' into '{model.name}': {fit} of {len(weights)} tensors fit; {why} Nothing was loaded."
        )
    for name, variable in weights.items():
        variable.assign(tensors[name])


def _why_not(
    weights: dict[str, Variable],
    tensors: dict[str, np.ndarray],
    missing: list[str],
    unused: list[str],
    wrong: list[str],
) -> str:
    if wrong:
        name = wrong[0]
        return f"'{name}' expects {weights[name].shape}, file has {tensors[name].shape}: made for another input size?"
    if missing:
        return f"the file lacks '{missing[0]}'" + (f", it holds '{unused[0]}'." if unused else ".")
    return f"the file also holds '{unused[0]}'."


def _restore_training(
    path: str, model: Any, tensors: dict[str, np.ndarray], description: dict[str, Any]
) -> None:
    model.class_names = _names(path, description.get("class_names"))
    model.preprocessing = description.get("preprocessing")
    model._epochs_done = _whole(path, description.get("epochs", 0), "epochs")
    if description.get("seed") is not None:
        seed = [_whole(path, part, "seed") for part in description["seed"]]
        vars(model)["_key"] = Variable(np.array(seed, np.int64), name="random_key", trainable=False)
    if model._compilation is None:
        return
    weights = named_weights(model)
    optimizer = model._compilation.optimizer
    trained = [weights[name] for name in description.get("trained", []) if name in weights]
    optimizer.build(trained, model)
    for i, variable in enumerate(optimizer.variables):
        value = tensors.get(f"{_OPTIMIZER}{i}")
        if value is None or value.shape != variable.shape:
            raise WeightsError(f"'{path}': the optimiser's state is incomplete. Load it with compile=False.")
        variable.assign(value)


def _names(path: str, value: Any) -> list[str] | None:
    if value is not None and not (isinstance(value, list) and all(isinstance(name, str) for name in value)):
        raise WeightsError(f"'{path}': expected class names; came {value!r}. Was it changed by hand?")
    return value


def _whole(path: str, value: Any, what: str) -> int:
    if type(value) is not int:
        raise WeightsError(
            f"'{path}': expected {what} to be a whole number; came {value!r}. Was it changed by hand?"
        )
    return value


def clone_model(model: Any) -> Any:
    """The same architecture with new weights, under new names."""
    return type(model).from_config(model.get_config())


def model_from_config(config: dict[str, Any], custom_objects: dict[str, type] | None = None) -> Any:
    """The model of a configuration, with new weights."""
    return layers.deserialize(config, custom_objects)


def model_from_json(text: str, custom_objects: dict[str, type] | None = None) -> Any:
    """The model of `to_json`'s text, with new weights."""
    return layers.deserialize(json.loads(text), custom_objects)
