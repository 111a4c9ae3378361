"""A step as one line of text, as FASTCONV_VERBOSE=1 prints it and `bench/op.py --step` takes it back.

    conv2d_pooled 20x150x150x3,3x3x3x32,32 bias=True
    compare 20x1,20x1:int64 relation=equal

Stem, shapes of the inputs by comma (`:dtype` behind one that is not float32; `scalar` without axes), and the
attributes that differ from their defaults.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Sequence
from typing import Any

from fastconv.primitives.base import Primitive, Spec, primitive_class
from fastconv.runtime.errors import ArgumentError


def step_notation(primitive: Primitive, inputs: Sequence[Any]) -> str:
    """The line of a primitive on inputs that have a dtype and a shape."""
    shapes = ",".join(_shape_text(spec) for spec in inputs)
    changed = [
        f"{field.name}={str(getattr(primitive, field.name)).replace(' ', '')}"
        for field in dataclasses.fields(primitive)
        if getattr(primitive, field.name) != field.default
    ]
    return " ".join([primitive.stem, shapes, *changed])


def read_step(text: str) -> tuple[Primitive, list[Spec]]:
    """The primitive and the specs of its inputs; raises ArgumentError."""
    words = text.split()
    try:
        stem, shapes, *attributes = words
        pairs = [attribute.split("=", 1) for attribute in attributes]
        primitive = primitive_class(stem)(**{name: _value(value) for name, value in pairs})
        return primitive, [_spec(shape) for shape in shapes.split(",")]
    except (ImportError, TypeError, ValueError) as error:
        raise ArgumentError(
            f"step: expected 'stem shapes attributes', such as 'relu 8x28x28x64'; came {text!r} ({error}). "
            "Copy a line that FASTCONV_VERBOSE=1 prints, without device, implementation and time."
        ) from None


def _shape_text(spec: Any) -> str:
    text = "x".join(map(str, spec.shape)) or "scalar"
    return text if spec.dtype == "float32" else f"{text}:{spec.dtype}"


def _spec(text: str) -> Spec:
    shape, _, dtype = text.partition(":")
    return Spec(dtype or "float32", () if shape == "scalar" else tuple(map(int, shape.split("x"))))


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
