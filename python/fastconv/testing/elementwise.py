"""Cases and tests that element-wise primitives share."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastconv.testing import suite
from fastconv.testing.cases import Case, Fill, Input
from fastconv.testing.suite import PrimitiveTests, candidates, run, same_bits

_SHAPES: list[tuple[str, tuple[int, ...]]] = [
    ("one element", (1,)),
    ("a scalar without axes", ()),
    ("no elements", (0, 3)),
    ("no multiple of a vector", (3, 5, 7, 17)),
    ("several blocks and a tail", (3, 11000)),
]

_PAIRS: list[tuple[str, tuple[int, ...], tuple[int, ...]]] = [
    ("one shape", (3, 5, 17), (3, 5, 17)),
    ("one shape, several blocks and a tail", (3, 11000), (3, 11000)),
    ("a bias", (2, 9, 9, 70), (70,)),
    ("a bias longer than a block", (3, 17000), (17000,)),
    ("a short bias: repeated side by side", (4, 40, 40, 3), (3,)),
    ("the bias first", (5,), (2, 7, 5)),
    ("a scalar without axes", (2, 3, 4), ()),
    ("a scalar first, several blocks", (1, 1), (3, 11000)),
    ("one number a row", (6, 50), (6, 1)),
    ("axes in the middle", (2, 1, 5, 1), (1, 3, 1, 7)),
    ("axes in the middle, the other way", (1, 3, 1, 7), (2, 1, 5, 1)),
    ("each lacks an axis of the other", (4, 1, 6), (3, 1)),
    ("two scalars", (), ()),
    ("no elements", (0, 3), (1, 3)),
]

# Zeros, infinities, NaN; where float32 ends; where exp overflows (88.72) and its result is flushed (-87.34).
SPECIAL = np.array(
    [
        0.0,
        -0.0,
        1.0,
        -1.0,
        np.inf,
        -np.inf,
        np.nan,
        1e-30,
        -1e-30,
        1e30,
        -1e30,
        3e38,
        88.0,
        89.5,
        -87.0,
        -104.0,
    ],
    np.float32,
)


def each_shape(primitive: Any, *fills: Fill, differentiable: bool = True) -> list[Case]:
    """Inputs of one shape, for several shapes; then NaN in each input in turn."""
    cases = [
        Case(label, primitive, *(Input(shape, fill) for fill in fills), differentiable=differentiable)
        for label, shape in _SHAPES
    ]
    for i in range(len(fills)):
        mixed = [Input((2, 9, 9, 3), "nan" if i == j else fill) for j, fill in enumerate(fills)]
        cases.append(Case(f"NaN in input {i}", primitive, *mixed, differentiable=False))
    return cases


def each_broadcast(primitive: Any, second: Fill = "normal") -> list[Case]:
    """Two inputs that broadcast in every way; `second` fills the second."""
    cases = [Case(label, primitive, Input(a), Input(b, second)) for label, a, b in _PAIRS]
    for label, fills in (("first", ("nan", second)), ("second", ("normal", "nan"))):
        inputs = Input((2, 33), fills[0]), Input((33,), fills[1])
        cases.append(Case(f"NaN in the {label}", primitive, *inputs, differentiable=False))
    return cases


def each_whole_dtype(primitive: Any) -> list[Case]:
    """int32, int64 and uint8."""

    def whole(random: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return random.integers(0, 12, shape)

    return [
        Case(dtype, primitive, Input((3, 5), whole, dtype), Input((5,), whole, dtype), differentiable=False)
        for dtype in ("int32", "int64", "uint8")
    ]


class BroadcastTests(PrimitiveTests):
    """The tests of a primitive of two inputs that broadcast: which of them holds the batch differs by case."""

    batched = ()

    def test_batch_invariance_of_either_input(self) -> None:
        """A row gets the same bits alone as among others, whatever the other input's shape."""
        primitive = self.cases[0].primitive
        for other in ((7, 37), (37,), (7, 1), ()):
            case = Case("batch", primitive, Input((7, 37)), Input(other))
            a, b = case.values()
            devices = ["cpu", *([suite.cuda_device] if suite.cuda_device else [])]
            for device, row in [(d, row) for d in devices for row in candidates(case, d)]:
                together = run(case, row.name, device=device)[0]
                for n in range(7):
                    alone = a[n : n + 1], b[n : n + 1] if len(other) == 2 else b
                    single = run(case, row.name, alone, device=device)[0]
                    assert same_bits(together[n : n + 1], single), (device, row.name, n)
