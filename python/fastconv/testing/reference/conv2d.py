"""conv2d in float64: one matrix product a filter tap."""

import numpy as np

from fastconv.testing.cases import TF32_ROUNDOFF


def winograd_growth(points, of_filter=False):
    """How much larger the rounding errors of F(m x m, 3x3) are than those of the plain sum, in root mean square.

    With points x_j and infinity, the one-dimensional algorithm is y = A [(G g) * (B d)].  For numbers of random
    sign and size 1 its products are as large as the norms of the rows of G and B; those of the plain sum are 1.
    """
    a, b, g = winograd_matrices(points)
    sums = (a**2) @ ((g**2).sum(1) * (b**2).sum(1))
    return float(sums.max() / 3)  # the root, for each of two axes


def winograd_matrices(points):
    """A (m, m + 2), B (m + 2, m + 2), G (m + 2, 3) of F(m, 3) by Cook and Toom's construction."""
    points = np.asarray(points, np.float64)
    count = len(points) + 1
    b = np.zeros((count, count))
    g = np.zeros((count, 3))
    a = np.zeros((count - 2, count))
    for i, point in enumerate(points):
        others = np.delete(points, i)
        b[i, : count - 1] = np.poly(others)[::-1]
        g[i] = point ** np.arange(3) / np.prod(point - others)
        a[:, i] = point ** np.arange(count - 2)
    b[-1] = np.poly(points)[::-1]
    g[-1, 2] = 1
    a[-1, -1] = 1
    return a, b, g


HALF = 0.5**0.5
WINOGRAD_POINTS = {"winograd_f2x3": [0, 1, -1], "winograd_f4x3": [0, HALF, -HALF, 2 * HALF, -2 * HALF]}
factors = {name: winograd_growth(points) for name, points in WINOGRAD_POINTS.items()}
rounded = {"implicit_gemm_tf32": TF32_ROUNDOFF}


def padded(a, x):
    """x with the padding that the attributes name."""
    return np.pad(x, ((0, 0), (a.pad_top, a.pad_bottom), (a.pad_left, a.pad_right), (0, 0)))


def taps(a, filter_h, filter_w, p, q):
    """(r, s, rows, columns): where tap (r, s) reads in the padded input for all output pixels."""
    return taps_of(filter_h, filter_w, a.stride_h, a.stride_w, p, q, a.dilation_h, a.dilation_w)


def taps_of(window_h, window_w, stride_h, stride_w, p, q, dilation_h=1, dilation_w=1):
    """The same for any window that slides."""
    for r in range(window_h):
        for s in range(window_w):
            top, left = r * dilation_h, s * dilation_w
            rows = slice(top, top + (p - 1) * stride_h + 1, stride_h)
            columns = slice(left, left + (q - 1) * stride_w + 1, stride_w)
            yield r, s, rows, columns


def plain(a, x, filters):
    """The sum over the window alone."""
    filter_h, filter_w, depth, k = filters.shape
    p, q = a.output_size(x.shape[1], x.shape[2], filter_h, filter_w)
    x = padded(a, x)
    y = np.zeros((x.shape[0], p, q, k))
    width = k // a.groups
    for r, s, rows, columns in taps(a, filter_h, filter_w, p, q):
        for group in range(a.groups):
            part = slice(group * depth, (group + 1) * depth)
            out = slice(group * width, (group + 1) * width)
            y[..., out] += x[:, rows, columns, part] @ filters[r, s][:, out]
    return y


def conv2d(a, x, filters, *extra):
    """The formula of csrc/primitives/conv2d.h."""
    y = sum(extra, plain(a, x, filters))
    if a.activation == "relu":
        y = np.maximum(y, 0.0)
    if a.activation == "sigmoid":
        y = sigmoid(y)
    return (y,)


def sigmoid(y):
    """1 / (1 + exp(-y)) without overflow."""
    small = np.exp(-np.abs(y))
    return np.where(y >= 0, 1.0, small) / (1.0 + small)


def terms(a, x, filters, *extra):
    """Products and additions of one element, and about ten roundings of a sigmoid."""
    return (
        filters.shape[0] * filters.shape[1] * filters.shape[2] + len(extra) + 10 * (a.activation == "sigmoid")
    )


def magnitude(a, x, filters, *extra):
    """The root of the sum of squares: the cases' numbers have random signs, and so large are the partial sums.

    A sigmoid's slope is at most 1/4, and its own error is of the size of its output.
    """
    size = np.sqrt(sum((e**2 for e in extra), plain(a, x**2, filters**2)))
    return (size / 4 + 1.0 if a.activation == "sigmoid" else size,)
