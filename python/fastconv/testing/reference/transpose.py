"""transpose, exactly."""

import numpy as np


def transpose(a, x):
    """np.transpose."""
    return (x.transpose(a.axes),)


def magnitude(a, x):
    """Nothing is computed."""
    return (np.zeros_like(transpose(a, x)[0]),)
