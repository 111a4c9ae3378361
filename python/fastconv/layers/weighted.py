"""What Dense and Conv2D share: kernel, bias, activation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastconv import activations, initializers, primitives
from fastconv.layers.layer import Layer
from fastconv.runtime.variable import Variable


class WeightedLayer(Layer):
    """A layer with a kernel, perhaps a bias, and an activation behind it."""

    dtypes = ("float32",)

    def __init__(
        self,
        activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        bias_initializer: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias: Variable | None = None

    def _make_weights(self, kernel_shape: Sequence[int], outputs: int) -> None:
        self.kernel = self.add_weight(kernel_shape, self.kernel_initializer, name="kernel")
        if self.use_bias:
            self.bias = self.add_weight((outputs,), self.bias_initializer, name="bias")

    def _finish(self, x: Any) -> Any:
        """Bias and activation; the compiler makes them part of the heavy step."""
        if self.bias is not None:
            x = primitives.Add()(x, self.bias)
        return x if self.activation is None else self.activation(x)
