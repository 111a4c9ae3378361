"""conv2d_pooled_input_gradient in float64: the gradient spread over the windows, then conv2d's."""

import numpy as np

from fastconv.testing.reference import conv2d_input_gradient as plain
from fastconv.testing.reference.conv2d_pooled import spread

factors = plain.factors


def conv2d_pooled_input_gradient(a, dy, argmax, filters):
    """conv2d_input_gradient of the spread dy."""
    p, q = a.output_size(a.input_h, a.input_w, *filters.shape[:2])
    return plain.conv2d_input_gradient(a, spread(a, dy, argmax, p, q), filters)


def terms(a, dy, argmax, filters):
    """As for conv2d."""
    return plain.terms(a, dy, filters)


def magnitude(a, dy, argmax, filters):
    """The root of the sum of squares (see conv2d)."""
    return tuple(np.sqrt(s) for s in conv2d_pooled_input_gradient(a, dy**2, argmax, filters**2))
