"""sgd_update in float64."""

import numpy as np


def sgd_update(attributes, p, g, *rest):
    """p' = p - lr g; with momentum v' = momentum v - lr g and p' = p + v' (nesterov: p + momentum v' - lr g)."""
    *velocity, lr = rest
    p = p - attributes.weight_decay * lr * p
    if not velocity:
        return (p - lr * g,)
    v = attributes.momentum * velocity[0] - lr * g
    return (p + attributes.momentum * v - lr * g if attributes.nesterov else p + v, v)


def terms(attributes, *inputs):
    """Roundings of the longest formula."""
    return 8


def magnitude(attributes, p, g, *rest):
    """The terms of each sum, taken positive."""
    *velocity, lr = rest
    p, step = np.abs(p), np.abs(lr * g)
    if not velocity:
        return (p + step,)
    v = attributes.momentum * np.abs(velocity[0]) + step
    return (p + v + step, v)
