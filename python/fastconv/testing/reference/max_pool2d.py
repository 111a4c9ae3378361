"""max_pool2d in float64."""

import numpy as np

from fastconv.testing.reference.conv2d import taps_of


def max_pool2d(a, x):
    """All windows side by side, padding at -inf; np.argmax takes the first maximum, and a NaN for one."""
    p, q = a.output_size(x.shape[1], x.shape[2])
    pad = ((0, 0), (a.pad_top, a.pad_bottom), (a.pad_left, a.pad_right), (0, 0))
    real = np.pad(np.ones_like(x, bool), pad)
    x = np.pad(x, pad)
    slices = [
        (rows, columns)
        for _, _, rows, columns in taps_of(a.window_h, a.window_w, a.stride_h, a.stride_w, p, q)
    ]
    values = np.stack([x[:, rows, columns] for rows, columns in slices])
    inside = np.stack([real[:, rows, columns] for rows, columns in slices])
    # A pixel of -inf still beats the padding: order by (is inside, value).
    shown = np.where(inside, values, -np.inf)
    best = np.argmax(shown, axis=0)
    only_infinities = np.isneginf(shown).all(axis=0)
    best = np.where(only_infinities, np.argmax(inside, axis=0), best)
    return np.take_along_axis(values, best[None], 0)[0], best.astype(np.uint8)


def magnitude(a, x):
    """Nothing is computed: the outputs are values of x."""
    p, q = a.output_size(x.shape[1], x.shape[2])
    shape = (x.shape[0], p, q, x.shape[3])
    return np.zeros(shape), np.zeros(shape)
