"""dropout, with Philox in NumPy's whole numbers: the mask bit for bit."""

import numpy as np

WORD = 0xFFFFFFFF
LONG = 0xFFFFFFFFFFFFFFFF


def dropout(attributes, x, key):
    """y = x / (1 - rate) where the mask keeps, else 0."""
    if not attributes.training:
        return (x,)
    scale = float(np.float32(1.0 / (1.0 - attributes.rate))) if attributes.rate < 1.0 else 0.0
    return (np.where(mask(attributes, x.shape, key), x * scale, 0.0),)


def mask(attributes, shape, key):
    """Which elements are kept: element e of sample n where word e % 4 at the counter (n, e // 4, step) is high."""
    samples, size = shape[0], int(np.prod(shape[1:], dtype=np.int64))
    seed, step = (int(k) & LONG for k in key)
    place = mixed(mixed((seed + 0x9E3779B97F4A7C15) & LONG) ^ (attributes.path & LONG))
    word = mixed(place ^ (step >> 32))
    n, quad = np.meshgrid(np.arange(samples), np.arange((size + 3) // 4), indexing="ij")
    counter = [np.asarray(c, np.uint64) for c in (n, quad & WORD, quad >> 32, np.full_like(n, step & WORD))]
    words = philox(counter, word & WORD, word >> 32)
    draws = np.stack(words, axis=-1).reshape(samples, n.shape[1] * 4)[:, :size] >> np.uint64(8)
    return (draws >= np.uint64(np.ceil(attributes.rate * 2**24))).reshape(shape)


def mixed(number):
    """The last steps of splitmix64, on Python's whole numbers."""
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & LONG
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & LONG
    return number ^ (number >> 31)


def philox(counter, key_low, key_high):
    """Philox 4x32-10: four words for each counter, held in uint64."""
    c0, c1, c2, c3 = counter
    low, shift = np.uint64(WORD), np.uint64(32)
    for _ in range(10):
        p0, p1 = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        c0, c1 = (p1 >> shift) ^ c1 ^ np.uint64(key_low), p1 & low
        c2, c3 = (p0 >> shift) ^ c3 ^ np.uint64(key_high), p0 & low
        key_low, key_high = (key_low + 0x9E3779B9) & WORD, (key_high + 0xBB67AE85) & WORD
    return c0, c1, c2, c3
