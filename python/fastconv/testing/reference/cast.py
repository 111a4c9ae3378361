"""cast."""

import numpy as np


def cast(attributes, x):
    """x in another dtype; a floating number out of a whole dtype's range becomes its nearest end, NaN 0."""
    to = np.dtype(attributes.dtype)
    if to.kind == "f":
        return (x.astype(np.float64),)
    if to.kind not in "iu" or x.dtype.kind != "f":
        return (x.astype(to),)
    ends = np.iinfo(to)
    whole = np.trunc(np.nan_to_num(x, nan=0.0))
    inside = np.where((whole > ends.min) & (whole < ends.max), whole, 0).astype(to)
    return (
        np.where(
            whole >= ends.max, to.type(ends.max), np.where(whole <= ends.min, to.type(ends.min), inside)
        ),
    )
