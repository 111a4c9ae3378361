"""adam_update in float64."""

import numpy as np


def adam_update(attributes, p, g, m, v, lr, step):
    """m' and v' move towards g and g^2; p' = p - alpha m' / (sqrt(v') + epsilon)."""
    p = p - attributes.weight_decay * lr * p
    m = m + (1 - attributes.beta_1) * (g - m)
    v = v + (1 - attributes.beta_2) * (g * g - v)
    return (p - _alpha(attributes, lr, step) * m / (np.sqrt(v) + attributes.epsilon), m, v)


def terms(attributes, *inputs):
    """Roundings of the longest formula."""
    return 12


def magnitude(attributes, p, g, m, v, lr, step):
    """The terms of each sum, taken positive."""
    new_v = adam_update(attributes, p, g, m, v, lr, step)[2]
    sizes = np.abs(m) + (1 - attributes.beta_1) * (np.abs(g) + np.abs(m))
    change = _alpha(attributes, lr, step) * sizes / (np.sqrt(new_v) + attributes.epsilon)
    return (np.abs(p) + change, sizes, v + (1 - attributes.beta_2) * (g * g + v))


def _alpha(attributes, lr, step):
    step = float(step)
    return lr * np.sqrt(1 - attributes.beta_2**step) / (1 - attributes.beta_1**step)
