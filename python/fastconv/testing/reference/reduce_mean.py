"""reduce_mean in float64."""

import numpy as np

from fastconv.testing.reference import reduce_sum as sums


def count(a, x):
    """How many elements make one mean."""
    return int(np.prod([x.shape[axis] for axis in a.axes]))


def reduce_mean(a, x):
    """np.mean."""
    return (sums.reduce_sum(a, x)[0] / count(a, x),)


def terms(a, x):
    """Those of the sum, and one division."""
    return count(a, x) + 1


def magnitude(a, x):
    """That of the sum, divided."""
    return (sums.magnitude(a, x)[0] / count(a, x),)
