"""A sheet of small pictures with a caption each: predictions at a glance."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv.runtime.errors import ArgumentError
from fastconv.utils.folders import writing

_GAP, _CAPTION = 8, 20  # pixels between cells; height of a caption
_RIGHT, _WRONG = (24, 120, 60), (196, 32, 32)


def contact_sheet(
    images: Sequence[Any],
    captions: Sequence[str],
    correct: Sequence[bool] | None = None,
    path: str | os.PathLike[str] | None = None,
    columns: int = 8,
    cell: int = 112,
) -> Any:
    """Puts pictures with captions on one sheet, and returns the Pillow image.

    Args:
        images: Pillow images, paths, or arrays (h, w, 3): uint8, or floats from 0 to 1.
        captions: one line each.
        correct: colours captions and frames green (true) or red (false); default: no colour.
        path: also writes the sheet there (the suffix names the format).
        columns: pictures in a row.
        cell: pixels on the longer side of a picture.
    Raises:
        ArgumentError: there are no images, or not as many captions as images.

    >>> contact_sheet([np.zeros((8, 8, 3))] * 3, ["a", "b", "c"], columns=2, cell=40).size
    (104, 144)
    """
    from PIL import Image, ImageDraw, ImageFont, ImageOps

    if not len(images) or len(images) != len(captions) or len(captions) != len(correct or captions):
        raise ArgumentError(
            f"contact_sheet: expected one caption for each of at least one image; came {len(images)} images, "
            f"{len(captions)} captions and {'no' if correct is None else len(correct)} marks."
        )
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    step_x, step_y = cell + _GAP, cell + _CAPTION + _GAP
    sheet = Image.new("RGB", (columns * step_x + _GAP, rows * step_y + _GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for i, (image, caption) in enumerate(zip(images, captions)):
        left, top = _GAP + i % columns * step_x, _GAP + i // columns * step_y
        colour = (60, 60, 60) if correct is None else _RIGHT if correct[i] else _WRONG
        picture = ImageOps.contain(_opened(image), (cell, cell))
        sheet.paste(picture, (left + (cell - picture.width) // 2, top + (cell - picture.height) // 2))
        pen.rectangle([left - 2, top - 2, left + cell + 1, top + cell + 1], outline=colour, width=2)
        pen.text(
            (left + cell / 2, top + cell + _CAPTION / 2 + 2), caption, fill=colour, font=font, anchor="mm"
        )
    if path is not None:
        with writing("contact_sheet", path):
            sheet.save(path)
    return sheet


def _opened(image: Any) -> Any:
    from PIL import Image, ImageOps

    if isinstance(image, (str, os.PathLike)):
        with Image.open(image) as opened:
            return ImageOps.exif_transpose(opened).convert("RGB")
    if isinstance(image, Image.Image):
        return image.convert("RGB")
    array = np.asarray(image)
    if array.dtype != np.uint8:
        array = np.clip(array * 255.0 + 0.5, 0, 255).astype(np.uint8)
    return Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array).convert("RGB")
