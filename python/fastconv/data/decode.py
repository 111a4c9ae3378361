"""One file to pixels as a viewer shows them: RGB, grey or RGBA, 8 bits.

Orientation tags are obeyed, CMYK is converted (with and without Adobe's inversion), palettes are looked up,
16-bit values keep their upper 8 bits, and transparent pixels lie on white (dropping alpha would show colours that
nobody painted).  Everything that a file can do wrong ends in `DamagedImage` with a reason fit for a report.
"""

from __future__ import annotations

import os
import stat
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

# Pillow's own bound where it begins to warn: 89 million pixels are 360 MB while they are decoded.
max_pixels = 1024 * 1024 * 1024 // 4 // 3
max_file_bytes = 1 << 30
channels_of = {"rgb": 3, "rgba": 4, "grayscale": 1}
_pillow_mode = {"rgb": "RGB", "rgba": "RGBA", "grayscale": "L"}
# Only formats whose decoders neither start other programs nor read other files.
_formats = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "PPM", "TIFF")
# Where Pillow finds orientation tags; TIFF has them among its own.
_orientation_sources = {"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"}
_plugin_lock = threading.Lock()
# From here the reduced decoding of JPEG is not told from the full one: an antialiasing filter still averages
# two decoded pixels or more in each direction.
_draft_margin = 2


class DamagedImage(Exception):
    """A file cannot be read as an image; `str()` is the reason."""


@lru_cache(maxsize=1)
def _pillow() -> Any:
    with _plugin_lock:
        from PIL import Image, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401

        Image.preinit()
    return Image


def read_file(path: str) -> bytes:
    """The bytes of an image file."""
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise DamagedImage("not a file")
        if status.st_size == 0:
            raise DamagedImage("0 bytes")
        if status.st_size > max_file_bytes:
            raise DamagedImage(f"{status.st_size:,} bytes, more than the {max_file_bytes:,} allowed")
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise DamagedImage((error.strerror or type(error).__name__).lower()) from error


def decode(
    data: bytes, color_mode: str = "rgb", exif: bool = True, draft_size: tuple[int, int] | None = None
) -> Image.Image:
    """Bytes of an image file to a Pillow image of mode RGB, L or RGBA.

    Args:
        data: The file's content; the format is found from it, whatever the file is called.
        color_mode: "rgb", "grayscale" or "rgba".
        exif: Whether the picture is turned as its orientation tag says.
        draft_size: (height, width) that the picture will be scaled to by a filter that antialiases; a JPEG
            at least twice as large is then decoded at 1/2, 1/4 or 1/8, still at least twice that size.

    Raises:
        DamagedImage: The bytes are no image, end early, or claim to be larger than allowed.
    """
    try:
        return _decode(data, color_mode, exif, draft_size)
    except DamagedImage:
        raise
    # Decoders of damaged data raise whatever they stumble over: SyntaxError, struct.error, KeyError, ...
    except Exception as error:
        raise DamagedImage(_reason(data, error)) from error


def read_image(
    path: str, color_mode: str = "rgb", exif: bool = True, draft_size: tuple[int, int] | None = None
) -> Image.Image:
    """`decode` of a file."""
    return decode(read_file(path), color_mode, exif, draft_size)


def _decode(data: bytes, color_mode: str, exif: bool, draft_size: tuple[int, int] | None) -> Image.Image:
    import io

    if not data:
        raise DamagedImage("0 bytes")
    image = _pillow().open(io.BytesIO(data), formats=_formats)
    _check_size(image.size)
    if draft_size is not None and image.format in ("JPEG", "MPO"):
        _draft(image, draft_size, exif)
    image.load()
    _check_size(image.size)
    turned = _upright(image) if exif else image
    return _displayed(turned, _pillow_mode[color_mode], image)


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise DamagedImage(f"claims {width} x {height} pixels")
    if width * height > max_pixels:
        raise DamagedImage(f"claims {width:,} x {height:,} pixels, more than the {max_pixels:,} allowed")


def _draft(image: Image.Image, size: tuple[int, int], exif: bool) -> None:
    height, width = size
    if exif and _orientation(image) >= 5:
        height, width = width, height
    image.draft(None, (width * _draft_margin, height * _draft_margin))


def _orientation(image: Image.Image) -> int:
    if image.format != "TIFF" and not _orientation_sources & image.info.keys():
        return 1  # most photographs; looking for tags would take longer than a tenth of their decoding
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # a damaged tag block must not cost the picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright(image: Image.Image) -> Image.Image:
    transpose = _pillow().Transpose
    turns = {
        2: transpose.FLIP_LEFT_RIGHT,
        3: transpose.ROTATE_180,
        4: transpose.FLIP_TOP_BOTTOM,
        5: transpose.TRANSPOSE,
        6: transpose.ROTATE_270,
        7: transpose.TRANSVERSE,
        8: transpose.ROTATE_90,
    }
    turn = turns.get(_orientation(image))
    return image if turn is None else image.transpose(turn)


def _displayed(image: Image.Image, mode: str, opened: Image.Image) -> Image.Image:
    if image.mode == mode and "transparency" not in opened.info:
        return image
    if image.mode.startswith("I"):
        image = _upper_bits(image)
    elif image.mode == "CMYK" and opened.format in ("JPEG", "MPO") and "adobe" not in opened.info:
        # Pillow takes every CMYK JPEG for one of Adobe's, which store 255 - ink.
        from PIL import ImageChops

        image = ImageChops.invert(image)
    if _has_alpha(image, opened):
        image = image.convert("RGBA")
        if mode == "RGBA":
            return image
        white = _pillow().new("RGBA", image.size, (255, 255, 255, 255))
        image = _pillow().alpha_composite(white, image).convert("RGB")
    return image.convert(mode)


def _has_alpha(image: Image.Image, opened: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or (
        "transparency" in opened.info and image.mode in ("P", "L", "RGB", "1")
    )


def _upper_bits(image: Image.Image) -> Image.Image:
    values = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
    return _pillow().fromarray((values >> 8).astype(np.uint8))


def _reason(data: bytes, error: Exception) -> str:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return _what_it_is(data)
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return f"claims more than the {max_pixels:,} pixels allowed"
    text = str(error).strip().lower()
    if "truncated" in text or isinstance(error, (EOFError, IndexError)) or "not enough" in text:
        return f"ends at byte {len(data):,}"
    if isinstance(error, MemoryError):
        return "needs more memory than there is"
    return f"damaged: {text or type(error).__name__}"


_foreign = (
    (b"PK\x03\x04", "a zip archive"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"8BPS", "a Photoshop document"),
)


def _what_it_is(data: bytes) -> str:
    start = data[:64].lstrip()
    for mark, kind in _foreign:
        if start.startswith(mark):
            return f"not an image but {kind}"
    if data[4:8] == b"ftyp":
        return "a HEIC, AVIF or video file; convert it"
    if start.lower().startswith((b"<!doctype", b"<html")):
        return "not an image but a web page"
    if start.startswith((b"<svg", b"<?xml")):
        return "not an image but XML"
    known = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"RIFF", b"II*\x00", b"MM\x00*")
    if data.startswith(known):
        return f"ends at byte {len(data):,}" if len(data) < 1024 else "damaged: its header cannot be read"
    return "not an image"
