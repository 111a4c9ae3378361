"""sigmoid_cross_entropy_gradient in float64."""

import numpy as np

from fastconv.testing.reference.sigmoid import logistic


def sigmoid_cross_entropy_gradient(attributes, logits, targets, dloss):
    """dlogits = (sigmoid(logits) - targets) dloss."""
    return ((logistic(logits) - targets) * dloss,)


def magnitude(attributes, logits, targets, dloss):
    """Both terms of the difference, taken positive."""
    return ((logistic(logits) + np.abs(targets)) * np.abs(dloss),)
