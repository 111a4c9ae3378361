"""Element by element: arithmetic, comparisons, functions of one number."""

from __future__ import annotations

from typing import Any

from fastconv import primitives
from fastconv.ops.values import cast, floats, pair, value


def add(x1: Any, x2: Any) -> Any:
    """x1 + x2, with NumPy's broadcasting."""
    return primitives.Add()(*pair(x1, x2))


def subtract(x1: Any, x2: Any) -> Any:
    """x1 - x2, with NumPy's broadcasting."""
    return primitives.Subtract()(*pair(x1, x2))


def multiply(x1: Any, x2: Any) -> Any:
    """x1 * x2, with NumPy's broadcasting."""
    return primitives.Multiply()(*pair(x1, x2))


def divide(x1: Any, x2: Any) -> Any:
    """x1 / x2 in float32, with NumPy's broadcasting."""
    return primitives.Divide()(*pair(floats(x1), floats(x2)))


true_divide = divide


def maximum(x1: Any, x2: Any) -> Any:
    """The larger of x1 and x2, with broadcasting; NaN wherever one is NaN."""
    return primitives.Maximum()(*pair(x1, x2))


def minimum(x1: Any, x2: Any) -> Any:
    """The smaller of x1 and x2, with broadcasting; NaN wherever one is NaN."""
    return primitives.Minimum()(*pair(x1, x2))


def clip(x: Any, x_min: float, x_max: float) -> Any:
    """x, at least x_min and at most x_max."""
    return minimum(maximum(x, x_min), x_max)


def negative(x: Any) -> Any:
    """-x."""
    return multiply(x, -1)


def square(x: Any) -> Any:
    """x * x."""
    return primitives.Square()(floats(x))


def sqrt(x: Any) -> Any:
    """The root of x; NaN below 0."""
    return primitives.Sqrt()(floats(x))


def absolute(x: Any) -> Any:
    """|x|."""
    return primitives.Abs()(floats(x))


def exp(x: Any) -> Any:
    """e to the x."""
    return primitives.Exp()(floats(x))


def log(x: Any) -> Any:
    """The natural logarithm of x."""
    return primitives.Log()(floats(x))


def equal(x1: Any, x2: Any) -> Any:
    """Whether x1 == x2, bool."""
    return primitives.Compare("equal")(*pair(x1, x2))


def not_equal(x1: Any, x2: Any) -> Any:
    """Whether x1 != x2, bool."""
    return primitives.Compare("not_equal")(*pair(x1, x2))


def less(x1: Any, x2: Any) -> Any:
    """Whether x1 < x2, bool."""
    return primitives.Compare("less")(*pair(x1, x2))


def less_equal(x1: Any, x2: Any) -> Any:
    """Whether x1 <= x2, bool."""
    return primitives.Compare("less_equal")(*pair(x1, x2))


def greater(x1: Any, x2: Any) -> Any:
    """Whether x1 > x2, bool."""
    return primitives.Compare("greater")(*pair(x1, x2))


def greater_equal(x1: Any, x2: Any) -> Any:
    """Whether x1 >= x2, bool."""
    return primitives.Compare("greater_equal")(*pair(x1, x2))


def logical_not(x: Any) -> Any:
    """Whether x is 0 or False."""
    return equal(cast(value(x), "uint8"), 0)
