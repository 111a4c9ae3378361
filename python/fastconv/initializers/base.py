"""What every initialiser is: a rule that gives the first value of a weight of any shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


class Initializer:
    """Base of the initialisers.  A subclass gives `values(shape)` and `get_config()`."""

    def __call__(self, shape: Sequence[int], dtype: str = "float32") -> np.ndarray:
        """First value of a weight.

        Args:  shape: sizes, outermost axis first.  dtype: name of the dtype of the result.
        """
        sizes = tuple(int(size) for size in shape)
        return np.ascontiguousarray(self.values(sizes), dtype).reshape(sizes)

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        """The values, in any float dtype."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs to make it again."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """An initialiser made from what `get_config` gave (or Keras's, whose axes of None mean the usual ones)."""
        usual = ("input_axes", "output_axes")
        return cls(**{name: v for name, v in config.items() if not (name in usual and v is None)})

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"
