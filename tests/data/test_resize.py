"""Resizing without antialiasing against sums written out in float64, and against TensorFlow."""

import numpy as np
import pytest
from PIL import Image

from fastconv.data import resize
from fastconv.runtime.errors import ArgumentError

SIZES = [
    # (height, width) in, (height, width) out, why
    ((7, 9), (7, 9), "same size"),
    ((375, 499), (180, 180), "a photograph made smaller"),
    ((24, 31), (50, 40), "larger"),
    ((2, 3), (20, 20), "fewer pixels than taps"),
    ((1, 1), (5, 4), "one pixel"),
    ((40, 60), (1, 1), "to one pixel"),
    ((300, 10), (15, 150), "smaller and larger at once"),
]
IDS = [case[2] for case in SIZES]


def image(size, channels=3, dtype=np.uint8):
    return np.random.default_rng(sum(size)).integers(0, 256, (*size, channels)).astype(dtype)


def bilinear(pixels, size):
    """Half-pixel centres; beyond the edge the edge."""

    def one(length, wanted):
        at = (np.arange(wanted) + 0.5) * (length / wanted) - 0.5
        low = np.floor(at).astype(int)
        return np.clip(low, 0, length - 1), np.clip(low + 1, 0, length - 1), at - low

    (r0, r1, wr), (c0, c1, wc) = one(pixels.shape[0], size[0]), one(pixels.shape[1], size[1])
    x = pixels.astype(np.float64)
    wr, wc = wr[:, None, None], wc[None, :, None]
    return (1 - wr) * ((1 - wc) * x[r0][:, c0] + wc * x[r0][:, c1]) + wr * (
        (1 - wc) * x[r1][:, c0] + wc * x[r1][:, c1]
    )


@pytest.mark.parametrize(("size", "wanted", "_why"), SIZES, ids=IDS)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_bilinear(size, wanted, _why, dtype, channels):
    pixels = image(size, channels, dtype)
    # Positions up to 500 are float32: off by 500 / 2^24, times a slope of at most 255 a pixel, both axes.
    np.testing.assert_allclose(
        resize.plain_resize(pixels, wanted, "bilinear"), bilinear(pixels, wanted), rtol=0, atol=0.02
    )


def test_weights_sum_to_one():
    for name in resize.plain_filters:
        for inputs, outputs in [(1, 5), (3, 7), (100, 33), (33, 100), (500, 150)]:
            starts, weights = resize.axis_taps(name, inputs, outputs)
            assert starts.min() >= 0 and starts.max() + weights.shape[1] <= inputs
            np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", resize.plain_filters)
@pytest.mark.parametrize(("size", "wanted", "_why"), SIZES, ids=IDS)
def test_like_tensorflow(name, size, wanted, _why, peer):
    tf = peer("tensorflow")
    pixels = image(size)
    theirs = tf.image.resize(pixels, wanted, method=name, antialias=False).numpy()
    # Both compute in float32; TensorFlow's cubic weights come from a table of 1/1024ths, as ours do.
    np.testing.assert_allclose(resize.plain_resize(pixels, wanted, name), theirs, rtol=0, atol=0.03)


@pytest.mark.parametrize("wanted", [(20, 20), (33, 17), (10, 60)])
def test_aspect_like_keras(wanted, peer):
    tf, keras = peer("tensorflow"), peer("keras")
    pixels = image((30, 47))
    cropped = keras.preprocessing.image.smart_resize
    np.testing.assert_allclose(
        resize.plain_resize(pixels, wanted, "bilinear", "crop"), np.array(cropped(pixels, wanted)), atol=0.03
    )
    padded = tf.image.resize_with_pad(pixels, *wanted).numpy()
    np.testing.assert_allclose(resize.plain_resize(pixels, wanted, "bilinear", "pad"), padded, atol=0.03)


def test_pillow_resize_keeps_pixels_and_proportions():
    picture = Image.fromarray(image((20, 40)))
    small = resize.pillow_resize(picture, (10, 10), "bilinear", keep_aspect_ratio=True)
    middle = picture.resize((10, 10), Image.Resampling.BILINEAR, box=(10, 0, 30, 20))
    assert np.array_equal(np.asarray(small), np.asarray(middle))
    assert resize.pillow_resize(picture, (20, 40), "nearest") is picture


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ((3, 150, 150), "target_size: expected (height, width); came (3, 150, 150). Write (150, 150)."),
        ((150, 120, 3), "target_size: expected (height, width); came (150, 120, 3). Write (150, 120)."),
        ((150,), "target_size: expected (height, width); came (150,)."),
        ((0, 150), "target_size: expected (height, width); came (0, 150)."),
        ((1.5, 2), "target_size: expected (height, width); came (1.5, 2)."),
        ("150", "target_size: expected (height, width); came '150'."),
        (None, "target_size: expected (height, width); came None."),
    ],
)
def test_sizes(value, message):
    with pytest.raises(ArgumentError) as caught:
        resize.check_size(value, "target_size")
    assert str(caught.value) == message
    assert resize.check_size(150, "target_size") == (150, 150)
    assert resize.check_size(np.array([3, 4]), "target_size") == (3, 4)


def test_unknown_filter():
    with pytest.raises(ArgumentError) as caught:
        resize.check_filter("linear", resize.pillow_filters)
    assert str(caught.value) == (
        "interpolation: expected one of 'nearest', 'bilinear', 'bicubic', 'hamming', 'box', 'lanczos'; came 'linear'."
    )
