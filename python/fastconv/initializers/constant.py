"""Initialisers that draw nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastconv.initializers.base import Initializer


class Zeros(Initializer):
    """All zeros (default of biases).

    >>> Zeros()((2,))
    array([0., 0.], dtype=float32)
    """

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.zeros(shape, np.float32)


class Ones(Initializer):
    """All ones."""

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.ones(shape, np.float32)


class Constant(Initializer):
    """One value everywhere, or an array that broadcasts to the shape.

    Args:  value: default 0.
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.broadcast_to(np.asarray(self.value), shape)

    def get_config(self) -> dict[str, Any]:
        value = self.value.tolist() if isinstance(self.value, np.ndarray) else self.value
        return {"value": value}
