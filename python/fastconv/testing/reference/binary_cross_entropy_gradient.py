"""binary_cross_entropy_gradient in float64."""

import numpy as np

from fastconv.testing.reference.binary_cross_entropy import HIGH, LOW


def binary_cross_entropy_gradient(attributes, p, targets, dloss):
    """dp = ((1 - t) / (1 - p) - t / p) dloss, 0 where p is clipped."""
    with np.errstate(divide="ignore", invalid="ignore"):
        dp = ((1.0 - targets) / (1.0 - p) - targets / p) * dloss
    return (np.where((p < LOW) | (p > HIGH), 0.0, dp),)


def magnitude(attributes, p, targets, dloss):
    """Both terms of the difference, taken positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return ((np.abs((1.0 - targets) / (1.0 - p)) + np.abs(targets / p)) * np.abs(dloss),)
