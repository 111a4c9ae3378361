"""Arguments of `fit`, `evaluate` and `predict`: looked at before anything is done."""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastconv.models.checks import check_images
from fastconv.runtime.errors import ArgumentError
from fastconv.runtime.names import nearest


def check_given(where: str, x: Any, inputs: int) -> None:
    """There is something; a list of pictures for a model of one input has pictures of one size.

    Raises:  ArgumentError: nothing was given.  DataError: pictures of several sizes.
    """
    if x is None:
        call = "predict(x)" if where == "predict" else f"{where}(x, y)"
        raise ArgumentError(f"{where}: expected data; came None. Call {call}, or give a generator.")
    if inspect.isroutine(x):
        raise ArgumentError(
            f"{where}: expected arrays or a generator; came the function {x.__name__!r}. Call it: {x.__name__}()."
        )
    if inputs == 1 and isinstance(x, (list, tuple)) and len({np.shape(part) for part in x}) > 1:
        check_images(where, "", x)


def check_labels(where: str, y: Any, weights: Any = None) -> None:
    """Labels and weights are not one number."""
    for what, name, value in (("label", "y", y), ("weight", "sample_weight", weights)):
        if isinstance(value, (int, float, np.number)):
            raise ArgumentError(
                f"{where}: expected a {what} for each sample; came {name}={value!r}. Give an array or a list."
            )


def whole_number(where: str, name: str, value: Any, least: int = 1) -> int:
    """A count, as an int; 63.0, which np.ceil gives, is one.

    Raises:  ArgumentError: it is not a whole number from `least` up.
    """
    is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    is_number = is_number and least <= value < float("inf")
    if is_number and int(value) == value:
        return int(value)
    remedy = f" Divide with //, or write {name}={int(value)}." if is_number else ""
    raise ArgumentError(
        f"{where}: expected {name} to be a whole number from {least} up; came {value!r}.{remedy}"
    )


def count(where: str, name: str, value: Any) -> int | None:
    """A whole number from 1 up, or None for the default."""
    return None if value is None else whole_number(where, name, value)


def check_class_weight(class_weight: Any) -> None:
    """Weights by class number."""
    if isinstance(class_weight, Mapping):
        keys = list(class_weight)
        if all(isinstance(key, numbers.Integral) for key in keys):
            return
        came = f"the key {next(key for key in keys if not isinstance(key, numbers.Integral))!r}"
    else:
        came = f"{type(class_weight).__name__} {class_weight!r}"
    raise ArgumentError(
        f"fit: expected class_weight to be a dict from the labels' numbers to weights, like {{0: 1.0, 1: 3.0}}; came {came}."
    )


def validation_parts(given: Any) -> tuple[Any, Any, Any]:
    """x, y and weights of `validation_data`; of a generator or data object, itself and nothing besides.

    Raises:  ArgumentError: labels are missing.
    """
    if isinstance(given, (tuple, list)) and len(given) in (2, 3):
        return given[0], given[1], given[2] if len(given) == 3 else None
    if isinstance(given, (tuple, list)):
        came = f"a {type(given).__name__} of {len(given)}"
    elif hasattr(given, "shape"):
        came = f"one array {tuple(given.shape)}"
    else:
        return given, None, None
    raise ArgumentError(
        f"fit: expected validation_data=(x, y), (x, y, weights) or a generator; came {came}. Give the labels too."
    )


def frequency(value: Any) -> Any:
    """Every so many epochs, or the epochs by number."""
    if isinstance(value, (list, tuple, set)):
        return value
    return whole_number("fit", "validation_freq", value)


# Keras's arguments without meaning here: how data is loaded, how steps are run and what is in a file is ours to choose.
_WITHOUT_MEANING = {
    "auto_scale_loss",
    "by_name",
    "jit_compile",
    "layer_range",
    "max_q_size",
    "max_queue_size",
    "max_shard_size",
    "nb_worker",
    "options",
    "pickle_safe",
    "reset_metrics",
    "run_eagerly",
    "save_format",
    "save_traces",
    "signatures",
    "skip_mismatch",
    "steps_per_execution",
    "use_multiprocessing",
    "workers",
    "zipped",
}


def refuse_unknown(where: str, given: Mapping[str, Any], method: Any) -> None:
    """Raises ArgumentError for arguments that nobody knows; the message names the nearest that `method` has."""
    unknown = sorted(set(given) - _WITHOUT_MEANING)
    if unknown:
        near = nearest(unknown[0], [*inspect.signature(method).parameters])
        remedy = f"did you mean {near!r}?" if near else "Check the spelling."
        raise ArgumentError(f"{where}: unknown arguments: {', '.join(unknown)}; {remedy}")
