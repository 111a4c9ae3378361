"""A model looks at its input before any layer does."""

from __future__ import annotations

from collections.abc import Sequence

from fastconv.runtime.errors import ShapeError

Shape = tuple[int | None, ...]


def shape_text(shape: Sequence[int | None]) -> str:
    """(n, 150, 150, 3): the batch axis as n, other unknown axes as None."""
    sizes = ["n" if i == 0 and size is None else str(size) for i, size in enumerate(shape)]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def input_problem(expected: Shape, came: Shape, input_name: str = "") -> str | None:
    """What is wrong with the shape of an input, and what to do; None if it fits.

    expected: with the batch axis (None).  came: as it came; batch None where a model is being described.
    """
    if _fits(expected, came):
        return None
    into = f" for '{input_name}'" if input_name else ""
    return f"expected {shape_text(expected)}{into}; came {shape_text(came)}{_advice(expected, came)}"


def fits_without_channel(expected: Shape, came: Shape) -> bool:
    """True if `came` lacks only a channel axis of size 1."""
    return len(came) == len(expected) - 1 and expected[-1] == 1 and _fits(expected[:-1], came)


def _fits(expected: Sequence[int | None], came: Sequence[int | None]) -> bool:
    if len(expected) != len(came):
        return False
    return all(e is None or c is None or e == c for e, c in zip(expected[1:], came[1:], strict=True))


def _advice(expected: Shape, came: Shape) -> str:
    if len(came) == len(expected) - 1:
        if _fits((None, *expected[1:]), (None, *came)):
            return ". One picture: `x[None]`." if len(expected) == 4 else ". One sample: `x[None]`."
        if len(expected) == 4 and _fits(expected[:-1], came):
            return f". Grey? `np.repeat(x[..., None], {expected[-1]}, -1)`."
    if len(expected) == 4 and len(came) == 4:
        return _picture_advice(expected, came)
    if len(expected) == 2 and len(came) > 2:
        return ". The model begins with Dense: flatten the pictures, `x.reshape(len(x), -1)`."
    return ". Check input_shape of the model and the shape of the data."


def _picture_advice(expected: Shape, came: Shape) -> str:
    if _fits(expected, (came[0], came[2], came[3], came[1])):
        return ": channels come last here. `np.moveaxis(x, 1, -1)`."
    if expected[-1] != came[-1]:
        if (expected[-1], came[-1]) == (3, 4):
            return ": 4 channels, the last is alpha. `x[..., :3]` or `color_mode='rgb'`."
        if (expected[-1], came[-1]) == (3, 1):
            return ": the pictures are grey. `color_mode='rgb'` or `np.repeat(x, 3, -1)`."
        if (expected[-1], came[-1]) == (1, 3):
            return ": the pictures have colours. `color_mode='grayscale'`."
        return f": {expected[-1]} channels are expected, {came[-1]} came."
    return f". Resize to {expected[1]}x{expected[2]} (`target_size=({expected[1]}, {expected[2]})`)."


def checked(model_name: str, expected: Shape, came: Shape, input_name: str = "") -> None:
    """Raises ShapeError if the input does not fit."""
    problem = input_problem(expected, came, input_name)
    if problem is not None:
        raise ShapeError(f"model '{model_name}': {problem}")
