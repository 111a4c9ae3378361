"""reduce_sum in float64."""

import numpy as np


def reduce_sum(a, x):
    """np.sum."""
    return (np.asarray(x.sum(a.axes, keepdims=a.keepdims)),)


def terms(a, x):
    """One addition for each element; blocks make the chain shorter."""
    return int(np.prod([x.shape[axis] for axis in a.axes]))


def magnitude(a, x):
    """The root of the sum of squares: the cases' numbers have random signs, and so large are the partial sums."""
    return (np.sqrt(reduce_sum(a, x**2)[0]),)
