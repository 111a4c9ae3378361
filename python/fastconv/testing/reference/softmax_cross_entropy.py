"""softmax_cross_entropy in float64."""

import numpy as np


def softmax_cross_entropy(attributes, logits, targets):
    """loss = -sum_j t_j log(softmax(logits)_j); of a label, its one term."""
    steps = -log_softmax(logits)
    if attributes.sparse:
        return (
            np.where(one_hot(targets, logits.shape[-1]) != 0, steps, 0.0).sum(-1) + invalid(targets, logits),
        )
    return ((targets * steps).sum(-1),)


def terms(attributes, logits, targets):
    """The sum of exponentials, and the sum of the loss."""
    return 4 + 2 * logits.shape[-1]


def magnitude(attributes, logits, targets):
    """The logarithm's argument is near 1 or above, with an error of its own size; the other terms are positive."""
    return (
        np.ones(logits.shape[:-1]) + np.nan_to_num(softmax_cross_entropy(attributes, logits, targets)[0]),
    )


def log_softmax(logits):
    """x - log(sum(exp(x))) along the last axis, shifted by the largest."""
    with np.errstate(invalid="ignore"):
        shifted = logits - logits.max(-1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def one_hot(labels, classes):
    """1 at the label's class, else 0; all 0 where a label names no class."""
    return (np.trunc(labels)[..., None] == np.arange(classes)).astype(np.float64)


def invalid(labels, scores):
    """NaN where a label names no class, else 0."""
    whole = np.trunc(labels)
    return np.where((whole >= 0) & (whole < scores.shape[-1]), 0.0, np.nan)
