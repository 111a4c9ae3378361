"""conv2d_filter_gradient in float64: one matrix product a filter tap."""

import numpy as np

from fastconv.testing.reference.conv2d import WINOGRAD_POINTS, padded, rounded, taps, winograd_growth

__all__ = ["conv2d_filter_gradient", "factors", "magnitude", "rounded", "terms"]

factors = {name: winograd_growth(points, of_filter=True) for name, points in WINOGRAD_POINTS.items()}


def conv2d_filter_gradient(a, x, dy):
    """dfilter[r, s] = x at the tap, transposed, times dy; dbias = sum of dy."""
    p, q, k = dy.shape[1:]
    depth, width = x.shape[3] // a.groups, k // a.groups
    x = padded(a, x)
    dfilter = np.zeros((a.filter_h, a.filter_w, depth, k))
    for r, s, rows, columns in taps(a, a.filter_h, a.filter_w, p, q):
        for group in range(a.groups):
            part = slice(group * depth, (group + 1) * depth)
            out = slice(group * width, (group + 1) * width)
            dfilter[r, s][:, out] = np.tensordot(
                x[:, rows, columns, part], dy[..., out], axes=([0, 1, 2], [0, 1, 2])
            )
    return (dfilter, dy.sum((0, 1, 2))) if a.bias else (dfilter,)


def terms(a, x, dy):
    """One product for each output pixel of the batch."""
    return dy.shape[0] * dy.shape[1] * dy.shape[2]


def magnitude(a, x, dy):
    """The root of the sum of squares (see conv2d)."""
    return tuple(np.sqrt(squares) for squares in conv2d_filter_gradient(a, x**2, dy**2))
