"""Python's operators for arrays, variables and symbols.  What they mean is installed from above (`graph`)."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

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
    """`+ - * /`, negation and comparisons; the other operand may be a number or an array."""

    __slots__ = ()
    __array_ufunc__ = None  # NumPy leaves `ndarray + Array` to us
    __hash__ = object.__hash__

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

    def __neg__(self) -> Any:
        return _operate("multiply", self, -1)

    def __lt__(self, other: Any) -> Any:
        return _operate("less", self, other)

    def __le__(self, other: Any) -> Any:
        return _operate("less_equal", self, other)

    def __gt__(self, other: Any) -> Any:
        return _operate("greater", self, other)

    def __ge__(self, other: Any) -> Any:
        return _operate("greater_equal", self, other)
