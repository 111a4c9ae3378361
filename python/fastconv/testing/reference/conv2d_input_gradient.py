"""conv2d_input_gradient in float64: every tap adds its share to the pixels that it read."""

import numpy as np

from fastconv.testing.reference.conv2d import factors, rounded, taps

__all__ = ["conv2d_input_gradient", "factors", "magnitude", "rounded", "terms"]


def conv2d_input_gradient(a, dy, filters):
    """dx of the padded input, then the padding cut off."""
    n, p, q, k = dy.shape
    filter_h, filter_w, depth, _ = filters.shape
    width = k // a.groups
    dx = np.zeros(
        (n, a.input_h + a.pad_top + a.pad_bottom, a.input_w + a.pad_left + a.pad_right, depth * a.groups)
    )
    for r, s, rows, columns in taps(a, filter_h, filter_w, p, q):
        for group in range(a.groups):
            part = slice(group * depth, (group + 1) * depth)
            out = slice(group * width, (group + 1) * width)
            dx[:, rows, columns, part] += dy[..., out] @ filters[r, s][:, out].T
    return (dx[:, a.pad_top : a.pad_top + a.input_h, a.pad_left : a.pad_left + a.input_w],)


def terms(a, dy, filters):
    """At most one product for each tap and output channel of the group."""
    return filters.shape[0] * filters.shape[1] * filters.shape[3] // a.groups


def magnitude(a, dy, filters):
    """The root of the sum of squares (see conv2d)."""
    return tuple(np.sqrt(squares) for squares in conv2d_input_gradient(a, dy**2, filters**2))
