"""rmsprop_update in float64."""

import numpy as np


def rmsprop_update(attributes, p, g, square, *rest):
    """p' = p - lr g / sqrt(s' + epsilon), s' = rho s + (1 - rho) g^2; momentum and centering as Keras has them."""
    *states, lr = rest
    p = p - attributes.weight_decay * lr * p
    square, spread, means = _spread(attributes, g, square, states)
    change = lr * g / np.sqrt(spread)
    buffers = []
    if attributes.momentum > 0:
        change = attributes.momentum * states[0] + change
        buffers = [change]
    return (p - change, square, *buffers, *means)


def _spread(attributes, g, square, states):
    square = attributes.rho * square + (1 - attributes.rho) * g * g
    if not attributes.centered:
        return square, square + attributes.epsilon, []
    mean = attributes.rho * states[-1] + (1 - attributes.rho) * g
    return square, square - mean * mean + attributes.epsilon, [mean]


def terms(attributes, *inputs):
    """Roundings of the longest formula."""
    return 12


def magnitude(attributes, p, g, square, *rest):
    """The terms of each sum, taken positive; the difference under the root magnifies its terms' errors."""
    *states, lr = rest
    new_square, spread, means = _spread(attributes, g, square, states)
    growth = 1.0
    if attributes.centered:
        growth = (new_square + means[0] ** 2) / spread
        means = [attributes.rho * np.abs(states[-1]) + (1 - attributes.rho) * np.abs(g)]
    change = np.abs(lr * g) / np.sqrt(spread) * growth
    buffers = []
    if attributes.momentum > 0:
        change = change + attributes.momentum * np.abs(states[0])
        buffers = [change]
    return (np.abs(p) + change, new_square, *buffers, *means)
