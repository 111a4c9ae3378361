"""What every primitive is: a frozen dataclass of attributes with a shape rule, a gradient rule and a cost.

A primitive knows no device and no graph.  Called on symbols it extends the graph that they belong to; called on
arrays it computes at once, through a plan of one step.  Both ways are installed from above (`install`), so that
this floor imports none of them.
"""

from __future__ import annotations

import dataclasses
import importlib
import math
import pkgutil
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

Shape = tuple[Any, ...]  # whole numbers; None: not known before the data comes

ITEM_BYTES = {"float32": 4, "float64": 8, "int32": 4, "int64": 8, "uint8": 1, "bool": 1}


class Spec(NamedTuple):
    """dtype name and shape of one tensor."""

    dtype: str
    shape: Shape

    @property
    def size(self) -> int:
        """Number of elements; every axis must be known."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of a dense tensor of this spec."""
        return self.size * ITEM_BYTES[self.dtype]


class Cost(NamedTuple):
    """Work of one step: floating-point operations, and bytes that must move."""

    flops: float
    bytes: float


@dataclasses.dataclass(frozen=True)
class Primitive:
    """Base of all primitives.  Subclasses name their `stem`; the dataclass fields are the attributes."""

    stem: ClassVar[str] = ""
    # Element-wise work: output 0 may be written into the memory of an input of the same spec.
    elementwise: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.stem:
            _classes[cls.stem] = cls

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        """Specs of the outputs.  Axes of the inputs may be None; raises ShapeError."""
        raise NotImplementedError

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        """Gradients by input, as symbols; None where there is none.

        `gradients` holds one symbol per output, or None where nothing depends on that output.
        """
        return tuple(None for _ in inputs)

    def cost(self, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Cost:
        """Operations and bytes of one step.  Default: one operation per output element, everything moved once."""
        moved = sum(s.nbytes for s in inputs) + sum(s.nbytes for s in outputs)
        return Cost(float(sum(o.size for o in outputs)), float(moved))

    def attributes(self) -> dict[str, Any]:
        """The attributes by name, as the native side reads them."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    def __call__(self, *inputs: Any) -> Any:
        """Extends the graph (symbols) or computes at once (arrays); one output, or a tuple of them."""
        if _apply is None:
            importlib.import_module("fastconv.compiler")
        assert _apply is not None
        return _apply(self, inputs)


_classes: dict[str, type[Primitive]] = {}
_apply: Callable[[Primitive, tuple[Any, ...]], Any] | None = None


def install(apply: Callable[[Primitive, tuple[Any, ...]], Any]) -> None:
    """Tells primitives what a call means; the compiler does this once."""
    global _apply
    _apply = apply


def primitive_class(stem: str) -> type[Primitive]:
    """The class of a stem; imports its module."""
    if stem not in _classes:
        importlib.import_module(f"fastconv.primitives.{stem}")
    return _classes[stem]


def all_stems() -> list[str]:
    """Every stem, found by the files of this package."""
    package = importlib.import_module("fastconv.primitives")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"fastconv.primitives.{module.name}")
    return sorted(_classes)
