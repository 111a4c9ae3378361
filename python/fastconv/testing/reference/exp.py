"""exp in float64."""

import numpy as np


def exp(attributes, x):
    """y = e^x, rounded to float32's range: infinity above its largest number."""
    with np.errstate(over="ignore"):
        y = np.exp(x)
    return (np.where(y > np.finfo(np.float32).max, np.inf, y),)
