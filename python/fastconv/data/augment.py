"""Random transforms of pictures: which ranges are drawn from, and the map that a draw stands for.

A draw is a dict with Keras's keys (theta, tx, ty, shear, zx, zy, flip_horizontal, flip_vertical,
channel_shift_intensity, brightness).  It depends on (seed, epoch, index of the picture) and nothing else.

Two differences from Keras 3, whose programs keep their meaning: `height_shift_range` moves rows and
`width_shift_range` columns (Keras 3 has them exchanged, as (tx, ty) are in the order (column, row)), and rotation,
shear and zoom keep the middle of a picture that is not square where it is (Keras 3 takes the middle of its
transpose).  For square pictures one dict gives the same pixels in both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastconv import _core
from fastconv.runtime.errors import ArgumentError

fill_modes = ("nearest", "constant", "reflect", "wrap")
# Places of the numbers in a picture's draw; two for a shift, one of them for the sign of whole pixels.
(
    _theta,
    _rows,
    _rows_sign,
    _columns,
    _columns_sign,
    _shear,
    _zoom_x,
    _zoom_y,
    _flip_x,
    _flip_y,
    _channel,
    _light,
) = range(12)
# (column, row) -> (column, row) maps as ((a, b, c), (d, e, f)): column = a * column + b * row + c, and so on.
Affine = tuple[float, float, float, float, float, float]
Draw = dict[str, Any]


def check_number(name: str, value: Any) -> None:
    """Refuses what is no number, such as the text "1/255"."""
    if not isinstance(value, (int, float, np.number)):
        raise ArgumentError(f"{name}: expected a number; came {value!r}. Write it without quotes.")


@dataclass(frozen=True)
class Augmentation:
    """Ranges of the random transforms; the defaults change nothing.  `ImageDataGenerator` describes each."""

    rotation_range: float = 0
    width_shift_range: Any = 0.0
    height_shift_range: Any = 0.0
    brightness_range: tuple[float, float] | None = None
    shear_range: float = 0.0
    zoom_range: tuple[float, float] = (1.0, 1.0)
    channel_shift_range: float = 0.0
    fill_mode: str = "nearest"
    cval: float = 0.0
    horizontal_flip: bool = False
    vertical_flip: bool = False
    interpolation_order: int = 1

    def __post_init__(self) -> None:
        if self.fill_mode not in fill_modes:
            names = ", ".join(map(repr, fill_modes))
            raise ArgumentError(f"fill_mode: expected one of {names}; came {self.fill_mode!r}.")
        if self.interpolation_order not in (0, 1):
            raise ArgumentError(
                f"interpolation_order: expected 0 (nearest) or 1 (bilinear); came {self.interpolation_order!r}."
            )
        for name in ("rotation_range", "shear_range", "channel_shift_range", "cval"):
            check_number(name, getattr(self, name))
        for name in ("width_shift_range", "height_shift_range"):
            for number in np.ravel(np.asarray(getattr(self, name), dtype=object)):
                check_number(name, number)

    def verbs(self) -> list[str]:
        """What it does to a picture, for messages; empty when it does nothing."""
        does = {
            "rotates": self.rotation_range,
            "shifts": np.any(self.width_shift_range) or np.any(self.height_shift_range),
            "shears": self.shear_range,
            "zooms": tuple(self.zoom_range) != (1, 1),
            "flips": self.horizontal_flip or self.vertical_flip,
            "shifts channels": self.channel_shift_range,
            "changes brightness": self.brightness_range is not None,
        }
        return [verb for verb, active in does.items() if active]

    def draw(self, numbers: np.ndarray, height: int, width: int) -> Draw:
        """The transform that uniform `numbers` (16 in [0, 1)) stand for."""
        u = numbers.tolist()
        row_shift = _shift(self.height_shift_range, u[_rows], u[_rows_sign], height)
        column_shift = _shift(self.width_shift_range, u[_columns], u[_columns_sign], width)
        low, high = self.zoom_range
        zooms = (low, high) != (1, 1)
        light = self.brightness_range
        return {
            "theta": _around_zero(self.rotation_range, u[_theta]),
            "tx": column_shift,
            "ty": row_shift,
            "shear": _around_zero(self.shear_range, u[_shear]),
            "zx": low + (high - low) * u[_zoom_x] if zooms else 1,
            "zy": low + (high - low) * u[_zoom_y] if zooms else 1,
            "flip_horizontal": bool(self.horizontal_flip and u[_flip_x] < 0.5),
            "flip_vertical": bool(self.vertical_flip and u[_flip_y] < 0.5),
            "channel_shift_intensity": (
                _around_zero(self.channel_shift_range, u[_channel]) if self.channel_shift_range else None
            ),
            "brightness": None if light is None else light[0] + (light[1] - light[0]) * u[_light],
        }

    def draws(
        self, seed: int, epoch: int, indices: Sequence[int] | np.ndarray, height: int, width: int
    ) -> list[Draw]:
        """The transforms of the pictures `indices` in an epoch."""
        numbers = _core.image_uniforms(seed, epoch, np.asarray(indices, dtype=np.int64))
        return [self.draw(row, height, width) for row in numbers]


@dataclass(frozen=True)
class Normalisation:
    """What every picture goes through after its transform, in this order."""

    scale: float = 1.0
    centre_sample: bool = False
    scale_sample: bool = False
    mean: np.ndarray | None = None
    deviation: np.ndarray | None = None


nothing = Augmentation()
unchanged = Normalisation()


def apply(
    images: Sequence[np.ndarray],
    draws: Sequence[Draw] | None,
    out: Any,
    augmentation: Augmentation = nothing,
    normalisation: Normalisation = unchanged,
    device: Any = None,
) -> None:
    """Writes the transformed, normalised pictures into `out` (n, h, w, c) float32, in one native pass each.

    Args:
        device: A CUDA device that computes it, from the same draws, the batch at once; `out` may then be a buffer of
            that device.  None: the CPU.
    """
    height, width = images[0].shape[:2]
    if draws is None:
        transforms = np.zeros((len(images), 13))
    else:
        transforms = np.array([_transform_row(draw, height, width) for draw in draws], dtype=np.float64)
    native = _core.image_augment if device is None else device.image_augment
    native(
        images,
        transforms,
        out,
        fill_mode=augmentation.fill_mode,
        cval=augmentation.cval,
        order=augmentation.interpolation_order,
        **_arguments(normalisation),
    )


def normalise(images: np.ndarray, normalisation: Normalisation) -> None:
    """The same normalisation alone, in place, for float32 (n, h, w, c)."""
    _core.image_normalise(images, **_arguments(normalisation))


def _arguments(normalisation: Normalisation) -> dict[str, Any]:
    return {
        "scale": normalisation.scale,
        "centre_sample": normalisation.centre_sample,
        "scale_sample": normalisation.scale_sample,
        "mean": normalisation.mean,
        "deviation": normalisation.deviation,
    }


def _around_zero(extent: float, u: float) -> float:
    return -extent + 2 * extent * u if extent else 0


def _shift(extent: Any, u: float, sign: float, size: int) -> float:
    """In pixels: a share of `size` below 1, pixels from 1 on, whole pixels for an int, one of a list's."""
    if not np.any(extent):
        return 0
    if isinstance(extent, (int, np.integer)):
        chosen = float(int(u * extent))
    elif np.ndim(extent) == 1:
        chosen = float(extent[int(u * len(extent))])
    else:
        chosen = _around_zero(float(extent), u)
        sign = 0  # the range has both signs already
    if np.max(extent) < 1:
        chosen *= size
    return -chosen if sign >= 0.5 else chosen


def _then(first: Affine, second: Affine) -> Affine:
    """The product first * second of two maps."""
    a, b, c, d, e, f = first
    p, q, r, s, t, v = second
    return (
        a * p + b * s,
        a * q + b * t,
        a * r + b * v + c,
        d * p + e * s,
        d * q + e * t,
        d * r + e * v + f,
    )


def affine_map(draw: Draw, height: int, width: int) -> Affine | None:
    """Where (column, row) of the result is read from: rotation * shift * shear * zoom about the middle."""
    parts: list[Affine] = []
    if theta := math.radians(draw.get("theta", 0)):
        parts.append((math.cos(theta), -math.sin(theta), 0, math.sin(theta), math.cos(theta), 0))
    tx, ty = draw.get("tx", 0), draw.get("ty", 0)
    if tx or ty:
        parts.append((1, 0, tx, 0, 1, ty))
    if shear := math.radians(draw.get("shear", 0)):
        parts.append((1, -math.sin(shear), 0, 0, math.cos(shear), 0))
    zx, zy = draw.get("zx", 1), draw.get("zy", 1)
    if zx != 1 or zy != 1:
        parts.append((zx, 0, 0, 0, zy, 0))
    if not parts:
        return None
    x, y = width / 2 - 0.5, height / 2 - 0.5
    whole: Affine = (1, 0, x, 0, 1, y)
    for part in parts:
        whole = _then(whole, part)
    return _then(whole, (1, 0, -x, 0, 1, -y))


def _transform_row(draw: Draw, height: int, width: int) -> tuple[float, ...]:
    """The numbers in the order of csrc/bindings/image_module.cpp, rows first."""
    found = affine_map(draw, height, width)
    a, b, c, d, e, f = found or (1, 0, 0, 0, 1, 0)
    shift, light = draw.get("channel_shift_intensity"), draw.get("brightness")
    return (
        *(e, d, b, a),
        *(f, c),
        found is not None,
        bool(draw.get("flip_vertical", False)),
        bool(draw.get("flip_horizontal", False)),
        shift is not None,
        shift or 0.0,
        light is not None,
        1.0 if light is None else light,
    )
