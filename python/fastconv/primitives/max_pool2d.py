"""max_pool2d: the largest value of each window, and where in the window it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from fastconv.primitives.base import Cost, Primitive, Spec
from fastconv.runtime.errors import ShapeError

LARGEST_WINDOW = 255  # pixels: their number is kept in a byte


@dataclass(frozen=True, kw_only=True)
class PoolGeometry(Primitive):
    """What pooling and its gradient share: window, stride and padding, all in pixels."""

    window_h: int
    window_w: int
    stride_h: int
    stride_w: int
    pad_top: int = 0
    pad_bottom: int = 0
    pad_left: int = 0
    pad_right: int = 0

    def geometry(self) -> dict[str, int]:
        """The shared attributes by name."""
        return {field.name: getattr(self, field.name) for field in fields(PoolGeometry)}

    def output_size(self, h: int | None, w: int | None) -> tuple[int | None, int | None]:
        """Rows and columns of windows over an image of h x w; raises ShapeError."""
        return (
            self._windows("height", h, self.window_h, self.stride_h, self.pad_top, self.pad_bottom),
            self._windows("width", w, self.window_w, self.stride_w, self.pad_left, self.pad_right),
        )

    def _windows(
        self, axis: str, size: int | None, window: int, stride: int, before: int, behind: int
    ) -> int | None:
        if max(before, behind) >= window:
            raise ShapeError(
                f"{self.stem}: expected less padding than the window's {window} pixels of {axis}, "
                f"came {max(before, behind)}."
            )
        if size is None:
            return None
        if size + before + behind < window:
            padded = f" ({size} and {before + behind} of padding)" if before + behind else ""
            raise ShapeError(
                f"{self.stem}: expected an input of at least the window's {window} pixels of {axis}, "
                f"came {size + before + behind}{padded}."
            )
        return (size + before + behind - window) // stride + 1


@dataclass(frozen=True, kw_only=True)
class MaxPool2d(PoolGeometry):
    """Largest value of each window: x (n, h, w, c) -> y (n, p, q, c), and argmax (n, p, q, c), uint8: the number
    r * window_w + s of the first maximum in its window.

    A NaN counts as a maximum and passes on; pixels of the padding never win.
    """

    stem: ClassVar[str] = "max_pool2d"

    def shapes(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        x = inputs[0]
        if len(x.shape) != 4:
            raise ShapeError(
                f"max_pool2d: expected an input of 4 axes (batch, height, width, channels), came {x.shape}."
            )
        if self.window_h * self.window_w > LARGEST_WINDOW:
            raise ShapeError(
                f"max_pool2d: expected a window of at most {LARGEST_WINDOW} pixels, "
                f"came {self.window_h} x {self.window_w}."
            )
        n, h, w, c = x.shape
        shape = (n, *self.output_size(h, w), c)
        return Spec(x.dtype, shape), Spec("uint8", shape)

    def gradient(
        self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]
    ) -> tuple[Any, ...]:
        from fastconv.primitives.max_pool2d_gradient import MaxPool2dGradient

        h, w = inputs[0].shape[1:3]
        rule = MaxPool2dGradient(**self.geometry(), input_h=h, input_w=w, relu=False)
        return (rule(gradients[0], outputs[1]),)

    def cost(self, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Cost:
        moved = inputs[0].nbytes + sum(o.nbytes for o in outputs)
        return Cost(float(outputs[0].size * self.window_h * self.window_w), float(moved))
