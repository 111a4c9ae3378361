"""max_pool2d_gradient in float64."""

import numpy as np

from fastconv.testing.reference.conv2d import taps_of


def max_pool2d_gradient(a, dy, argmax, y=None):
    """Each tap gives the gradients of the windows that name it to the pixels under it."""
    n, p, q, c = dy.shape
    if a.relu:
        dy = np.where(y <= 0, 0.0, dy)
    dx = np.zeros((n, a.input_h + a.pad_top + a.pad_bottom, a.input_w + a.pad_left + a.pad_right, c))
    for r, s, rows, columns in taps_of(a.window_h, a.window_w, a.stride_h, a.stride_w, p, q):
        dx[:, rows, columns] += np.where(argmax == r * a.window_w + s, dy, 0.0)
    return (dx[:, a.pad_top : a.pad_top + a.input_h, a.pad_left : a.pad_left + a.input_w],)


def terms(a, dy, argmax, y=None):
    """At most one for each window over the pixel."""
    return -(-a.window_h // a.stride_h) * -(-a.window_w // a.stride_w)


def magnitude(a, dy, argmax, y=None):
    """The sum of the absolute values; nothing is added where windows stand apart."""
    if terms(a, dy, argmax) == 1:
        return (np.zeros((dy.shape[0], a.input_h, a.input_w, dy.shape[3])),)
    return max_pool2d_gradient(a, np.abs(dy), argmax, y)
