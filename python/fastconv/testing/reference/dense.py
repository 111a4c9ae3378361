"""dense in float64."""

import numpy as np

from fastconv.testing.cases import TF32_ROUNDOFF
from fastconv.testing.reference.conv2d import sigmoid

rounded = {"gemm_tf32": TF32_ROUNDOFF}


def dense(a, x, w, *extra):
    """The formula of csrc/primitives/dense.h."""
    y = sum(extra, x @ w)
    if a.activation == "relu":
        y = np.maximum(y, 0.0)
    if a.activation == "sigmoid":
        y = sigmoid(y)
    return (y,)


def terms(a, x, w, *extra):
    """Products and additions of one element, and about ten roundings of a sigmoid."""
    return x.shape[1] + len(extra) + 10 * (a.activation == "sigmoid")


def magnitude(a, x, w, *extra):
    """The root of the sum of squares: the cases' numbers have random signs, and so large are the partial sums.

    A sigmoid's slope is at most 1/4, and its own error is of the size of its output.
    """
    size = np.sqrt(sum((e**2 for e in extra), x**2 @ w**2))
    return (size / 4 + 1.0 if a.activation == "sigmoid" else size,)
