"""all_finite."""

import numpy as np


def all_finite(attributes, *inputs):
    """1 if every element is finite, else 0."""
    return (np.uint8(all(np.isfinite(x).all() for x in inputs)),)
