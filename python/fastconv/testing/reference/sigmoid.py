"""sigmoid in float64."""

import numpy as np


def sigmoid(attributes, x):
    """y = 1 / (1 + exp(-x))."""
    return (logistic(x),)


def logistic(x):
    """1 / (1 + exp(-x)) without overflow: exp is only taken of what is not positive."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)
