"""What course programs ask of Keras's backend: `from fastconv import backend as K`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastconv.runtime.names import absent_names
from fastconv.utils.session import clear_session

__all__ = ["clear_session", "epsilon", "floatx", "get_value", "image_data_format", "set_value"]


def image_data_format() -> str:
    """Where the channels of a picture are: last."""
    return "channels_last"


def floatx() -> str:
    """The dtype that models compute with."""
    return "float32"


def epsilon() -> float:
    """The small number that probabilities are kept away from 0 and 1 by."""
    return 1e-7


def get_value(variable: Any) -> np.ndarray:
    """What a variable holds."""
    return np.asarray(variable)


def set_value(variable: Any, value: Any) -> None:
    """Writes a new value: `K.set_value(model.optimizer.lr, 1e-4)`."""
    variable.assign(value)


if not TYPE_CHECKING:
    __getattr__ = absent_names(
        __name__,
        __all__,
        "fastconv.ops computes with tensors; fastconv.function and fastconv.grad stand for K.function and K.gradients.",
    )
