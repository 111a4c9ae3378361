"""rescale in float64."""

import numpy as np


def rescale(attributes, x):
    """y = x scale + offset."""
    return (np.asarray(x, np.float64) * attributes.scale + attributes.offset,)


def magnitude(attributes, x):
    """Both terms, taken positive."""
    return (np.abs(np.asarray(x, np.float64) * attributes.scale) + abs(attributes.offset),)
