"""Activations as layers."""

from __future__ import annotations

from typing import Any

from fastconv import activations, primitives
from fastconv.layers.layer import Layer
from fastconv.runtime.errors import ArgumentError


class Activation(Layer):
    """A function of each value, or of each row.

    Args:  activation: a name ("relu", "sigmoid", "softmax", ...) or a function of `fastconv.ops`.
    """

    config_names = ("activation",)

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        x = self._cast(inputs)
        return x if self.activation is None else self.activation(x)


class ReLU(Layer):
    """max(x, 0), NaN passed on.

    Args:  max_value: upper limit, default none; 6 makes ReLU6.  negative_slope: of what lies below the threshold,
        default 0.  threshold: below it, values are negative_slope * (x - threshold); default 0.
    Raises:  ArgumentError: a negative number.
    """

    config_names = ("max_value", "negative_slope", "threshold")

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else float(max_value)
        self.negative_slope, self.threshold = float(negative_slope or 0), float(threshold or 0)
        if min(self.max_value or 0, self.negative_slope, self.threshold) < 0:
            raise ArgumentError(
                f"ReLU: expected numbers from 0 up; came max_value={max_value}, negative_slope={negative_slope}, "
                f"threshold={threshold}."
            )

    def call(self, inputs: Any) -> Any:
        x = self._cast(inputs)
        y = primitives.Relu()(x)
        if self.threshold:
            y = y * primitives.Cast("float32")(x > self.threshold)
        if self.max_value is not None:
            y = primitives.Minimum()(y, self.max_value)
        return y - self.negative_slope * primitives.Relu()(self.threshold - x) if self.negative_slope else y


class Softmax(Layer):
    """exp(x) / sum of exp(x) over the last axis.

    Args:  axis: -1 only.
    """

    config_names = ()

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if axis != -1:
            raise ArgumentError(
                f"Softmax: expected axis=-1, the only one here; came {axis}. Permute before it."
            )

    def call(self, inputs: Any) -> Any:
        return activations.get("softmax")(self._cast(inputs))
