"""Where a model begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastconv import graph
from fastconv.graph import Symbol
from fastconv.layers.arguments import checked_shape, whole
from fastconv.layers.layer import Call, Layer
from fastconv.runtime.errors import ArgumentError


class InputLayer(Layer):
    """The beginning of a model: says the shape of one sample.

    Args:  shape: without the batch axis (also spelled `input_shape`); None for an axis that may vary.
        dtype: what the model computes with, default float32; other data is cast to it.
    """

    config_names = ("batch_shape",)

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        batch_shape: Sequence[int | None] | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype or "float32", **kwargs)
        if batch_shape is None and self.batch_input_shape is not None:
            batch_shape = self.batch_input_shape
        if batch_shape is None:
            if shape is None:
                raise ArgumentError("Input: expected shape=(height, width, channels); came none.")
            if batch_size is not None:
                whole("Input", "batch_size", batch_size)
            batch_shape = (None, *checked_shape("Input", shape))
        self.batch_input_shape = None
        # The batch may always vary here: plans are made for the batches that come.
        self.batch_shape: tuple[int | None, ...] = (None, *checked_shape("Input", batch_shape)[1:])
        self.built = True
        symbol = graph.placeholder(self.batch_shape, self.dtype, self.name)
        call = Call(self, (), {}, symbol)
        self._calls.append(call)
        symbol.history = (self, call, 0)

    @property
    def output(self) -> Symbol:
        """The symbol that stands for the input."""
        return self._calls[0].outputs

    @property
    def input(self) -> Symbol:
        """The same symbol."""
        return self._calls[0].outputs

    def call(self) -> Any:
        raise ArgumentError(f"input layer '{self.name}' has no input of its own to be called on.")


def Input(
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
    **kwargs: Any,
) -> Symbol:
    """A symbol to call layers on: the input of a model.

    Args:  shape: of one sample, without the batch axis, such as (150, 150, 3); None for an axis that may vary.
        dtype: default float32.  name: default 'input_layer'.
    Raises:  ArgumentError: no shape.

    >>> Input((28, 28, 1)).shape
    (None, 28, 28, 1)
    """
    return InputLayer(shape, batch_size, dtype, batch_shape, name, **kwargs).output
