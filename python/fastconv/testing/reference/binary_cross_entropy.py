"""binary_cross_entropy in float64."""

import numpy as np

# The bounds as float32 holds them: 1 - 1e-7 lies between two of its numbers.
LOW, HIGH = float(np.float32(1e-7)), float(np.float32(1 - 1e-7))


def binary_cross_entropy(attributes, probabilities, targets):
    """loss = -t log(p) - (1 - t) log(1 - p), p clipped to [1e-7, 1 - 1e-7]."""
    p = np.clip(probabilities, LOW, HIGH)
    return (-targets * np.log(p) - (1.0 - targets) * np.log1p(-p),)


def magnitude(attributes, probabilities, targets):
    """Both terms, taken positive."""
    p = np.clip(probabilities, LOW, HIGH)
    return (np.abs(targets * np.log(p)) + np.abs((1.0 - targets) * np.log1p(-p)),)
