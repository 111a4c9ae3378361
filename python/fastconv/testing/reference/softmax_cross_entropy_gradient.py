"""softmax_cross_entropy_gradient in float64."""

import numpy as np

from fastconv.testing.reference.softmax_cross_entropy import invalid, log_softmax, one_hot


def softmax_cross_entropy_gradient(attributes, logits, targets, dloss):
    """dlogits_j = (softmax(logits)_j sum_i t_i - t_j) dloss."""
    weights = _weights(attributes, logits, targets)
    share = np.exp(log_softmax(logits)) * weights.sum(-1, keepdims=True)
    return ((share - weights) * dloss[..., None],)


def terms(attributes, logits, targets, dloss):
    """The two sums over the classes."""
    return 6 + 2 * logits.shape[-1]


def magnitude(attributes, logits, targets, dloss):
    """Both terms of the difference, taken positive."""
    weights = np.abs(_weights(attributes, logits, targets))
    share = np.exp(log_softmax(logits)) * weights.sum(-1, keepdims=True)
    with np.errstate(invalid="ignore"):  # the error of x - max(x) is multiplied by its exponential
        share = share * (1.0 + np.abs(logits - logits.max(-1, keepdims=True)))
    share = share + 2.0**-102  # exponentials below 2^-126 are flushed to zero: 2^-24 of this
    return ((share + weights) * np.abs(dloss)[..., None],)


def _weights(attributes, logits, targets):
    if attributes.sparse:
        return one_hot(targets, logits.shape[-1]) + invalid(targets, logits)[..., None]
    return targets
