"""relu in float64."""

import numpy as np


def relu(attributes, x):
    """y = max(x, 0); np.maximum passes NaN on."""
    return (np.maximum(x, 0.0),)
