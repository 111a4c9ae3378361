"""Curves of a training run: one panel for each quantity, training and validation in it."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fastconv.runtime.errors import ArgumentError
from fastconv.utils.folders import writing

_WIDTH, _HEIGHT = 560, 400  # one panel, pixels
_LEFT, _RIGHT, _TOP, _BOTTOM = 68, 24, 44, 52  # margins around its axes
_INK, _GRID = (40, 40, 40), (222, 222, 222)
_COLOURS = {"training": (31, 119, 180), "validation": (214, 92, 24)}


def curves(history: Any, path: str | os.PathLike[str] | None = None) -> Any:
    """Draws loss and metrics over the epochs, and returns the Pillow image.

    Args:
        history: what `fit` returned, or its `history`: a list of one number an epoch for each name.
            `val_loss` is drawn into the panel of `loss`.
        path: also writes the picture there (the suffix names the format).
    Raises:
        ArgumentError: there is no epoch to draw.

    >>> curves({"loss": [0.7, 0.5], "val_loss": [0.7, 0.6]}).size
    (560, 400)
    """
    from PIL import Image, ImageDraw

    recorded: Mapping[str, Sequence[float]] = getattr(history, "history", history)
    if not isinstance(recorded, Mapping):
        raise ArgumentError(
            f"curves: expected what fit returned; came {history!r}. Write history = model.fit(...)."
        )
    panels = _panels(recorded)
    if not panels:
        raise ArgumentError(
            f"curves: expected at least one epoch of numbers; came {dict(recorded)}. Call it after `fit`."
        )
    image = Image.new("RGB", (_WIDTH * len(panels), _HEIGHT), "white")
    pen = ImageDraw.Draw(image)
    for i, (name, lines) in enumerate(panels.items()):
        _Panel(pen, i * _WIDTH, name, lines).draw()
    if path is not None:
        with writing("curves", path):
            image.save(path)
    return image


def _panels(recorded: Mapping[str, Sequence[float]]) -> dict[str, dict[str, Sequence[float]]]:
    """name -> {"training": values, "validation": values}; `acc` and the learning rate repeat others or are no score."""
    panels: dict[str, dict[str, Sequence[float]]] = {}
    for key, values in recorded.items():
        name, kind = (key[4:], "validation") if key.startswith("val_") else (key, "training")
        repeated = name == "acc" and "accuracy" in recorded
        if len(values) and not repeated and name not in ("lr", "learning_rate"):
            panels.setdefault(name, {})[kind] = values
    return panels


class _Scale(NamedTuple):
    """Values `low` to `high`, marked every `step`."""

    low: float
    high: float
    step: float

    def ticks(self) -> list[float]:
        return [self.low + i * self.step for i in range(round((self.high - self.low) / self.step) + 1)]


def round_scale(low: float, high: float, marks: int = 5) -> _Scale:
    """The scale with about `marks` round steps (1, 2 or 5 times a power of ten) that holds low and high.

    >>> round_scale(0.13, 0.72)
    _Scale(low=0.1, high=0.8, step=0.1)
    """
    if high <= low:
        low, high = low - 0.5, low + 0.5
    rough = (high - low) / marks
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((f * power for f in (1, 2, 5, 10)), key=lambda s: abs(math.log(s / rough)))
    return _Scale(
        round(math.floor(low / step + 1e-9) * step, 12), round(math.ceil(high / step - 1e-9) * step, 12), step
    )


class _Panel:
    def __init__(self, pen: Any, left: int, name: str, lines: Mapping[str, Sequence[float]]) -> None:
        from PIL import ImageFont

        self.pen, self.name, self.lines = pen, name, lines
        self.font, self.title = ImageFont.load_default(13), ImageFont.load_default(16)
        self.x0, self.x1 = left + _LEFT, left + _WIDTH - _RIGHT
        self.y0, self.y1 = _HEIGHT - _BOTTOM, _TOP
        values = [v for line in lines.values() for v in line if math.isfinite(v)] or [0.0]
        self.scale = round_scale(min(values), max(values))
        self.epochs = max(len(line) for line in lines.values())

    def draw(self) -> None:
        self._axes()
        for kind, values in self.lines.items():
            self._line(values, _COLOURS[kind])
        self._legend()

    def _x(self, epoch: float) -> float:
        # A single epoch stands in the middle.
        part = (epoch - 1) / (self.epochs - 1) if self.epochs > 1 else 0.5
        return self.x0 + part * (self.x1 - self.x0)

    def _y(self, value: float) -> float:
        return self.y0 + (value - self.scale.low) / (self.scale.high - self.scale.low) * (self.y1 - self.y0)

    def _axes(self) -> None:
        middle = (self.x0 + self.x1) / 2
        self.pen.text((middle, 18), self.name, fill=_INK, font=self.title, anchor="mm")
        digits = max(0, -math.floor(math.log10(self.scale.step) + 1e-9))
        for value in self.scale.ticks():
            y = self._y(value)
            self.pen.line([(self.x0, y), (self.x1, y)], fill=_GRID)
            self.pen.text((self.x0 - 8, y), f"{value:.{digits}f}", fill=_INK, font=self.font, anchor="rm")
        stride = max(1, math.ceil(self.epochs / 10))
        for epoch in range(1, self.epochs + 1):
            if epoch % stride == 0 or epoch == 1:
                x = self._x(epoch)
                self.pen.line([(x, self.y0), (x, self.y0 + 4)], fill=_INK)
                self.pen.text((x, self.y0 + 8), str(epoch), fill=_INK, font=self.font, anchor="mt")
        self.pen.line([(self.x0, self.y1), (self.x0, self.y0), (self.x1, self.y0)], fill=_INK)
        self.pen.text((middle, _HEIGHT - 16), "epoch", fill=_INK, font=self.font, anchor="mm")

    def _line(self, values: Sequence[float], colour: tuple[int, int, int]) -> None:
        # A value that is not finite leaves a gap.
        previous = None
        for epoch, value in enumerate(values, start=1):
            here = (self._x(epoch), self._y(value)) if math.isfinite(value) else None
            if here:
                self.pen.ellipse([here[0] - 2.5, here[1] - 2.5, here[0] + 2.5, here[1] + 2.5], fill=colour)
            if here and previous:
                self.pen.line([previous, here], fill=colour, width=2)
            previous = here

    def _legend(self) -> None:
        # Below the axes, so that it never covers a curve.
        x = self.x1
        for kind in reversed(list(self.lines)):
            width = self.pen.textlength(kind, font=self.font)
            self.pen.text((x - width, _HEIGHT - 16), kind, fill=_INK, font=self.font, anchor="lm")
            self.pen.line(
                [(x - width - 26, _HEIGHT - 16), (x - width - 6, _HEIGHT - 16)], fill=_COLOURS[kind], width=3
            )
            x -= width + 40
