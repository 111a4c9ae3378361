"""argmax, exactly."""

import numpy as np


def argmax(a, x):
    """np.argmax takes the first of equals, and a NaN for the largest."""
    return (np.asarray(np.argmax(x, a.axis), np.int64),)
