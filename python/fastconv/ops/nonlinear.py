"""Nonlinear functions: of each value, and softmax of each row."""

from __future__ import annotations

from typing import Any

from fastconv import primitives
from fastconv.ops import arithmetic
from fastconv.ops.values import floats
from fastconv.runtime.errors import ArgumentError


def linear(x: Any) -> Any:
    """x."""
    return x


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None) -> Any:
    """max(x, 0), NaN passed on.

    Args:  negative_slope: factor below 0, default 0.  max_value: upper limit, default none.
    """
    x = floats(x)
    positive = primitives.Relu()(x)
    if negative_slope:
        below = primitives.Relu()(arithmetic.negative(x))
        positive = arithmetic.subtract(positive, arithmetic.multiply(below, float(negative_slope)))
    return positive if max_value is None else arithmetic.minimum(positive, float(max_value))


def relu6(x: Any) -> Any:
    """min(max(x, 0), 6)."""
    return relu(x, max_value=6.0)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x above 0, negative_slope * x below."""
    return relu(x, negative_slope=negative_slope)


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return primitives.Sigmoid()(floats(x))


def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / sum(exp(x)) over the last axis.

    Raises:  ArgumentError: another axis.
    """
    x = floats(x)
    if axis not in (-1, len(x.shape) - 1):
        raise ArgumentError(f"softmax: expected the last axis; came axis {axis} of {tuple(x.shape)}.")
    return primitives.Softmax()(x)


def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return primitives.Tanh()(floats(x))


def exponential(x: Any) -> Any:
    """exp(x)."""
    return arithmetic.exp(x)


def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    x = floats(x)
    return arithmetic.divide(x, arithmetic.add(arithmetic.absolute(x), 1.0))


def softplus(x: Any) -> Any:
    """log(1 + exp(x)), as max(x, 0) + log(1 + exp(-|x|)) so that it does not overflow."""
    x = floats(x)
    rest = arithmetic.log(arithmetic.add(arithmetic.exp(arithmetic.negative(arithmetic.absolute(x))), 1.0))
    return arithmetic.add(relu(x), rest)


def silu(x: Any) -> Any:
    """x * sigmoid(x), also called swish."""
    x = floats(x)
    return arithmetic.multiply(x, sigmoid(x))


swish = silu


def hard_sigmoid(x: Any) -> Any:
    """x / 6 + 0.5, cut to 0..1 (Keras 3; Keras 2 had 0.2 x + 0.5)."""
    return arithmetic.clip(primitives.Rescale(scale=1.0 / 6.0, offset=0.5)(floats(x)), 0.0, 1.0)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x above 0, alpha * (exp(x) - 1) below."""
    x = floats(x)
    below = primitives.Rescale(scale=alpha, offset=-alpha)(arithmetic.exp(arithmetic.minimum(x, 0.0)))
    return arithmetic.add(relu(x), below)
