"""Activations by Keras's names: functions of one value (softmax: of the last axis), on symbols and arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastconv.ops.nonlinear import (
    elu,
    exponential,
    hard_sigmoid,
    leaky_relu,
    linear,
    relu,
    relu6,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    swish,
    tanh,
)
from fastconv.runtime import names
from fastconv.runtime.errors import ArgumentError

_functions = (
    linear,
    relu,
    relu6,
    leaky_relu,
    sigmoid,
    softmax,
    tanh,
    exponential,
    softsign,
    softplus,
    silu,
    hard_sigmoid,
    elu,
)
_by_name: dict[str, Any] = {function.__name__: function for function in _functions}
_by_name.update(swish=silu)
_absent = names.Absent(
    (
        "celu", "gelu", "glu", "hard_shrink", "hard_silu", "hard_swish", "hard_tanh", "log_sigmoid",
        "log_softmax", "mish", "selu", "soft_shrink", "sparse_plus", "sparse_sigmoid", "sparsemax",
        "squareplus", "tanh_shrink", "threshold",
    ),
    "An activation may be your own function of fastconv.ops.",
)  # fmt: skip


def get(identifier: Any) -> Callable[..., Any]:
    """The activation that is meant.

    Args:  identifier: a name, a function, or None for none (`linear`).
    Raises:  ArgumentError: an unknown name; the message names the nearest.
    """
    if identifier is None:
        return linear
    return names.resolve("activation", identifier, _by_name, _absent)


def serialize(activation: Any) -> str:
    """The name of an activation, which `get` takes.

    Raises:  ArgumentError: a function of one's own, which no file can hold.
    """
    name = getattr(activation, "__name__", None)
    if name is None or _by_name.get(name) is not activation:
        raise ArgumentError(
            f"activation {name or activation!r}: expected one of fastconv's, which a file can name; came a function of "
            "your own. Put it into a layer of your own."
        )
    return name


deserialize = get  # Keras's name, for configurations


__all__ = [function.__name__ for function in _functions]
__all__ += ["deserialize", "get", "serialize", "swish"]

if not TYPE_CHECKING:
    __getattr__ = names.absent_names(__name__, __all__, _absent)
