"""Seeds: one number behind everything random.

Whatever is random is a function of (seed, what it is for, a count): initialisers of (seed, order of creation), dropout
of (seed, position in the model, step), shuffling and augmentation of (seed, epoch, index).  Nothing depends on the
number of threads or on what ran before, apart from the order in which weights are created.
"""

from __future__ import annotations

import secrets
import threading

import numpy as np

_lock = threading.Lock()
_seed: int | None = None
_created = 0
_times_set = 0


def set_seed(seed: int) -> None:
    """Sets the seed of everything that follows; the count of created weights begins anew."""
    global _seed, _created, _times_set
    with _lock:
        _seed, _created = int(seed), 0
        _times_set += 1


def times_set() -> int:
    """How often the seed was set: who counts draws begins anew when this changes."""
    return _times_set


def get_seed() -> int:
    """The seed in force; drawn from the system when none was set."""
    global _seed
    with _lock:
        if _seed is None:
            _seed = secrets.randbits(31)
        return _seed


def next_creation() -> int:
    """The number of the next weight to be created since the seed was set."""
    global _created
    with _lock:
        _created += 1
        return _created - 1


def generator(*key: int) -> np.random.Generator:
    """A NumPy generator for the host's draws (shuffling), keyed by whole numbers."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([abs(int(k)) for k in key])))
