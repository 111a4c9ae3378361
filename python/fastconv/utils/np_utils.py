"""Keras 2's `np_utils`, which the course imports."""

from fastconv.utils.numeric import normalize, to_categorical

__all__ = ["normalize", "to_categorical"]
