"""dropout's cases."""

import numpy as np

from fastconv.primitives import Dropout
from fastconv.testing.cases import Case, Input
from fastconv.testing.reference.dropout import mask, philox
from fastconv.testing.suite import PrimitiveTests

KEY = np.array([1234, 7])


CASES = [
    Case("one element", Dropout(0.5, 1, True), (1, 1), KEY),
    Case("no elements", Dropout(0.5, 1, True), (0, 3), KEY),
    Case("no sample size", Dropout(0.5, 1, True), (3, 0), KEY),
    Case("samples of one element", Dropout(0.25, 3, True), (37,), KEY),
    Case("small samples, several to a task", Dropout(0.25, 3, True), (70, 13), KEY),
    Case("a sample no multiple of four", Dropout(0.9, 2**31, True), (3, 5, 7, 3), KEY),
    Case("large samples, several tasks each, a tail", Dropout(0.3, 17, True), (2, 40003), KEY),
    Case("a negative seed, a late step", Dropout(0.5, 5, True), (4, 70), np.array([-7, 2**33 + 5])),
    Case("nothing dropped", Dropout(0.0, 5, True), (4, 70), KEY),
    Case("all dropped", Dropout(1.0, 5, True), (4, 70), KEY),
    Case("not training: x itself", Dropout(0.5, 5, False), (4, 70), KEY),
    Case(
        "NaN passed on where kept",
        Dropout(0.5, 5, True),
        Input((4, 70), fill="nan"),
        KEY,
        differentiable=False,
    ),
]


class TestDropout(PrimitiveTests):
    cases = CASES
    batched = ()  # the mask belongs to the place in the batch

    def test_philox(self):
        """Known answers of Philox 4x32-10: all bits 0, and all bits 1 (Random123's kat_vectors)."""
        zero, ones = np.zeros(1, np.uint64), np.full(1, 0xFFFFFFFF, np.uint64)
        assert [int(w[0]) for w in philox([zero] * 4, 0, 0)] == [
            0x6627E8D5,
            0xE169C58D,
            0xBC57AC4C,
            0x9B00DBD8,
        ]
        full = philox([ones] * 4, 0xFFFFFFFF, 0xFFFFFFFF)
        assert [int(w[0]) for w in full] == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]

    def test_share(self):
        """The share that is dropped lies within five standard deviations of the rate."""
        for rate in (0.1, 0.5, 0.9):
            kept = mask(Dropout(rate, 9, True), (20, 5000), KEY).mean()
            assert abs(kept - (1 - rate)) < 5 * np.sqrt(rate * (1 - rate) / 100_000)

    def test_masks_differ(self):
        """Another seed, step, path or sample gives another mask; a longer batch begins with the same ones."""
        first = mask(Dropout(0.5, 1, True), (2, 64), KEY)
        assert (first != mask(Dropout(0.5, 2, True), (2, 64), KEY)).any()
        assert (first != mask(Dropout(0.5, 1, True), (2, 64), KEY + [0, 1])).any()
        assert (first != mask(Dropout(0.5, 1, True), (2, 64), KEY + [1, 0])).any()
        assert (first[0] != first[1]).any()
        assert (first == mask(Dropout(0.5, 1, True), (5, 64), KEY)[:2]).all()
