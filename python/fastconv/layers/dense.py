"""Every output from every input."""

from __future__ import annotations

from typing import Any

from fastconv import primitives
from fastconv.layers.arguments import refuse_unsupported, whole
from fastconv.layers.layer import with_old_names
from fastconv.layers.weighted import WeightedLayer


@with_old_names
class Dense(WeightedLayer):
    """activation(x kernel + bias): x (..., d) -> (..., units).

    Args:  units: number of outputs.  activation: name or function, default none.  use_bias: default True.
        kernel_initializer, bias_initializer: default "glorot_uniform" and "zeros" (Keras's).
        input_dim: for the first layer, the same as `input_shape=(input_dim,)`.
    Raises:  ShapeError: the last axis is not known, or not the one that the weights were made for.

    >>> import numpy as np
    >>> Dense(3)(np.ones((2, 4), "float32")).shape
    (2, 3)
    """

    config_names = ("units", "activation", "use_bias", "kernel_initializer", "bias_initializer")

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        input_dim: int | None = None,
        **kwargs: Any,
    ) -> None:
        refuse_unsupported(locals())
        if input_dim is not None:
            kwargs.setdefault("input_shape", (input_dim,))
        super().__init__(activation, use_bias, kernel_initializer, bias_initializer, **kwargs)
        self.units = whole("Dense", "units", units)

    def build(self, input_shape: Any) -> None:
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise self._shape_error(
                f"expected an input of at least 2 axes with a known last one; came {tuple(input_shape)}. "
                "Put Flatten() before it and give the model's input a full shape."
            )
        self._make_weights((input_shape[-1], self.units), self.units)

    def call(self, inputs: Any) -> Any:
        x = self._cast(inputs)
        if x.shape[-1] != self.kernel.shape[0]:
            raise self._shape_error(
                f"expected {self.kernel.shape[0]} values on the last axis; came {x.shape}. "
                "Its weights were made for another size of input."
            )
        rows = x if x.ndim == 2 else primitives.Reshape((-1, x.shape[-1]))(x)
        y = self._finish(primitives.Dense()(rows, self.kernel))
        return y if x.ndim == 2 else self._unflattened(y, x.shape)

    def _unflattened(self, y: Any, shape: tuple[int | None, ...]) -> Any:
        if any(size is None for size in shape[1:-1]):
            raise self._shape_error(
                f"expected known sizes; came {shape}. Give the model's input a full shape."
            )
        return primitives.Reshape((-1, *shape[1:-1], self.units))(y)
