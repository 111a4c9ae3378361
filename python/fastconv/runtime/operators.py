"""Python's operators for arrays, variables and symbols.  What they mean is installed from above (`graph`)."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from fastconv.runtime.errors import ArgumentError

_of_ufunc = {  # NumPy's names of the operations that have an operator
    "add": "add",
    "subtract": "subtract",
    "multiply": "multiply",
    "divide": "divide",
    "true_divide": "divide",
    "less": "less",
    "less_equal": "less_equal",
    "greater": "greater",
    "greater_equal": "greater_equal",
}
_apply: Callable[[str, tuple[Any, ...]], Any] | None = None


def install(apply: Callable[[str, tuple[Any, ...]], Any]) -> None:
    """Tells the operators what they mean: apply(name of the operation, operands)."""
    global _apply
    _apply = apply


def _operate(name: str, *operands: Any) -> Any:
    if _apply is None:
        importlib.import_module("fastconv.compiler")
    assert _apply is not None
    return _apply(name, operands)


class Operators:
    """`+ - * /`, squares and square roots, negation and comparisons; the other operand may be a number or an array."""

    __slots__ = ()
    __hash__ = object.__hash__
    _of_ufunc: ClassVar = _of_ufunc

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """`ndarray + x` is ours, as `x + ndarray` is; NumPy's other functions take the values, which symbols have not."""
        name = self._of_ufunc.get(ufunc.__name__)
        if name is not None and method == "__call__" and not options:
            return _operate(name, *inputs)
        values = [np.asarray(v) if isinstance(v, Operators) else v for v in inputs]
        return getattr(ufunc, method)(*values, **options)

    def __add__(self, other: Any) -> Any:
        return _operate("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _operate("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return _operate("subtract", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _operate("subtract", other, self)

    def __mul__(self, other: Any) -> Any:
        return _operate("multiply", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _operate("multiply", other, self)

    def __truediv__(self, other: Any) -> Any:
        return _operate("divide", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _operate("divide", other, self)

    def __pow__(self, exponent: Any) -> Any:
        """The square or the square root."""
        if exponent == 2:
            return _operate("multiply", self, self)
        if exponent == 0.5:
            return _operate("sqrt", self)
        raise ArgumentError(
            f"**: expected the exponent 2 or 0.5; came {exponent!r}. Multiply, or use ops.exp({exponent} * ops.log(x))."
        )

    def __neg__(self) -> Any:
        return _operate("multiply", self, -1)

    def __eq__(self, other: Any) -> Any:
        """Compares the values with those of another tensor or with a number; with anything else, as Python does."""
        comparable = isinstance(other, (Operators, int, float, np.number))
        return _operate("equal", self, other) if comparable else NotImplemented

    def __ne__(self, other: Any) -> Any:
        comparable = isinstance(other, (Operators, int, float, np.number))
        return _operate("not_equal", self, other) if comparable else NotImplemented

    def __lt__(self, other: Any) -> Any:
        return _operate("less", self, other)

    def __le__(self, other: Any) -> Any:
        return _operate("less_equal", self, other)

    def __gt__(self, other: Any) -> Any:
        return _operate("greater", self, other)

    def __ge__(self, other: Any) -> Any:
        return _operate("greater_equal", self, other)
