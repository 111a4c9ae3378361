"""What course programs ask of Keras's backend: `from fastconv import backend as K`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastconv.runtime.names import absent_names
from fastconv.utils.session import clear_session

__all__ = ["clear_session", "epsilon", "floatx", "image_data_format"]


def image_data_format() -> str:
    """Where the channels of a picture are: last."""
    return "channels_last"


def floatx() -> str:
    """The dtype that models compute with."""
    return "float32"


def epsilon() -> float:
    """The small number that probabilities are kept away from 0 and 1 by."""
    return 1e-7


if not TYPE_CHECKING:
    __getattr__ = absent_names(
        __name__,
        __all__,
        "fastconv.ops computes with tensors; fastconv.function and fastconv.grad stand for K.function and K.gradients.",
    )
