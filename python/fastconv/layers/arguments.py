"""Arguments of layers: pairs, and the spellings of Keras 1 and 2."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv.runtime.errors import ArgumentError

# Keras 1's names of today's arguments; every layer that has the new one takes the old one.
OLD_NAMES = {
    "activity_regulariser": "activity_regularizer",
    "b_constraint": "bias_constraint",
    "b_regularizer": "bias_regularizer",
    "bias": "use_bias",
    "border_mode": "padding",
    "init": "kernel_initializer",
    "nb_filter": "filters",
    "output_dim": "units",
    "p": "rate",
    "subsample": "strides",
    "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
}
# Not part of this version: named, so that nobody believes they are in force.
_UNSUPPORTED = ("regularizer", "constraint")


def renamed(arguments: dict[str, Any], accepted: Sequence[str]) -> dict[str, Any]:
    """Old spellings replaced by the new ones where `accepted` has the new one."""
    result = {}
    for name, value in arguments.items():
        new = OLD_NAMES.get(name, name)
        result[new if new in accepted and name not in accepted else name] = value
    return result


MOST = (1 << 31) - 1  # of units, pixels, samples: what the kernels' indices hold, and more than any memory


def _check_most(where: str, what: str, *numbers: int) -> None:
    largest = max(numbers, default=0)
    if largest > MOST:
        raise ArgumentError(
            f"{where}: expected {what} of at most {MOST}; came {largest}. Choose a smaller number."
        )


def pair(name: str, value: Any, least: int = 1) -> tuple[int, int]:
    """Two whole numbers, rows and columns, from one number or two."""
    both = (value, value) if isinstance(value, (int, np.integer)) else value
    try:
        rows, columns = (operator.index(number) for number in both)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"{name}: expected a whole number, or two: (rows, columns); came {value!r}."
        ) from None
    if rows < least or columns < least:
        raise ArgumentError(f"{name}: expected numbers from {least} up; came {value!r}.")
    _check_most(name, "numbers", rows, columns)
    return rows, columns


def whole(layer: str, name: str, value: Any) -> int:
    """A number of units or channels."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise ArgumentError(f"{layer}: expected {name} to be a whole number from 1 up; came {value!r}.")
    _check_most(layer, name, int(value))
    return int(value)


def checked_shape(layer: str, value: Any) -> tuple[int | None, ...]:
    """The sizes of an input; None for an axis that may vary."""
    axes = (value,) if isinstance(value, (int, np.integer)) else value
    try:
        sizes = tuple(None if size is None else operator.index(size) for size in axes)
    except TypeError:
        sizes = (-1,)
    known = [size for size in sizes if size is not None]
    if min(known, default=0) < 0:
        raise ArgumentError(
            f"{layer}: expected a shape of whole numbers, None for an axis that may vary; came {value!r}. A picture's is "
            "(height, width, channels)."
        )
    _check_most(layer, "a shape with sizes", *known)
    return sizes


def checked_padding(value: Any) -> Any:
    """The padding, a word in lower case."""
    word = value.lower() if isinstance(value, str) else value
    axes = value if isinstance(value, (tuple, list)) and len(value) == 2 else (value, value)
    ends = [end for axis in axes for end in (axis if isinstance(axis, (tuple, list)) else (axis, axis))]
    if word in ("valid", "same") or all(isinstance(end, (int, np.integer)) and end >= 0 for end in ends):
        _check_most("padding", "numbers", *(end for end in ends if not isinstance(end, str)))
        return word
    raise ArgumentError(
        f"padding: expected 'valid', 'same', a number of pixels, or ((top, bottom), (left, right)); came {value!r}."
    )


def checked_dtype(layer: str, value: Any, accepted: Sequence[str]) -> str:
    """The name of a layer's dtype."""
    try:
        name = np.dtype(value).name
    except (TypeError, ValueError):  # "mixed_float16", or another library's
        name = ""
    if name in accepted:
        return name
    raise ArgumentError(
        f"{layer}: expected dtype to be {' or '.join(map(repr, accepted))}; came {value!r}. Leave it out: layers compute "
        "in float32, and other data is cast to it. For the tensor cores of a GPU call fastconv.set_precision('tf32')."
    )


def channels_last(value: Any) -> None:
    """Refuses `data_format='channels_first'` (and Keras 1's `dim_ordering='th'`)."""
    if value not in (None, "channels_last", "tf"):
        raise ArgumentError(
            f"data_format: expected 'channels_last', the only layout here; came {value!r}. Turn pictures with "
            "np.moveaxis(x, 1, -1) and drop the argument."
        )


def refuse_unsupported(values: dict[str, Any]) -> None:
    """Refuses regularisers and constraints, which this version has not."""
    for name, value in values.items():
        if value is not None and name.endswith(_UNSUPPORTED):
            raise ArgumentError(
                f"{name}: expected None, since regularisers and constraints are not supported yet; came {value!r}. "
                "Drop the argument; Dropout is the way to less overfitting here."
            )
