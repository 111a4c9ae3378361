"""Some elements of a convolution in float64: the check of results that are too large to be computed whole."""

from __future__ import annotations

import numpy as np

PIXELS, TAPS = 96, 6


def sampled(which, case, values):
    """(index, expected): what the result must hold at `index`, with all channels of the last axis."""
    first, second = values[:2]
    shape = case.specs()[0].shape
    if which == "filter_gradient":
        return _taps(case.primitive, first, second, shape)
    pixel = _pixel if which == "forward" else _input_pixel
    index = _some(shape[:3], PIXELS)
    filters = second.astype(np.float64)
    return index, np.stack([pixel(case.primitive, first, filters, *at) for at in zip(*index, strict=True)])


def _some(shape, count):
    """Random positions; the first and the last of all, where tiles end, come first."""
    random = np.random.default_rng(0)
    return tuple(
        np.concatenate([[0, size - 1], random.integers(0, size, count - 2)]).astype(int) for size in shape
    )


def _pixel(a, x, filters, n, p, q):
    """y[n, p, q] = sum over (r, s, c) of x[n, p stride - pad + r, ...] w[r, s, c]."""
    total = np.zeros(filters.shape[3])
    for r, s in np.ndindex(*filters.shape[:2]):
        h, w = p * a.stride_h - a.pad_top + r, q * a.stride_w - a.pad_left + s
        if 0 <= h < x.shape[1] and 0 <= w < x.shape[2]:
            total += x[n, h, w].astype(np.float64) @ filters[r, s]
    return total


def _input_pixel(a, dy, filters, n, h, w):
    """dx[n, h, w] = sum over the taps that read it of dy[n, p, q] w[r, s]."""
    total = np.zeros(filters.shape[2])
    for r, s in np.ndindex(*filters.shape[:2]):
        (p, p_rest), (q, q_rest) = (
            divmod(h + a.pad_top - r, a.stride_h),
            divmod(w + a.pad_left - s, a.stride_w),
        )
        if p_rest == q_rest == 0 and 0 <= p < dy.shape[1] and 0 <= q < dy.shape[2]:
            total += filters[r, s] @ dy[n, p, q].astype(np.float64)
    return total


def _taps(a, x, dy, shape):
    """dw[r, s, c] = sum over the pixels of x[n, p stride - pad + r, ..., c] dy[n, p, q]."""
    index = _some(shape[:3], TAPS)
    wide = dy.astype(np.float64)
    rows = []
    for r, s, c in zip(*index, strict=True):
        p, h = _inside(dy.shape[1], x.shape[1], a.stride_h, r - a.pad_top)
        q, w = _inside(dy.shape[2], x.shape[2], a.stride_w, s - a.pad_left)
        column = x[:, h, w, c].astype(np.float64).reshape(-1)
        rows.append(column @ wide[:, p, q].reshape(len(column), -1))
    return index, np.stack(rows)


def _inside(outputs, inputs, stride, shift):
    """Slices of the output and input positions of one tap that lie inside the image."""
    first = max(0, -(shift // stride))
    end = min(outputs, (inputs - 1 - shift) // stride + 1)
    start = first * stride + shift
    return slice(first, end), slice(start, start + (end - first - 1) * stride + 1, stride)
