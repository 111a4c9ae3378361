"""categorical_cross_entropy_gradient in float64."""

import numpy as np

from fastconv.testing.reference.binary_cross_entropy import HIGH, LOW
from fastconv.testing.reference.softmax_cross_entropy import invalid, one_hot


def categorical_cross_entropy_gradient(attributes, p, targets, dloss):
    """dp; where a probability is clipped it has no effect of its own."""
    shared, own = _parts(attributes, p, targets)
    return ((shared - own) * dloss[..., None],)


def terms(attributes, p, targets, dloss):
    """The two sums over the classes."""
    return 6 + 2 * p.shape[-1]


def magnitude(attributes, p, targets, dloss):
    """Both terms of the difference, taken positive."""
    shared, own = _parts(attributes, p, targets)
    return ((np.abs(shared) + np.abs(own)) * np.abs(dloss)[..., None],)


def _parts(attributes, p, targets):
    total = p.sum(-1, keepdims=True)
    scale = 1.0 if attributes.sparse else total
    within = ~((p / scale < LOW) | (p / scale > HIGH))
    weights = one_hot(targets, p.shape[-1]) if attributes.sparse else targets
    own = np.where(within & (weights != 0), weights, 0.0) / np.where(within, p / scale, 1.0)
    if attributes.sparse:
        shared = np.where(within, 1.0 / np.clip(p, LOW, HIGH).sum(-1, keepdims=True), 0.0)
        return shared + invalid(targets, p)[..., None], own
    return (np.where(within, weights, 0.0).sum(-1, keepdims=True) / total) * np.ones_like(p), own / total
