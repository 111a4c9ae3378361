"""Drawn cat and dog faces: a labelled set that needs no download, for trying the whole way from folder to classifier.

Each face is drawn from random numbers keyed by (seed, index), so that picture 17 is the same picture whatever else
is drawn.  Every single trait overlaps (some dogs prick their ears, some cats fold them, both may have whiskers):
only the sum of the traits tells the classes apart.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

CLASS_NAMES = ("cats", "dogs")

_SUPERSAMPLING = 2  # drawn twice as large, then averaged: smooth edges
_FURS = (
    (60, 52, 48),
    (92, 70, 52),
    (139, 98, 60),
    (196, 140, 82),
    (222, 184, 135),
    (150, 150, 155),
    (232, 226, 216),
)
_IRISES = ((96, 140, 60), (180, 150, 40), (90, 130, 170), (110, 70, 40))

Point = tuple[float, float]
Colour = tuple[int, int, int]


def draw_face(label: int, seed: int, index: int, size: int = 64) -> Any:
    """One face as a Pillow image, RGB, `size` pixels square.

    Args:
        label: 0 draws a cat, 1 a dog.
        seed, index: key of the random numbers; the same pair gives the same picture.
        size: pixels on a side.

    >>> draw_face(0, seed=1, index=0, size=48).size
    (48, 48)
    """
    from PIL import Image

    rng = np.random.default_rng([seed, index])
    large = size * _SUPERSAMPLING
    image = Image.fromarray(_background(rng, large))
    _Face(rng, image, dog=bool(label)).draw()
    small = np.asarray(image.resize((size, size), Image.Resampling.BOX), dtype=np.float32)
    # Light and grain differ from picture to picture, as from photograph to photograph.
    grain = rng.standard_normal(small.shape, dtype=np.float32) * np.float32(rng.uniform(2.0, 10.0))
    small = small * np.float32(rng.uniform(0.75, 1.2)) + grain
    return Image.fromarray(np.clip(small, 0, 255).astype(np.uint8))


def load_data(count: int, seed: int = 0, size: int = 64, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """`count` faces and their labels: uint8 (n, h, w, 3) and int64 (n,), cats (0) and dogs (1) in turn.

    Args:
        count: number of pictures.
        seed: another seed draws other pictures.
        size: pixels on a side.
        first: index of the first picture; sets with disjoint indices share no picture.

    >>> x, y = load_data(4, size=32)
    >>> x.shape, y.tolist()
    ((4, 32, 32, 3), [0, 1, 0, 1])
    """
    labels = np.arange(first, first + count) % 2
    faces = [np.asarray(draw_face(int(label), seed, first + i, size)) for i, label in enumerate(labels)]
    return np.stack(faces) if faces else np.empty((0, size, size, 3), np.uint8), labels


def write_folders(
    folder: str | os.PathLike[str], train: int = 1200, validation: int = 300, seed: int = 0, size: int = 64
) -> Path:
    """Draws `train` and `validation` faces into FOLDER/train/cats/cat.0.png and so on, and returns the folder.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as made:
    ...     sorted(p.name for p in (write_folders(made, 4, 2, size=16) / "train" / "dogs").iterdir())
    ['dog.1.png', 'dog.3.png']
    """
    for part, first, count in (("train", 0, train), ("validation", train, validation)):
        for index in range(first, first + count):
            label = index % 2
            target = Path(folder) / part / CLASS_NAMES[label]
            target.mkdir(parents=True, exist_ok=True)
            face = draw_face(label, seed, index, size)
            face.save(target / f"{CLASS_NAMES[label][:-1]}.{index}.png", compress_level=1)
    return Path(folder)


def _background(rng: np.random.Generator, size: int) -> np.ndarray:
    """A slanted gradient of two colours with a few soft discs on it."""
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) / size
    angle = rng.uniform(0, 2 * math.pi)
    slope = 0.5 + 0.5 * (np.cos(angle) * (rows - 0.5) + np.sin(angle) * (columns - 0.5))
    first, second = rng.uniform(30, 230, (2, 3)).astype(np.float32)
    picture = first + slope[..., None] * (second - first)
    for _ in range(rng.integers(0, 5)):
        distance = np.hypot(rows - rng.uniform(0, 1), columns - rng.uniform(0, 1))
        weight = np.clip((rng.uniform(0.05, 0.3) - distance) * 12, 0, 1)[..., None]
        picture += weight * (rng.uniform(20, 235, 3).astype(np.float32) - picture) * 0.7
    return np.clip(picture, 0, 255).astype(np.uint8)


class _Face:
    """One head: its traits, and strokes in units of the head (x to the right, y down, the skull about 1 across)."""

    def __init__(self, rng: np.random.Generator, image: Any, dog: bool) -> None:
        from PIL import ImageDraw

        self.rng, self.dog = rng, dog
        self.pen = ImageDraw.Draw(image)
        size = image.size[0]
        angle = math.radians(rng.normal(0, 14))
        scale = size * rng.uniform(0.22, 0.36)
        flip = -1.0 if rng.random() < 0.5 else 1.0
        narrow = rng.uniform(0.82, 1.0)  # a head turned aside looks narrower
        cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
        self.matrix = (flip * narrow * cos, -sin, flip * narrow * sin, cos)
        self.middle = (size * rng.uniform(0.4, 0.6), size * rng.uniform(0.44, 0.6))
        self.look = rng.normal(0, 0.08)  # muzzle and eyes move with the turn of the head
        self.fur = self._shade(_FURS[rng.integers(len(_FURS))], 18)
        self.patch = self._shade(_FURS[rng.integers(len(_FURS))], 18)
        self.line = max(1, round(size / 96))

    def draw(self) -> None:
        pricked = self.rng.random() < (0.15 if self.dog else 0.92)
        width = self.rng.uniform(0.8, 1.0) if self.dog else self.rng.uniform(0.9, 1.12)
        height = self.rng.uniform(0.9, 1.15) if self.dog else self.rng.uniform(0.78, 0.98)
        if pricked:
            self._pricked_ears(width, height)
        self._ellipse((0, 0), (width, height), self.fur)
        self._markings(width, height)
        if not pricked:
            self._floppy_ears(width, height)
        self._eyes(width)
        self._muzzle(height)
        if self.rng.random() < (0.25 if self.dog else 0.9):
            self._whiskers()

    def _pricked_ears(self, width: float, height: float) -> None:
        tip = self.rng.uniform(1.35, 1.75) * height
        spread = self.rng.uniform(0.62, 0.85) * width
        for side in (-1, 1):
            outer, inner = (side * 0.98 * width, -0.2 * height), (side * 0.2 * width, -0.85 * height)
            top = (side * (spread + self.rng.normal(0, 0.05)), -tip)
            self._polygon([outer, top, inner], self.fur)
            middle = (side * 0.6 * width, -0.62 * height)
            small = [
                (p[0] * 0.62 + middle[0] * 0.38, p[1] * 0.62 + middle[1] * 0.38) for p in (outer, top, inner)
            ]
            self._polygon(small, self._shade((214, 150, 150), 20))

    def _floppy_ears(self, width: float, height: float) -> None:
        # A dog's hang beside the face; a cat's are small and folded on top of the head.
        length = self.rng.uniform(0.5, 0.9) if self.dog else self.rng.uniform(0.22, 0.35)
        drop = self.rng.uniform(-0.25, 0.2) if self.dog else -0.75 * height
        colour = self._darker(self.fur, self.rng.uniform(0.55, 0.85))
        for side in (-1, 1):
            tilt = side * self.rng.uniform(-0.35, 0.1)
            out = side * width * (self.rng.uniform(0.85, 1.0) if self.dog else 0.62)
            self._ellipse((out, drop), (self.rng.uniform(0.24, 0.34), length), colour, tilt)

    def _markings(self, width: float, height: float) -> None:
        kind = self.rng.integers(4)
        if kind == 0:
            self._ellipse((self.rng.choice([-1, 1]) * 0.4 * width, -0.25), (0.36, 0.4), self.patch)
        elif kind == 1:
            self._ellipse((0, -0.35 * height), (0.14, 0.6 * height), self.patch)
        elif kind == 2:
            for x in (-0.25, 0.0, 0.25):
                stripe = [(x * width, -0.95 * height), (x * width * 0.7, -0.5 * height)]
                self._stroke(stripe, self._darker(self.fur, 0.6), 2)

    def _eyes(self, width: float) -> None:
        apart, up = self.rng.uniform(0.34, 0.46) * width, self.rng.uniform(-0.32, -0.12)
        open_ = self.rng.uniform(0.6, 1.0)
        iris = self._shade(_IRISES[self.rng.integers(len(_IRISES))], 15)
        slit = self.rng.random() < (0.1 if self.dog else 0.75)
        for side in (-1, 1):
            centre = (side * apart + self.look, up)
            radius = self.rng.uniform(0.13, 0.17) if self.dog else self.rng.uniform(0.17, 0.22)
            self._ellipse(centre, (radius, radius * open_), iris)
            pupil = (radius * 0.25, radius * 0.9 * open_) if slit else (radius * 0.6, radius * 0.6 * open_)
            self._ellipse(centre, pupil, (15, 15, 15))
            self._ellipse((centre[0] - 0.05, centre[1] - 0.05), (0.035, 0.035), (245, 245, 245))

    def _muzzle(self, height: float) -> None:
        down = (self.rng.uniform(0.4, 0.6) if self.dog else self.rng.uniform(0.3, 0.42)) * height
        size = self.rng.uniform(0.4, 0.52) if self.dog else self.rng.uniform(0.24, 0.36)
        if self.rng.random() < 0.8:
            self._ellipse((self.look, down + 0.1), (size, size * 0.85), self._lighter(self.fur, 0.45))
        nose = self.rng.uniform(0.14, 0.22) if self.dog else self.rng.uniform(0.08, 0.13)
        top = (self.look * 1.4, down - 0.12)
        if self.dog:
            self._ellipse(top, (nose, nose * 0.75), self._shade((35, 30, 32), 14))
        else:
            colour = (
                self._shade((200, 120, 120), 25) if self.rng.random() < 0.7 else self._shade((50, 40, 40), 14)
            )
            triangle = [
                (top[0] - nose, top[1] - nose * 0.5),
                (top[0] + nose, top[1] - nose * 0.5),
                (top[0], top[1] + nose),
            ]
            self._polygon(triangle, colour)
        mouth = (top[0], top[1] + 0.28)
        dark = self._darker(self.fur, 0.4)
        self._stroke([top, mouth], dark, 1)
        for side in (-1, 1):
            self._stroke([mouth, (mouth[0] + side * size * 0.5, mouth[1] + 0.1)], dark, 1)
        if self.rng.random() < (0.45 if self.dog else 0.06):
            self._ellipse(
                (mouth[0], mouth[1] + 0.18),
                (0.11, self.rng.uniform(0.15, 0.28)),
                self._shade((220, 90, 110), 15),
            )

    def _whiskers(self) -> None:
        colour = (240, 240, 240) if sum(self.fur) < 420 else (50, 50, 50)
        length = self.rng.uniform(0.5, 0.8) if self.dog else self.rng.uniform(0.8, 1.2)
        for side in (-1, 1):
            for slope in (-0.15, 0.02, 0.18):
                start = (side * 0.22 + self.look, 0.38)
                end = (side * length, 0.38 + slope + self.rng.normal(0, 0.04))
                self._stroke([start, end], colour, 1)

    def _pixel(self, point: Point) -> Point:
        a, b, c, d = self.matrix
        return (self.middle[0] + a * point[0] + b * point[1], self.middle[1] + c * point[0] + d * point[1])

    def _polygon(self, points: Sequence[Point], colour: Colour) -> None:
        self.pen.polygon([self._pixel(p) for p in points], fill=colour)

    def _stroke(self, points: Sequence[Point], colour: Colour, width: int) -> None:
        self.pen.line([self._pixel(p) for p in points], fill=colour, width=width * self.line)

    def _ellipse(self, centre: Point, radii: Point, colour: Colour, tilt: float = 0.0) -> None:
        cos, sin = math.cos(tilt), math.sin(tilt)
        around = [(radii[0] * c, radii[1] * s) for c, s in _CIRCLE]
        self._polygon(
            [(centre[0] + cos * x - sin * y, centre[1] + sin * x + cos * y) for x, y in around], colour
        )

    def _shade(self, colour: Colour, spread: float) -> Colour:
        red, green, blue = (
            int(min(255, max(0, c + e))) for c, e in zip(colour, self.rng.normal(0, spread, 3))
        )
        return (red, green, blue)

    @staticmethod
    def _darker(colour: Colour, factor: float) -> Colour:
        return (int(colour[0] * factor), int(colour[1] * factor), int(colour[2] * factor))

    @staticmethod
    def _lighter(colour: Colour, part: float) -> Colour:
        red, green, blue = (int(c + (255 - c) * part) for c in colour)
        return (red, green, blue)


_CIRCLE = [(math.cos(2 * math.pi * i / 24), math.sin(2 * math.pi * i / 24)) for i in range(24)]
