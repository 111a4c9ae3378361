"""Several tensors become one."""

from __future__ import annotations

from typing import Any

from fastconv import primitives
from fastconv.layers.layer import Layer
from fastconv.runtime.errors import ArgumentError


class _Merge(Layer):
    config_names = ()

    def _merged(self, a: Any, b: Any) -> Any:
        raise NotImplementedError

    def call(self, inputs: Any) -> Any:
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ArgumentError(f"{self._where()}: expected a list of two tensors or more; came {inputs!r}.")
        self._check([tuple(tensor.shape) for tensor in inputs])
        result = self._cast(inputs[0])
        for other in inputs[1:]:
            result = self._merged(result, self._cast(other))
        return result

    def _check(self, shapes: list[tuple[Any, ...]]) -> None:
        for other in shapes[1:]:
            for a, b in zip(reversed(shapes[0]), reversed(other), strict=False):
                if a != b and None not in (a, b) and 1 not in (a, b):
                    raise self._shape_error(
                        f"expected like shapes; came {shapes[0]} and {other}. {_advice(shapes[0], other)}"
                    )


def _advice(a: tuple[Any, ...], b: tuple[Any, ...]) -> str:
    if len(a) == 4 and len(b) == 4 and a[1:3] == b[1:3]:
        wider = max(a[-1], b[-1])
        return f"Put a 1x1 Conv2D({wider}) on the shortcut."
    if len(a) == 4 and len(b) == 4:
        return "One side lacks padding='same' or strides=1."
    return "Bring both to one shape first."


class Add(_Merge):
    """Sum of two or more tensors of like shapes: `Add()([a, b])`.

    Raises:  ShapeError: shapes that differ.
    """

    def _merged(self, a: Any, b: Any) -> Any:
        return primitives.Add()(a, b)


class Multiply(_Merge):
    """Product, element by element, of two or more tensors of like shapes: `Multiply()([a, b])`.

    Raises:  ShapeError: shapes that differ.
    """

    def _merged(self, a: Any, b: Any) -> Any:
        return primitives.Multiply()(a, b)


def add(inputs: Any, **kwargs: Any) -> Any:
    """Sum of a list of tensors: `Add(**kwargs)(inputs)`."""
    return Add(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """Product of a list of tensors: `Multiply(**kwargs)(inputs)`."""
    return Multiply(**kwargs)(inputs)
