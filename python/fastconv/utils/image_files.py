"""One image file: to a Pillow image, to an array, and back."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from fastconv.data import decode, resize
from fastconv.runtime.errors import ArgumentError, DataError, ShapeError
from fastconv.runtime.location import warn

if TYPE_CHECKING:
    from PIL import Image


def load_img(
    path: str | os.PathLike[str] | IO[bytes],
    grayscale: bool = False,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | int | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
    exif: bool = True,
) -> Image.Image:
    """Opens an image file as a viewer shows it.

    Orientation tags are obeyed, CMYK, palettes and 16 bits become 8-bit RGB, transparent pixels lie on white.
    Keras neither turns pictures nor looks at alpha, and keeps 16-bit grey values.

    Args:
        path: A file name, or a file open for reading bytes.
        grayscale: Keras 1's spelling of color_mode="grayscale".
        color_mode: "rgb", "rgba" or "grayscale".
        target_size: (height, width) in pixels; default: the file's.
        interpolation: "nearest" (Keras's default), "bilinear", "bicubic", "hamming", "box" or "lanczos"; all but
            the first antialias.
        keep_aspect_ratio: Whether the centre is cut out instead of distorting the picture.
        exif: Whether the picture is turned as its orientation tag says.

    Returns:
        A Pillow image of mode RGB, RGBA or L.

    Raises:
        ArgumentError: No name of a file.
        FileNotFoundError: There is no such file.
        DataError: It cannot be read as an image.

    >>> from fastconv.datasets import faces  # doctest: +SKIP
    >>> load_img("cat.jpg", target_size=(150, 150)).size  # doctest: +SKIP
    (150, 150)
    """
    mode = check_color_mode("grayscale" if grayscale else color_mode)
    name = resize.check_filter(interpolation, resize.pillow_filters)
    size = None if target_size is None else resize.check_size(target_size, "target_size")
    if hasattr(path, "read"):
        where, data = getattr(path, "name", "image"), path.read()
    else:
        where = _file_name(path)
        with open(where, "rb") as file:
            data = file.read()
    try:
        image = decode.decode(data, mode, exif)
    except decode.DamagedImage as damage:
        raise DataError(f"{where!r}: cannot be read as an image ({damage}).") from damage
    return image if size is None else resize.pillow_resize(image, size, name, keep_aspect_ratio)


def _file_name(path: Any) -> Any:
    if isinstance(path, (str, bytes, os.PathLike)) and os.fspath(path):
        return os.fspath(path)
    came = repr(path) if isinstance(path, (str, bytes)) else type(path).__name__
    raise ArgumentError(
        f"load_img: expected the name of a picture's file, or a file that is open for reading bytes; came {came}. An array "
        "becomes a picture by array_to_img."
    )


def check_color_mode(color_mode: str) -> str:
    """`color_mode`, or an error that lists the modes."""
    if color_mode not in decode.channels_of:
        names = ", ".join(map(repr, decode.channels_of))
        raise ArgumentError(f"color_mode: expected one of {names}; came {color_mode!r}.")
    return color_mode


def check_data_format(data_format: str | None) -> None:
    """Refuses channels first."""
    if data_format not in (None, "channels_last"):
        raise ArgumentError(
            f"data_format: expected 'channels_last'; came {data_format!r}. Drop it, and turn arrays that have their "
            "channels first with `np.moveaxis(x, -3, -1)`."
        )


def img_to_array(img: Image.Image, data_format: str | None = None, dtype: Any = "float32") -> np.ndarray:
    """A Pillow image as (height, width, channels), values 0..255; grey ones get one channel.

    >>> from PIL import Image
    >>> img_to_array(Image.new("RGB", (4, 2))).shape
    (2, 4, 3)
    """
    check_data_format(data_format)
    x = np.array(img, dtype=dtype or "float32")
    if x.ndim == 2:
        return x[:, :, None]
    if x.ndim != 3:
        raise ShapeError(f"img_to_array: expected an image of 2 or 3 dimensions; came {x.shape}.")
    return x


def array_to_img(
    x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = "float32"
) -> Image.Image:
    """An array (height, width, channels) as a Pillow image.

    Args:
        x: One picture of 1, 3 or 4 channels.
        data_format: "channels_last".
        scale: Whether the smallest value becomes 0 and the largest 255 (Keras's default); else values are cut to
            whole numbers as they are.
        dtype: Of the arithmetic.

    >>> array_to_img(np.zeros((2, 4, 3))).size
    (4, 2)
    """
    check_data_format(data_format)
    from PIL import Image

    x = np.asarray(x, dtype=dtype or "float32")
    if x.ndim != 3 or x.shape[2] not in (1, 3, 4):
        batch = " One picture of a batch: `x[0]`." if x.ndim == 4 else ""
        raise ShapeError(f"array_to_img: expected (height, width, 1, 3 or 4); came {x.shape}.{batch}")
    if scale:
        x = x - np.min(x)
        largest = np.max(x)
        x = x / largest * 255 if largest else x
    if x.shape[2] == 1:
        deep = np.max(x) > 255
        return Image.fromarray(x[:, :, 0].astype("int32" if deep else "uint8"))
    return Image.fromarray(x.astype("uint8"))


def save_img(
    path: str | os.PathLike[str] | IO[bytes],
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **options: Any,
) -> None:
    """Writes an array (height, width, channels) as an image file.

    Args:
        path: A file name whose suffix says the format, or a file open for writing bytes.
        x: See `array_to_img`.
        data_format: "channels_last".
        file_format: Format where the suffix does not say it.
        scale: See `array_to_img`.
        **options: Passed to Pillow's `Image.save`, e.g. quality=95.
    """
    image = array_to_img(x, data_format, scale)
    if file_format is None and not hasattr(path, "write"):
        file_format = os.path.splitext(os.fspath(path))[1][1:]
    if file_format and file_format.lower() in ("jpg", "jpeg"):
        file_format = "jpeg"
        if image.mode == "RGBA":
            warn("save_img: JPEG has no alpha; it is dropped.")
            image = image.convert("RGB")
    image.save(path, format=file_format or None, **options)
