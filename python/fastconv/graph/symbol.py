"""Symbols and nodes: a computation as data."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from fastconv.primitives.base import Primitive, Shape, Spec
from fastconv.runtime.errors import SymbolError
from fastconv.runtime.operators import Operators

_numbers = itertools.count()


class Node:
    """One primitive applied to symbols, or a leaf.

    kind: "call", or of leaves "placeholder" (fed at each run), "constant" (value: ndarray) and "variable"
    (value: Variable, read before the closing block writes it).
    label: the user's word for where it stands (path of layers).  number: order of creation.
    """

    __slots__ = ("inputs", "kind", "label", "number", "outputs", "primitive", "value")

    def __init__(
        self,
        kind: str,
        primitive: Primitive | None,
        inputs: Sequence[Symbol],
        specs: Sequence[Spec],
        label: str = "",
        value: Any = None,
    ) -> None:
        self.kind = kind
        self.primitive = primitive
        self.inputs = tuple(inputs)
        self.label = label
        self.value = value
        self.number = next(_numbers)
        self.outputs = tuple(Symbol(self, i, spec) for i, spec in enumerate(specs))

    @property
    def stem(self) -> str:
        """Stem of the primitive; the kind of a leaf."""
        return self.primitive.stem if self.primitive is not None else self.kind

    def __repr__(self) -> str:
        return f"<{self.stem} {self.label}>"


class Symbol(Operators):
    """A tensor of the graph: a value that will exist.  Axes that are not known yet are None."""

    __slots__ = ("__weakref__", "history", "index", "node", "spec")
    # Of arrays NumPy takes the values, and compares them with an ndarray of any dtype; here it would find none.
    _of_ufunc: ClassVar = {**Operators._of_ufunc, "equal": "equal", "not_equal": "not_equal"}

    def __init__(self, node: Node, index: int, spec: Spec) -> None:
        self.node = node
        self.index = index
        self.spec = spec
        self.history: Any = None  # (layer, call, position): which layer made it, for models

    @property
    def shape(self) -> Shape:
        """Sizes, outermost axis first; None where not known."""
        return self.spec.shape

    @property
    def dtype(self) -> str:
        """Name of the dtype."""
        return self.spec.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.spec.shape)

    @property
    def name(self) -> str:
        """The label of its node."""
        return self.node.label

    def __bool__(self) -> bool:
        raise SymbolError(
            "a symbol has no value yet: `if` and `while` cannot look at it while a model is being built. "
            "Compute with fastconv.ops, or call the model on arrays."
        )

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise self._no_value("NumPy and TensorFlow functions cannot take it")

    def __float__(self) -> float:
        raise self._no_value("it is no number")

    def __int__(self) -> int:
        raise self._no_value("it is no number")

    __index__ = __int__

    def __iter__(self) -> Any:
        raise self._no_value("it cannot be looped over")

    def __getitem__(self, index: Any) -> Any:
        raise SymbolError(
            f"symbol '{self.name}' {self.shape} cannot be cut: slices are not supported yet. Cut the arrays before they go "
            "into the model, or give it several inputs."
        )

    def _no_value(self, so: str) -> SymbolError:
        return SymbolError(
            f"symbol '{self.name}' {self.shape} has no value yet: {so}. Use fastconv.ops, or call the model on arrays."
        )

    def __repr__(self) -> str:
        return f"<Symbol {self.name or self.node.stem} {self.dtype} {self.shape}>"


def placeholder(shape: Shape, dtype: str = "float32", name: str = "") -> Symbol:
    """A symbol that is fed at each run."""
    return Node("placeholder", None, (), (Spec(dtype, tuple(shape)),), name).outputs[0]


def constant(value: Any, dtype: str | None = None) -> Symbol:
    """A symbol with a value that never changes (float64 becomes float32)."""
    array = np.asarray(value)
    if dtype is None:
        dtype = "float32" if array.dtype == np.float64 else array.dtype.name
    array = np.ascontiguousarray(array, dtype).reshape(array.shape)
    return Node("constant", None, (), (Spec(dtype, array.shape),), "", array).outputs[0]
