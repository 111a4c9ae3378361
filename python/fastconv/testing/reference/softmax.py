"""softmax in float64."""

import numpy as np


def softmax(a, x):
    """Shifted by the row's largest."""
    with np.errstate(invalid="ignore"):  # infinity minus infinity is NaN, as it should be
        exponents = np.exp(x - x.max(-1, keepdims=True))
    return (exponents / exponents.sum(-1, keepdims=True),)


def terms(a, x):
    """The sum, a subtraction of numbers up to ten times the unit, an exponential and a division."""
    return x.shape[-1] + 120
