"""conv2d_pooled in float64: the convolution, then the windows."""

import numpy as np

from fastconv.testing.reference import conv2d

factors = conv2d.factors
NO_GRADIENT = 4


def conv2d_pooled(a, x, filters, *bias):
    """y, and which of its four pixels gave it; np.argmax takes the first NaN, else the first maximum."""
    windows = _windows(np.maximum(sum(bias, conv2d.plain(a, x, filters)), 0.0))
    argmax = np.argmax(windows, 0)
    y = np.take_along_axis(windows, argmax[None], 0)[0]
    return y, np.where(y <= 0, NO_GRADIENT, argmax).astype(np.uint8)


def _windows(y):
    """(4, n, p // 2, q // 2, k): the pixels of each window, in reading order."""
    h, w = y.shape[1] // 2 * 2, y.shape[2] // 2 * 2
    return np.stack([y[:, i:h:2, j:w:2] for i in (0, 1) for j in (0, 1)])


def spread(a, dy, argmax, p, q):
    """The gradient of the convolution's output (n, p, q, k)."""
    whole = np.zeros((dy.shape[0], p, q, dy.shape[3]))
    h, w = p // 2 * 2, q // 2 * 2
    for code in range(4):
        whole[:, code // 2 : h : 2, code % 2 : w : 2] = np.where(argmax == code, dy, 0.0)
    return whole


def terms(a, x, filters, *bias):
    """As the convolution."""
    return conv2d.terms(_plain(a), x, filters, *bias)


def magnitude(a, x, filters, *bias):
    """The largest of the window's."""
    sizes = _windows(conv2d.magnitude(_plain(a), x, filters, *bias)[0]).max(0)
    return sizes, np.zeros_like(sizes)


def _plain(a):
    from fastconv.primitives import Conv2d

    return Conv2d(**a.geometry(), bias=a.bias)
