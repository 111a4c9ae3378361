"""relu_gradient in float64."""

import numpy as np


def relu_gradient(attributes, dy, y):
    """dx = dy where y > 0 or y is NaN."""
    return (np.where(y <= 0, 0.0, dy),)
