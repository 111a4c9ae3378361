"""softmax_gradient in float64."""

import numpy as np


def softmax_gradient(a, dy, y):
    """y * (dy - sum of dy * y)."""
    return (y * (dy - (dy * y).sum(-1, keepdims=True)),)


def terms(a, dy, y):
    """The products of the sum, and the three operations behind it."""
    return dy.shape[-1] + 3


def magnitude(a, dy, y):
    """The sum of the absolute values."""
    return (np.abs(y) * (np.abs(dy) + np.abs(dy * y).sum(-1, keepdims=True)),)
