"""sigmoid_cross_entropy in float64."""

import numpy as np


def sigmoid_cross_entropy(attributes, logits, targets):
    """loss = max(x, 0) - x t + log(1 + exp(-|x|))."""
    size = np.abs(logits)
    return (np.maximum(logits, 0.0) - logits * targets + np.log1p(np.exp(-size)),)


def magnitude(attributes, logits, targets):
    """The three terms, each taken positive."""
    return (np.maximum(logits, 0.0) + np.abs(logits * targets) + np.log1p(np.exp(-np.abs(logits))),)
