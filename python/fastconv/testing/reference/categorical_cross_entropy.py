"""categorical_cross_entropy in float64."""

import numpy as np

from fastconv.testing.reference.binary_cross_entropy import HIGH, LOW
from fastconv.testing.reference.softmax_cross_entropy import invalid, one_hot


def categorical_cross_entropy(attributes, p, targets):
    """Weights: -sum_j t_j log(clip(p_j / sum(p))); classes: log(sum(clip(p))) - log(clip(p_t))."""
    if attributes.sparse:
        clipped = np.clip(p, LOW, HIGH)
        steps = np.log(clipped.sum(-1, keepdims=True)) - np.log(clipped)
        return (np.where(one_hot(targets, p.shape[-1]) != 0, steps, 0.0).sum(-1) + invalid(targets, p),)
    return (-(targets * np.log(np.clip(p / p.sum(-1, keepdims=True), LOW, HIGH))).sum(-1),)


def terms(attributes, p, targets):
    """The sum of the probabilities, and the sum of the loss."""
    return 6 + 2 * p.shape[-1]


def magnitude(attributes, p, targets):
    """A logarithm's argument near 1 has an error of its own size; the weights carry it into the sum."""
    weights = 1.0 if attributes.sparse else np.abs(targets).sum(-1)
    return (weights + np.abs(np.nan_to_num(categorical_cross_entropy(attributes, p, targets)[0])),)
