"""Filters by name.

Two families give two sets of pixels from one file, and programs depend on which one they get:
`pillow_resize` filters 8-bit pictures and antialiases (all but "nearest"), as `load_img` and `flow_from_directory`
have it; `plain_resize` gives float32 and does not antialias, as `image_dataset_from_directory` has it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from fastconv import _core
from fastconv.runtime.errors import ArgumentError

if TYPE_CHECKING:
    from PIL import Image

pillow_filters = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
plain_filters = (
    "bilinear",
    "nearest",
    "bicubic",
    "area",
    "lanczos3",
    "lanczos5",
    "gaussian",
    "mitchellcubic",
)
Size = tuple[int, int]


def check_filter(name: str, known: tuple[str, ...]) -> str:
    """`name` in lower case, or an error that lists the filters."""
    lower = name.lower() if isinstance(name, str) else name
    if lower not in known:
        raise ArgumentError(f"interpolation: expected one of {', '.join(map(repr, known))}; came {name!r}.")
    return lower


def check_size(value: Any, argument: str) -> Size:
    """(height, width) of what the user gave for `argument`; one number means a square."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        value = (value, value)
    try:
        sizes = tuple(value)
    except TypeError:
        sizes = ()
    whole = [size for size in sizes if isinstance(size, (int, np.integer)) and not isinstance(size, bool)]
    if len(sizes) == 2 and len(whole) == 2 and min(whole) > 0:
        return int(sizes[0]), int(sizes[1])
    remedy = ""
    if len(whole) == 3 and len(sizes) == 3:
        height, width = sizes[:2] if sizes[2] in (1, 3, 4) else sizes[1:]
        remedy = f" Write ({height}, {width})."
    raise ArgumentError(f"{argument}: expected (height, width); came {value!r}.{remedy}")


def antialiases(name: str) -> bool:
    """Whether the Pillow filter `name` averages the pixels that it leaves out."""
    return name != "nearest"


def pillow_resize(image: Image.Image, size: Size, name: str, keep_aspect_ratio: bool = False) -> Image.Image:
    """Scales to (height, width); `keep_aspect_ratio` cuts the centre out first instead of distorting."""
    from PIL import Image as pillow

    height, width = size
    if image.size == (width, height):
        return image
    box = None
    if keep_aspect_ratio:
        top, left, rows, columns = centre_crop((image.size[1], image.size[0]), size)
        box = (left, top, left + columns, top + rows)
    return image.resize((width, height), getattr(pillow.Resampling, name.upper()), box=box)


def centre_crop(size: Size, target: Size) -> tuple[int, int, int, int]:
    """(top, left, height, width) of the largest part of a picture that has the target's proportions."""
    height, width = size
    rows = min(height, (width * target[0]) // target[1])
    columns = min(width, (height * target[1]) // target[0])
    rows, columns = max(rows, 1), max(columns, 1)
    return (height - rows) // 2, (width - columns) // 2, rows, columns


def plain_resize(
    pixels: np.ndarray, size: Size, name: str, aspect: str | None = None, out: np.ndarray | None = None
) -> np.ndarray:
    """uint8 or float32 (h, w, c) to float32 (height, width, c), half-pixel centres, no antialiasing.

    Args:
        pixels: A picture.
        size: (height, width).
        name: One of `plain_filters`.
        aspect: None distorts, "crop" cuts the centre out first, "pad" leaves black borders.
        out: Where the result is written, float32 (height, width, c); default a new array.
    """
    height, width, channels = pixels.shape
    if out is None:
        out = np.empty((*size, channels), dtype=np.float32)
    if aspect == "crop":
        top, left, rows, columns = centre_crop((height, width), size)
        pixels = np.ascontiguousarray(pixels[top : top + rows, left : left + columns])
    elif aspect == "pad":
        return _padded(pixels, size, name, out)
    row_taps, column_taps = (
        axis_taps(name, pixels.shape[0], size[0]),
        axis_taps(name, pixels.shape[1], size[1]),
    )
    _core.image_resize(pixels, *row_taps, *column_taps, out)
    return out


def _padded(pixels: np.ndarray, size: Size, name: str, out: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    ratio = max(height / size[0], width / size[1])
    exact = height / ratio, width / ratio
    inner = max(1, math.floor(exact[0])), max(1, math.floor(exact[1]))
    out[...] = 0
    # Borders are measured from the unrounded size, as TensorFlow's resize_with_pad does.
    top, left = (max(0, math.floor((size[k] - exact[k]) / 2)) for k in (0, 1))
    out[top : top + inner[0], left : left + inner[1]] = plain_resize(pixels, inner, name)
    return out


@lru_cache(maxsize=2048)
def axis_taps(name: str, inputs: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Starts (outputs,) and weights (outputs, taps) of one axis."""
    indices, weights = _contributions[name](inputs, outputs)
    taps = _packed(indices, weights, inputs)
    for array in taps:
        array.setflags(write=False)
    return taps


def _packed(indices: np.ndarray, weights: np.ndarray, inputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Any input indices and weights (outputs, n) to a window of neighbouring inputs for each output."""
    indices = np.clip(indices, 0, inputs - 1).astype(np.int64)
    starts = indices.min(axis=1)
    width = int((indices.max(axis=1) - starts).max()) + 1
    starts = np.minimum(starts, inputs - width)
    packed = np.zeros((len(starts), width), dtype=np.float32)
    rows = np.broadcast_to(np.arange(len(starts))[:, None], indices.shape)
    np.add.at(packed, (rows, indices - starts[:, None]), weights.astype(np.float32))
    return starts, packed


def _centres(inputs: int, outputs: int) -> np.ndarray:
    # float32 throughout, as TensorFlow has it: near a half the choice of neighbour depends on the rounding.
    scale = np.float32(inputs) / np.float32(outputs)
    return (np.arange(outputs, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)


def _bilinear(inputs: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    centres = _centres(inputs, outputs)
    below = np.floor(centres)
    weight = centres - below
    return np.stack([below, below + 1], 1), np.stack([1 - weight, weight], 1)


def _nearest(inputs: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    scale = np.float32(inputs) / np.float32(outputs)
    chosen = np.floor((np.arange(outputs, dtype=np.float32) + np.float32(0.5)) * scale)
    return chosen[:, None], np.ones((outputs, 1))


def _bicubic(inputs: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    # Keys 1981, a = -1/2, at 1/1024ths of a pixel; taps beyond the edge are left out, the others scaled up.
    centres = _centres(inputs, outputs)
    below = np.floor(centres)
    part = np.rint((centres - below) * 1024) / 1024
    indices = below[:, None] + np.arange(-1, 3)
    distances = np.abs(part[:, None] - np.arange(-1, 3))
    near = (1.5 * distances - 2.5) * distances**2 + 1
    far = ((-0.5 * distances + 2.5) * distances - 4) * distances + 2
    weights = np.where(distances <= 1, near, far)
    weights = np.where((indices >= 0) & (indices < inputs), weights, 0)
    return indices, weights / weights.sum(axis=1, keepdims=True)


def _area(inputs: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    scale = inputs / outputs
    edges = np.arange(outputs + 1) * scale
    first, after = np.floor(edges[:-1]), np.ceil(edges[1:])
    indices = first[:, None] + np.arange(int((after - first).max()))
    upper = np.minimum(indices + 1, edges[1:, None])
    lower = np.maximum(indices, edges[:-1, None])
    return indices, np.maximum(upper - lower, 0) / scale


def _windowed(radius: float, kernel: Callable[[np.ndarray], np.ndarray]) -> Callable[..., Any]:
    def contributions(inputs: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
        # float32, by way of the inverse, as TensorFlow has it: it decides whether a tap on the rim counts.
        scale = np.float32(1) / (np.float32(outputs) / np.float32(inputs))
        centres = (np.arange(outputs, dtype=np.float32) + np.float32(0.5)) * scale
        first = np.ceil(centres - radius - 0.5)
        indices = first[:, None] + np.arange(int(2 * radius) + 2)
        inside = (indices >= 0) & (indices < inputs) & (indices <= np.floor(centres + radius - 0.5)[:, None])
        weights = np.where(inside, kernel(np.abs(indices + 0.5 - centres[:, None])), 0)
        return indices, weights / weights.sum(axis=1, keepdims=True)

    return contributions


def _lanczos(radius: float) -> Callable[..., Any]:
    return _windowed(radius, lambda x: np.where(x <= radius, np.sinc(x) * np.sinc(x / radius), 0))


def _gaussian(x: np.ndarray) -> np.ndarray:
    return np.where(x < 1.5, np.exp(-2 * x * x), 0)  # deviation 1/2


def _mitchell(x: np.ndarray) -> np.ndarray:  # Mitchell and Netravali 1988, B = C = 1/3
    near = ((7 * x / 6 - 2) * x) * x + 8 / 9
    far = ((-7 * x / 18 + 2) * x - 10 / 3) * x + 16 / 9
    return np.where(x < 1, near, np.where(x < 2, far, 0))


_contributions: dict[str, Callable[[int, int], tuple[np.ndarray, np.ndarray]]] = {
    "bilinear": _bilinear,
    "nearest": _nearest,
    "bicubic": _bicubic,
    "area": _area,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
    "gaussian": _windowed(1.5, _gaussian),
    "mitchellcubic": _windowed(2, _mitchell),
}
