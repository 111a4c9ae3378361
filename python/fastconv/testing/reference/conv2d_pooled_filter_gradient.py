"""conv2d_pooled_filter_gradient in float64: the gradient spread over the windows, then conv2d's."""

import numpy as np

from fastconv.testing.reference import conv2d_filter_gradient as plain
from fastconv.testing.reference.conv2d_pooled import spread

factors = plain.factors


def conv2d_pooled_filter_gradient(a, x, dy, argmax):
    """conv2d_filter_gradient of the spread dy."""
    p, q = a.output_size(*x.shape[1:3], a.filter_h, a.filter_w)
    return plain.conv2d_filter_gradient(a, x, spread(a, dy, argmax, p, q))


def terms(a, x, dy, argmax):
    """One product for each output pixel of the batch."""
    return 4 * dy.shape[0] * dy.shape[1] * dy.shape[2]


def magnitude(a, x, dy, argmax):
    """The root of the sum of squares (see conv2d)."""
    return tuple(np.sqrt(s) for s in conv2d_pooled_filter_gradient(a, x**2, dy**2, argmax))
