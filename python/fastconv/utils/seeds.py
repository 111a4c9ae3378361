"""One seed for everything, and the number of threads."""

from __future__ import annotations

import random

import numpy as np

from fastconv import _core
from fastconv.runtime import keys
from fastconv.runtime.errors import ArgumentError


def set_random_seed(seed: int) -> None:
    """Makes everything that follows the same in every run: weights, dropout, shuffling, augmentation.

    Python's and NumPy's own generators are seeded too, as in Keras.  The results depend on no number of threads.

    Args:  seed: a whole number from 0 to 2^32 - 1.
    Raises:  ArgumentError: another one.

    >>> from fastconv import initializers
    >>> set_random_seed(7)
    >>> first = initializers.RandomNormal()((3,))
    >>> set_random_seed(7)
    >>> bool((initializers.RandomNormal()((3,)) == first).all())
    True
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 1 << 32:
        raise ArgumentError(
            f"set_random_seed: expected a whole number from 0 to 4294967295; came {seed!r}. Any will do, e.g. 1."
        )
    random.seed(int(seed))
    np.random.seed(int(seed))
    keys.set_seed(int(seed))


def set_num_threads(threads: int) -> None:
    """How many threads compute; the results are the same for any number.

    Default: the cores that this process may use, or FASTCONV_NUM_THREADS.
    Raises:  ArgumentError: fewer than 1, or more than 256.
    """
    if isinstance(threads, bool) or not isinstance(threads, (int, np.integer)) or not 1 <= threads <= 256:
        raise ArgumentError(
            f"set_num_threads: expected a whole number from 1 to 256; came {threads!r}. "
            f"Now there are {_core.thread_count()}."
        )
    _core.set_thread_count(int(threads))


def get_num_threads() -> int:
    """How many threads compute now."""
    return _core.thread_count()
