"""reshape, exactly."""

import numpy as np


def reshape(a, x):
    """np.reshape, after the sizes that are kept have been put in."""
    return (x.reshape([x.shape[axis] if size == 0 else size for axis, size in enumerate(a.shape)]),)


def magnitude(a, x):
    """Nothing is computed."""
    return (np.zeros_like(reshape(a, x)[0]),)
