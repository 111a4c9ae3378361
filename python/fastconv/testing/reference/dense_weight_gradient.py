"""dense_weight_gradient in float64."""

import numpy as np

from fastconv.testing.reference.dense import rounded

__all__ = ["dense_weight_gradient", "magnitude", "rounded", "terms"]


def dense_weight_gradient(a, x, dy):
    """x transposed times dy; dbias = sum of dy."""
    return (x.T @ dy, dy.sum(0)) if a.bias else (x.T @ dy,)


def terms(a, x, dy):
    """One product a sample."""
    return x.shape[0]


def magnitude(a, x, dy):
    """The root of the sum of squares (see dense)."""
    return tuple(np.sqrt(squares) for squares in dense_weight_gradient(a, x**2, dy**2))
