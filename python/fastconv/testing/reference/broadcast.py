"""broadcast, exactly."""

import numpy as np


def broadcast(a, x):
    """np.broadcast_to."""
    return (np.broadcast_to(x, a.shape),)


def magnitude(a, x):
    """Nothing is computed."""
    return (np.zeros(a.shape),)
