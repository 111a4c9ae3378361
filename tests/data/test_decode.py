"""Files of every kind become RGB as displayed; damaged and hostile ones end in DamagedImage with a reason."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageChops

from fastconv.data import decode as module
from fastconv.data.decode import DamagedImage, decode, read_file, read_image


def pixels(data, *arguments, **options):
    return np.asarray(decode(data, *arguments, **options)).astype(int)


def reason(data, **options):
    with pytest.raises(DamagedImage) as caught:
        decode(data, **options)
    return str(caught.value)


def test_modes_become_rgb(picture, encoded):
    rgb = picture(0, 20, 30)
    grey = np.asarray(Image.fromarray(rgb).convert("L"))
    assert np.array_equal(pixels(encoded(rgb, "PNG")), rgb)
    assert np.array_equal(pixels(encoded(grey, "PNG")), np.repeat(grey[..., None], 3, 2))
    palette = Image.fromarray(rgb).quantize(16)
    assert np.array_equal(pixels(encoded(palette, "PNG")), np.asarray(palette.convert("RGB")))
    assert np.array_equal(pixels(encoded(palette, "GIF")), np.asarray(palette.convert("RGB")))
    assert np.array_equal(pixels(encoded(rgb, "BMP")), rgb)
    assert np.array_equal(pixels(encoded(rgb, "WEBP", lossless=True)), rgb)
    assert np.array_equal(pixels(encoded(rgb, "TIFF")), rgb)
    assert np.array_equal(pixels(encoded(rgb, "PPM")), rgb)
    bits = Image.fromarray(grey > 99)
    assert np.array_equal(pixels(encoded(bits, "PNG"))[..., 0], 255 * (grey > 99))


def test_colour_modes(picture, encoded):
    rgb = picture(0, 20, 30)
    data = encoded(rgb, "PNG")
    assert decode(data, "grayscale").mode == "L"
    assert np.array_equal(
        np.asarray(decode(data, "grayscale")), np.asarray(Image.fromarray(rgb).convert("L"))
    )
    rgba = pixels(data, "rgba")
    assert np.array_equal(rgba[..., :3], rgb) and (rgba[..., 3] == 255).all()


def test_transparency_lies_on_white(encoded):
    rgba = np.zeros((2, 3, 4), dtype=np.uint8)
    rgba[..., 0] = 200  # red where it shows
    rgba[0, :, 3] = 255
    rgba[1, 1, 3] = 51  # a fifth of the colour
    shown = pixels(encoded(rgba, "PNG"))
    assert shown[0].tolist() == [[200, 0, 0]] * 3
    assert shown[1, 0].tolist() == [255, 255, 255]
    assert shown[1, 1].tolist() == [244, 204, 204]
    assert np.array_equal(pixels(encoded(rgba, "PNG"), "rgba"), rgba)
    grey_alpha = Image.fromarray(rgba).convert("LA")
    assert pixels(encoded(grey_alpha, "PNG"))[1, 0].tolist() == [255, 255, 255]
    assert pixels(encoded(grey_alpha, "PNG"), "grayscale")[1, 0] == 255


def test_transparent_entry_of_a_palette(encoded):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    shown = pixels(encoded(image, "PNG", transparency=1))
    assert shown[0].tolist() == [[255, 0, 0], [255, 255, 255]]
    # A colour of an RGB picture may be declared transparent as well.
    declared = pixels(encoded(Image.new("RGB", (2, 1), (0, 128, 0)), "PNG", transparency=(0, 128, 0)))
    assert (declared == 255).all()


def test_sixteen_bits_keep_the_upper_eight(encoded):
    values = np.array([[0, 255, 256, 0x1234, 65535]], dtype=np.uint16)
    shown = pixels(encoded(values, "PNG"))
    assert shown[0, :, 0].tolist() == [0, 0, 1, 0x12, 255]
    assert np.array_equal(pixels(encoded(values, "PNG"), "grayscale")[0], shown[0, :, 0])
    colour = np.repeat(values.astype(">u2")[..., None], 3, 2)
    rows = b"".join(b"\0" + row.tobytes() for row in colour)
    assert np.array_equal(pixels(_png(5, 1, 16, 2, zlib.compress(rows))), shown)


def _png(width, height, depth, colour, data, claimed=None):
    def part(kind, content):
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    w, h = claimed or (width, height)
    header = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", data) + part(b"IEND", b"")


def _without_adobe_mark(jpeg):
    at = jpeg.index(b"\xff\xee")
    (length,) = struct.unpack(">H", jpeg[at + 2 : at + 4])
    return jpeg[:at] + jpeg[at + 2 + length :]


def test_cmyk_both_ways(picture, encoded):
    rgb = Image.fromarray(picture(3, 16, 16))
    ink = rgb.convert("CMYK")
    adobe = encoded(ink, "JPEG", quality=100)  # Pillow stores 255 - ink and says so in Adobe's mark
    shown = pixels(adobe)
    assert np.abs(shown - np.asarray(rgb)).max() <= 8  # JPEG at its best
    plain = _without_adobe_mark(encoded(ImageChops.invert(ink), "JPEG", quality=100))
    assert np.abs(pixels(plain) - np.asarray(rgb)).max() <= 8
    assert np.abs(pixels(_without_adobe_mark(adobe)) - np.asarray(rgb)).max() > 50  # the mark decides


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(orientation, encoded):
    upright = np.zeros((8, 16, 3), dtype=np.uint8)
    upright[:4, :8] = 250  # a bright corner at the top left
    stored = {
        1: lambda x: x,
        2: lambda x: x[:, ::-1],
        3: lambda x: x[::-1, ::-1],
        4: lambda x: x[::-1],
        5: lambda x: x.transpose(1, 0, 2),
        6: lambda x: np.rot90(x, 1),
        7: lambda x: x[::-1, ::-1].transpose(1, 0, 2),
        8: lambda x: np.rot90(x, -1),
    }[orientation](upright)
    exif = Image.Exif()
    exif[0x0112] = orientation
    for file_format in ("PNG", "JPEG"):
        data = encoded(np.ascontiguousarray(stored), file_format, exif=exif.tobytes(), **_best(file_format))
        assert np.abs(pixels(data) - upright).max() <= 8
        assert pixels(data, exif=False).shape == stored.shape


def _best(file_format):
    return {"quality": 100, "subsampling": 0} if file_format == "JPEG" else {}


def test_damaged_tags_do_not_cost_the_picture(picture, encoded):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(picture(0, 8, 16), "JPEG", exif=exif.tobytes())
    damaged = data.replace(b"Exif\0\0MM", b"Exif\0\0XX").replace(b"Exif\0\0II", b"Exif\0\0XX")
    assert damaged != data
    assert pixels(damaged).shape == (8, 16, 3)


def test_reduced_decoding_leaves_the_filter_two_pixels_or_more(picture, encoded):
    data = encoded(picture(1, 800, 1200), "JPEG", quality=92)
    assert decode(data, draft_size=(100, 150)).size == (300, 200)
    assert decode(data, draft_size=(201, 300)).size == (1200, 800)
    assert decode(data).size == (1200, 800)
    full = decode(data).resize((150, 100), Image.Resampling.BILINEAR)
    fast = decode(data, draft_size=(100, 150)).resize((150, 100), Image.Resampling.BILINEAR)
    assert np.abs(np.asarray(full).astype(int) - np.asarray(fast)).mean() < 1


def test_reduced_decoding_of_a_picture_on_its_side(picture, encoded):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(picture(1, 800, 400), "JPEG", exif=exif.tobytes())
    assert decode(data, draft_size=(100, 200)).size == (400, 200)


ORIGINALS = {  # what each odd file was made from
    "odd_444.jpg": "persian_1.jpg",
    "odd_cmyk.jpg": "hotdog.jpg",
    "odd_exif_orientation6.jpg": "samoyed_1.jpg",
    "odd_palette.png": "macaw.jpg",
    "odd_progressive.jpg": "keeshond.jpg",
    "odd_rgb16.png": "espresso.jpg",
    "odd_wrong_suffix.png": "boxer.jpg",
}


@pytest.mark.parametrize("name", ORIGINALS)
def test_odd_photographs_look_like_their_originals(name, test_data):
    odd = read_image(str(test_data / "photos" / name))
    original = read_image(str(test_data / "photos" / ORIGINALS[name]))
    small = original.resize(odd.size, Image.Resampling.BILINEAR)
    difference = np.abs(np.asarray(odd).astype(int) - np.asarray(small)).mean()
    assert difference < 10  # a second JPEG or 128 colours; a wrong mode or turn is above 40


def test_odd_photographs_without_an_original(test_data):
    photos = test_data / "photos"
    grey = np.asarray(read_image(str(photos / "odd_grey16.png"))).astype(int)
    assert 60 < grey.mean() < 190 and grey.std() > 20  # neither clipped to white nor cut to black
    assert np.ptp(grey, axis=2).max() == 0
    corner = np.asarray(read_image(str(photos / "odd_rgba.png")))[0, 0]
    assert corner.tolist() == [255, 255, 255]
    with pytest.raises(DamagedImage) as caught:
        read_image(str(photos / "odd_truncated.jpg"))
    size = (photos / "odd_truncated.jpg").stat().st_size
    assert str(caught.value) == f"ends at byte {size:,}"


def test_reasons(picture, encoded, tmp_path):
    jpeg, png = encoded(picture(0, 64, 64), "JPEG"), encoded(picture(0, 64, 64), "PNG")
    assert reason(b"") == "0 bytes"
    assert reason(jpeg[: len(jpeg) // 2]) == f"ends at byte {len(jpeg) // 2:,}"
    assert reason(png[: len(png) // 2]) == f"ends at byte {len(png) // 2:,}"
    assert reason(jpeg[:3]) == "ends at byte 3"
    assert reason(b"<!DOCTYPE html><html>404</html>") == "not an image but a web page"
    assert reason(b"PK\x03\x04" + bytes(100)) == "not an image but a zip archive"
    assert reason(bytes(4) + b"ftypheic" + bytes(100)) == "a HEIC, AVIF or video file; convert it"
    assert reason(b"hello world") == "not an image"
    assert (
        reason(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
        == "not an image but a PostScript document"
    )
    with pytest.raises(DamagedImage, match=r"^no such file or directory$"):
        read_file(str(tmp_path / "gone.jpg"))
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(DamagedImage, match=r"^0 bytes$"):
        read_file(str(tmp_path / "empty.jpg"))
    with pytest.raises(DamagedImage, match=r"^not a file$"):
        read_file(str(tmp_path))


def test_claimed_sizes_are_checked_before_memory_is_taken():
    import tracemalloc

    bomb = _png(1, 1, 8, 2, zlib.compress(bytes(4)), claimed=(9_500, 9_500))
    tracemalloc.start()
    assert reason(bomb) == f"claims more than the {module.max_pixels:,} pixels allowed"  # Pillow's warning
    huge = _png(1, 1, 8, 2, zlib.compress(bytes(4)), claimed=(2**31 - 1, 2**31 - 1))
    assert reason(huge) == f"claims more than the {module.max_pixels:,} pixels allowed"
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM"])
def test_damaged_bytes_never_escape(file_format, picture, encoded):
    """Cut and flipped files either decode to a picture or are refused with a reason: nothing else happens."""
    good = encoded(picture(5, 40, 50), file_format)
    rng = np.random.default_rng(7)
    refused, reasons = 0, set()
    for _ in range(150):
        data = bytearray(good)
        for at in rng.integers(0, len(data), rng.integers(1, 6)):
            data[at] ^= 1 << int(rng.integers(0, 8))
        if rng.random() < 0.3:
            data = data[: int(rng.integers(0, len(data)))]
        try:
            image = decode(bytes(data), ["rgb", "grayscale", "rgba"][int(rng.integers(0, 3))])
        except DamagedImage as damage:
            refused += 1
            reasons.add(str(damage))
        else:
            assert image.size[0] * image.size[1] <= module.max_pixels
            assert image.mode in ("RGB", "L", "RGBA")
            assert np.asarray(image).dtype == np.uint8
    assert refused > 20 and all(0 < len(text) < 200 for text in reasons)


def test_files_called_otherwise_are_read(picture, encoded, tmp_path):
    (tmp_path / "png.jpg").write_bytes(encoded(picture(0, 8, 8), "PNG"))
    assert np.array_equal(np.asarray(read_image(str(tmp_path / "png.jpg"))), picture(0, 8, 8))
