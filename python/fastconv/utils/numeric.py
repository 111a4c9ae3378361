"""Labels and rows as arrays, in Keras's words."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastconv.runtime.errors import DataError


def to_categorical(x: Any, num_classes: int | None = None, dtype: str = "float32") -> np.ndarray:
    """One-hot labels: class numbers (...) or (..., 1) -> (..., classes).

    Args:  x: whole numbers from 0.  num_classes: default the largest number plus 1.  dtype: of the result
        (Keras 3 gives float64).
    Raises:  DataError: a number that is negative, fractional, or not below `num_classes`.

    >>> to_categorical([0, 2], 3)
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    labels = np.asarray(x)
    shape = labels.shape
    if len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    if labels.dtype.kind not in "iubf" or (labels.dtype.kind == "f" and (labels % 1 != 0).any()):
        raise DataError(
            "to_categorical: expected whole numbers; came "
            f"{'fractions' if labels.dtype.kind == 'f' else labels.dtype}. "
            "Number the classes first: np.unique(x, return_inverse=True)[1]."
        )
    labels = labels.astype(np.int64).ravel()
    classes = int(num_classes) if num_classes else int(labels.max(initial=-1)) + 1
    outside = labels[(labels < 0) | (labels >= classes)]
    if outside.size:
        raise DataError(
            f"to_categorical: expected labels 0..{classes - 1}; came {outside[0]}. "
            f"{'Use x - 1.' if labels.min() == 1 and labels.max() == classes else 'Correct it, or raise num_classes.'}"
        )
    encoded = np.zeros((labels.size, classes), dtype)
    encoded[np.arange(labels.size), labels] = 1
    return encoded.reshape(*shape, classes)


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    """Rows of length 1: x divided by its norm along an axis; rows of zeros stay.

    Args:  axis: along which the norm is taken, default the last.  order: of the norm, default 2.

    Keras divides along the wrong axis when `axis` is 0 and x an array; here it is the axis that was asked for.

    >>> normalize(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    values = np.atleast_1d(np.asarray(x))
    length = np.linalg.norm(values, order, axis, keepdims=True)
    return values / np.where(length == 0, 1, length)
