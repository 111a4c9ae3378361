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

    Args:  max_value: upper limit, default none; 6 makes ReLU6.  negative_slope, threshold: 0 only (Keras's default).
    Raises:  ArgumentError: another slope or threshold.
    """

    config_names = ("max_value",)

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if negative_slope or threshold:
            raise ArgumentError(
                f"ReLU: expected negative_slope=0 and threshold=0, others are not supported; came {negative_slope} "
                f"and {threshold}."
            )
        self.max_value = None if max_value is None else float(max_value)

    def call(self, inputs: Any) -> Any:
        x = primitives.Relu()(self._cast(inputs))
        return x if self.max_value is None else primitives.Minimum()(x, self.max_value)


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
