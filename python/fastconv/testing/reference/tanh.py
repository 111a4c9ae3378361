"""tanh in float64."""

import numpy as np


def tanh(attributes, x):
    """y = tanh(x)."""
    return (np.tanh(x),)
