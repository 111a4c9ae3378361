"""Case tables: one list of cases per primitive drives its tests, the native runner and the benches.

    CASES = [
        Case("one pixel", MaxPool2d(window_h=1, ...), (1, 1, 1, 1)),
        Case("ties: first maximum wins", MaxPool2d(...), Input((1, 4, 4, 1), fill=1.0)),
    ]

An input is a shape (float32 from a normal distribution), an `Input`, or an array.  The values follow from the
primitive and the label alone.  What a case should give is computed by `fastconv.testing.reference.<stem>`, a module
with these functions; each takes the primitive and its inputs, floating ones in float64:

    <stem>(primitive, *inputs) -> tuple     the outputs
    terms(primitive, *inputs) -> int        roundings in a row behind one element of an output; default 4
    magnitude(primitive, *inputs) -> tuple  size of what is added up for each element; default: the output itself
    factors: dict[str, float]               implementations that lose more than a plain sum, by name
    rounded: dict[str, float]               implementations that round the factors of their products first, by name:
                                            to which unit roundoff
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import zlib
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from fastconv.primitives.base import Primitive, Spec

UNIT_ROUNDOFF = 2.0**-24  # float32, round to nearest
TF32_ROUNDOFF = 2.0**-11  # 10 bits of mantissa, round to nearest
SMALLEST_NORMAL = 2.0**-126  # what is below may be flushed to zero
# Rounding errors behave like a random walk: n of them stay within LAMBDA * sqrt(n) * u * magnitude with a
# probability of 1 - 2 exp(-LAMBDA^2 / 2) an element (Higham and Mary 2019); in practice far below.
LAMBDA = 5.0

Fill = float | str | Callable[[np.random.Generator, tuple[int, ...]], Any]


@dataclasses.dataclass(frozen=True)
class Input:
    """One input of a case: a shape and what fills it.

    fill: "normal", "uniform" (from 0 to 1), "steps" (few whole numbers: many ties), "nan" (normal, every seventh
        element NaN), a number, or a function of (generator, shape).
    """

    shape: tuple[int, ...]
    fill: Fill = "normal"
    dtype: str = "float32"

    def make(self, random: np.random.Generator) -> np.ndarray:
        """The values, dense, of `dtype`."""
        if callable(self.fill):
            values = self.fill(random, self.shape)
        elif self.fill == "uniform":
            values = random.random(self.shape)
        elif self.fill == "steps":
            values = random.integers(-2, 3, self.shape)
        elif isinstance(self.fill, str):
            values = random.standard_normal(self.shape)
            if self.fill == "nan":
                values.reshape(-1)[random.integers(0, 7) % max(values.size, 1) :: 7] = np.nan
            elif self.fill != "normal":
                raise ValueError(f"Input: expected a fill that exists; came {self.fill!r}.")
        else:
            values = np.full(self.shape, self.fill)
        return np.asarray(values, self.dtype, order="C")


@dataclasses.dataclass(frozen=True, eq=False, init=False)
class Case:
    """One primitive on one set of inputs; the label says why the case is there, and is the test's id.

    differentiable: False where the gradient has a jump (ties, corners), so that finite differences mean nothing.
    """

    label: str
    primitive: Primitive
    inputs: tuple[Any, ...]
    differentiable: bool

    def __init__(self, label: str, primitive: Primitive, *inputs: Any, differentiable: bool = True) -> None:
        object.__setattr__(self, "label", label)
        object.__setattr__(self, "primitive", primitive)
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "differentiable", differentiable)

    @property
    def stem(self) -> str:
        return self.primitive.stem

    def values(self) -> tuple[np.ndarray, ...]:
        """The inputs' values, the same in every process."""
        return _values(self)

    def input_specs(self) -> tuple[Spec, ...]:
        """dtype and shape of each input, without making it."""
        made = (item if isinstance(item, Input | np.ndarray) else Input(tuple(item)) for item in self.inputs)
        return tuple(Spec(str(item.dtype), item.shape) for item in made)

    def specs(self) -> tuple[Spec, ...]:
        """dtype and shape of each output, by the primitive's own rule."""
        return self.primitive.shapes(self.input_specs())

    def expected(self) -> tuple[np.ndarray, ...]:
        """The outputs of the float64 reference."""
        return _expected(self)

    def tolerances(self, implementation: str = "") -> tuple[Any, ...]:
        """By output: the largest error allowed, an array over its elements; 0 for whole numbers."""
        module = reference_module(self.stem)
        wide = widened(self.values())
        terms = module.terms(self.primitive, *wide) if hasattr(module, "terms") else 4
        sizes = module.magnitude(self.primitive, *wide) if hasattr(module, "magnitude") else self.expected()
        factor = getattr(module, "factors", {}).get(implementation)
        rounded = getattr(module, "rounded", {}).get(implementation, 0.0)
        return tuple(
            _tolerance(terms, size, factor, rounded) if spec.dtype.startswith("float") else 0.0
            for spec, size in zip(self.specs(), sizes, strict=True)
        )


def _tolerance(terms: float, size: Any, factor: float | None, rounded: float) -> Any:
    size = np.nan_to_num(np.abs(np.asarray(size, np.float64)), nan=0.0, posinf=0.0)
    if factor is not None:  # such algorithms mix neighbours: what counts is the largest of them
        size = np.full_like(size, size.max(initial=0.0)) * factor
    # A product of two rounded factors is off by two errors of that size, each of the sum's products by its own: as
    # `size` is the root of the sum of their squares, so does their error grow.
    return LAMBDA * (np.sqrt(terms) * UNIT_ROUNDOFF + np.sqrt(2) * rounded) * size + SMALLEST_NORMAL


@functools.lru_cache(maxsize=16)
def _values(case: Case) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(zlib.crc32(f"{case.primitive} {case.label}".encode()))
    made = []
    for item in case.inputs:
        if isinstance(item, np.ndarray):
            values = np.array(item, order="C")
        else:
            values = (item if isinstance(item, Input) else Input(tuple(item))).make(random)
        values.flags.writeable = False
        made.append(values)
    return tuple(made)


@functools.lru_cache(maxsize=16)
def _expected(case: Case) -> tuple[np.ndarray, ...]:
    outputs = evaluate(case.primitive, *widened(case.values()))
    for spec, output in zip(case.specs(), outputs, strict=True):
        if spec.shape != output.shape:
            raise AssertionError(
                f"{case.stem}: the shape rule says {spec.shape}, the reference {output.shape}"
            )
    return outputs


def widened(values: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """float32 in float64, the rest as it is."""
    return tuple(v.astype(np.float64) if v.dtype == np.float32 else v for v in values)


def reference_module(stem: str) -> ModuleType:
    """`fastconv.testing.reference.<stem>`."""
    return importlib.import_module(f"fastconv.testing.reference.{stem}")


def evaluate(primitive: Primitive, *inputs: Any) -> tuple[np.ndarray, ...]:
    """The float64 reference of a primitive on arrays."""
    outputs = getattr(reference_module(primitive.stem), primitive.stem)(primitive, *inputs)
    return tuple(np.asarray(output) for output in outputs)


def differences(case: Case, outputs: Sequence[np.ndarray], implementation: str = "") -> list[str]:
    """What is wrong with a row's outputs, one line an output; empty when they are right."""
    spreads = implementation in getattr(reference_module(case.stem), "factors", {})
    wrong = []
    for index, (output, expected, tolerance) in enumerate(
        zip(outputs, case.expected(), case.tolerances(implementation), strict=True)
    ):
        text = _difference(
            np.asarray(output, np.float64), np.asarray(expected, np.float64), tolerance, spreads
        )
        if text:
            wrong.append(f"output {index}: {text}")
    return wrong


def _difference(output: np.ndarray, expected: np.ndarray, tolerance: Any, spreads: bool) -> str:
    with np.errstate(invalid="ignore"):
        error = np.abs(output - expected)
        fine = (output == expected) | (error <= tolerance) | (np.isnan(output) & np.isnan(expected))
    if spreads and np.isnan(expected).any():  # a transform carries a NaN to the neighbours of its tile
        fine |= np.isnan(output)
    if fine.all():
        return ""
    limits = np.broadcast_to(tolerance, output.shape)
    excess = np.where(fine, -1.0, np.nan_to_num(error / np.maximum(limits, SMALLEST_NORMAL), nan=np.inf))
    where = np.unravel_index(int(np.argmax(excess)), output.shape)
    return (
        f"{np.count_nonzero(~fine)} of {fine.size} elements differ; at {tuple(map(int, where))} expected "
        f"{expected[where]!r} within {limits[where]:.3g}, came {output[where]!r}"
    )
