"""The native pass against the formula in float64 NumPy and against SciPy; draws that depend on nothing but their key."""

import math

import numpy as np
import pytest

from fastconv import _core
from fastconv.data import augment
from fastconv.data.augment import Augmentation, Normalisation, affine_map
from fastconv.runtime.device import get_device
from fastconv.runtime.errors import ArgumentError, ShapeError
from fastconv.testing import suite

# Three blends of two roundings at values up to 255, and a weight rounded to float32 in each:
# 255 * (3 * 2 + 2) * 2^-24 < 1.3e-4, far below the 1/255 that is promised.
TOLERANCE = 1.3e-4

DRAWS = [
    ("nothing", {}),
    ("rotation", {"theta": 33.0}),
    ("half a turn", {"theta": 180.0}),
    ("shift by whole pixels", {"tx": 3.0, "ty": -2.0}),
    ("shift by parts of pixels", {"tx": -4.3, "ty": 7.6}),
    ("shear", {"shear": 25.0}),
    ("zoom in", {"zx": 0.7, "zy": 0.8}),
    ("zoom out, far beyond the edges", {"zx": 5.0, "zy": 7.0}),
    (
        "all, mirrored",
        {"theta": -20, "tx": 5.5, "ty": 2, "shear": 10, "zx": 0.9, "zy": 1.2, "flip_horizontal": True},
    ),
    ("upside down", {"theta": 10, "flip_vertical": True}),
    ("far away", {"tx": 1000.0, "ty": -777.7}),
]


def extended(index, n, fill):
    """The pixel that stands for `index`."""
    if fill == "reflect":
        period = 2 * n
        index = index % period
        return np.where(index < n, index, period - 1 - index)
    return np.clip(index, 0, n - 1)


def reference(picture, draw, fill, cval):
    """picture at map(column, row), bilinear, in float64; loops over axes only."""
    height, width, _ = picture.shape
    found = affine_map(draw, height, width)
    x = picture.astype(np.float64)
    if found is not None:
        a, b, c, d, e, f = found
        rows, columns = np.mgrid[:height, :width].astype(np.float64)
        at_row, at_column = (f + rows * e) + columns * d, (c + rows * b) + columns * a
        outside = np.zeros((height, width), dtype=bool)
        taken = []
        for at, n in ((at_row, height), (at_column, width)):
            if fill == "constant":
                outside |= (at < 0) | (at > n - 1)
            if fill == "nearest":
                at = np.clip(at, 0, n - 1)
            if fill == "wrap" and n > 1:  # SciPy's period is n - 1
                period = n - 1
                at = np.where(at < 0, at + period * (np.trunc(-at / period) + 1), at)
                at = np.where(at > period, at - period * np.trunc(at / period), at)
            low = np.floor(at)
            taken.append(
                (extended(low.astype(int), n, fill), extended(low.astype(int) + 1, n, fill), at - low)
            )
        (r0, r1, wr), (c0, c1, wc) = taken
        wr, wc = wr[..., None], wc[..., None]
        x = (1 - wr) * ((1 - wc) * x[r0, c0] + wc * x[r0, c1]) + wr * ((1 - wc) * x[r1, c0] + wc * x[r1, c1])
        x[outside] = cval
    if draw.get("flip_horizontal"):
        x = x[:, ::-1]
    if draw.get("flip_vertical"):
        x = x[::-1]
    return x


# None: the CPU's pass; the CUDA device that the tests run on, if any.
DEVICES = [None, *([get_device(suite.cuda_device)] if suite.cuda_device else [])]
on_every_device = pytest.mark.parametrize(
    "device", DEVICES, ids=lambda device: device.name if device else "cpu"
)
on_cuda = pytest.mark.parametrize("device", DEVICES[1:], ids=lambda device: device.name)


def run(picture, draw, normalisation=augment.unchanged, device=None, **options):
    out = np.full((1, *picture.shape), np.nan, dtype=np.float32)
    augment.apply([picture], [draw], out, Augmentation(**options), normalisation, device)
    return out[0]


@pytest.mark.parametrize("fill", augment.fill_modes)
@pytest.mark.parametrize(("_why", "draw"), DRAWS, ids=[why for why, _ in DRAWS])
@pytest.mark.parametrize("shape", [(19, 19, 3), (24, 13, 1), (1, 17, 4), (9, 1, 3), (8, 11, 5)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@on_every_device
def test_map(fill, _why, draw, shape, dtype, device):
    picture = np.random.default_rng(1).integers(0, 256, shape).astype(dtype)
    result = run(picture, draw, device=device, fill_mode=fill, cval=17.0)
    np.testing.assert_allclose(result, reference(picture, draw, fill, 17.0), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("fill", augment.fill_modes)
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize(("_why", "draw"), DRAWS, ids=[why for why, _ in DRAWS])
def test_map_like_scipy(fill, order, _why, draw, peer):
    ndimage = peer("scipy.ndimage")
    picture = np.random.default_rng(1).integers(0, 256, (21, 16, 3)).astype(np.float32)
    plain = {key: value for key, value in draw.items() if not key.startswith("flip")}
    a, b, c, d, e, f = affine_map(plain, 21, 16) or (1, 0, 0, 0, 1, 0)
    theirs = [
        ndimage.affine_transform(channel, [[e, d], [b, a]], [f, c], order=order, mode=fill, cval=17.0)
        for channel in np.moveaxis(picture, -1, 0)
    ]
    ours = run(picture, plain, fill_mode=fill, cval=17.0, interpolation_order=order)
    np.testing.assert_allclose(ours, np.stack(theirs, -1), rtol=0, atol=TOLERANCE)


def test_the_middle_stays_where_it_is():
    picture = np.zeros((9, 21, 1), dtype=np.float32)
    picture[4, 10] = 1
    for draw in ({"theta": 180}, {"theta": 90}, {"zx": 0.5, "zy": 0.5}, {"shear": 30}):
        assert run(picture, draw, fill_mode="constant")[4, 10, 0] == pytest.approx(1)


def test_shifts_move_what_their_names_say():
    picture = np.zeros((9, 9, 1), dtype=np.float32)
    picture[4, 4] = 1
    assert np.argwhere(run(picture, {"ty": 2})[..., 0] > 0.5).tolist() == [[2, 4]]
    assert np.argwhere(run(picture, {"tx": 2})[..., 0] > 0.5).tolist() == [[4, 2]]
    drawn = Augmentation(height_shift_range=0.5).draw(np.full(16, 0.9), 9, 9)
    assert drawn["ty"] == pytest.approx(0.4 * 9) and drawn["tx"] == 0


def test_scale_joins_the_pass_without_changing_bits():
    picture = np.random.default_rng(2).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    for draw in ({}, {"theta": 20.0}, {"theta": 20.0, "channel_shift_intensity": 9.0}, {"brightness": 1.3}):
        late = run(picture, draw) * np.float32(1 / 255)
        assert np.array_equal(run(picture, draw, Normalisation(scale=1 / 255)), late)


@on_every_device
def test_channel_shift_stays_within_the_picture(device):
    picture = np.random.default_rng(2).integers(10, 200, (6, 6, 3)).astype(np.float32)
    expected = np.clip(picture + 50, picture.min(), picture.max())
    assert np.array_equal(run(picture, {"channel_shift_intensity": 50.0}, device=device), expected)


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.0, 1.7])
@on_every_device
def test_brightness_is_pillow_s(factor, device):
    from PIL import Image, ImageEnhance

    for channels in (1, 3, 4):
        picture = np.random.default_rng(2).integers(0, 256, (16, 16, channels), dtype=np.uint8)
        image = Image.fromarray(picture[..., 0] if channels == 1 else picture)
        theirs = np.asarray(ImageEnhance.Brightness(image).enhance(factor)).reshape(picture.shape)
        assert np.array_equal(run(picture, {"brightness": factor}, device=device), theirs)


@on_every_device
def test_normalisation(device):
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (2, 5, 6, 3)).astype(np.float32)
    mean, deviation = rng.random(3).astype(np.float32), rng.random(3).astype(np.float32) + 0.5
    options = Normalisation(1 / 255, True, True, mean, deviation)
    x = images.astype(np.float64) / 255
    x -= x.mean(axis=(1, 2, 3), keepdims=True)
    x /= x.std(axis=(1, 2, 3), keepdims=True) + 1e-6
    x = (x - mean) / (deviation + 1e-6)
    alone = images.copy()
    augment.normalise(alone, options)
    np.testing.assert_allclose(alone, x, rtol=0, atol=1e-5)  # values up to 4, a dozen roundings
    joined = np.empty_like(images)
    augment.apply(list(images), None, joined, normalisation=options, device=device)
    if device is None:
        assert np.array_equal(joined, alone)
    np.testing.assert_allclose(joined, x, rtol=0, atol=1e-5)
    a_pixel = Normalisation(mean=rng.random((5, 6, 3)).astype(np.float32))
    shifted = images.copy()
    augment.normalise(shifted, a_pixel)
    assert np.array_equal(shifted, images - a_pixel.mean)


@on_every_device
def test_hostile_maps_stay_inside_the_picture(device):
    picture = np.full((5, 5, 3), 7, dtype=np.uint8)
    for fill in augment.fill_modes:
        for number in (math.nan, math.inf, -math.inf, 1e300, -1e18, 1e9):
            draw = {"tx": number, "zx": number}
            result = run(picture, draw, device=device, fill_mode=fill, cval=7.0)
            assert (result == 7).all()


EVERYTHING = {
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 15,
    "zoom_range": (0.6, 1.4),
    "horizontal_flip": True,
    "vertical_flip": True,
}


@pytest.mark.parametrize("fill", augment.fill_modes)
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("values", [{}, {"channel_shift_range": 30.0}, {"brightness_range": (0.5, 1.5)}],
                         ids=["map", "channels", "brightness"])  # fmt: skip
@on_cuda
def test_cuda_gives_the_cpu_s_bits(fill, order, dtype, values, device):
    """The same operations in the same order, none of them fused."""
    images = list(np.random.default_rng(4).integers(0, 256, (7, 23, 18, 3)).astype(dtype))
    ranges = Augmentation(
        **EVERYTHING, **values, fill_mode=fill, cval=-3.0 if values else 9.0, interpolation_order=order
    )
    draws = ranges.draws(11, 3, range(7), 23, 18)
    ours, theirs = np.full((2, 7, 23, 18, 3), np.nan, np.float32)
    augment.apply(images, draws, ours, ranges, Normalisation(scale=1 / 255), device)
    augment.apply(images, draws, theirs, ranges, Normalisation(scale=1 / 255))
    assert np.array_equal(ours, theirs)


@on_cuda
def test_cuda_writes_into_a_buffer(device):
    images = list(np.random.default_rng(5).integers(0, 256, (2, 9, 8, 1), dtype=np.uint8))
    draws = [{"theta": 30.0}, {"flip_horizontal": True}]
    buffer, expected = device.new_buffer("float32", (2, 9, 8, 1)), np.empty((2, 9, 8, 1), np.float32)
    version, memory = buffer.version, device.memory()["used"]
    augment.apply(images, draws, buffer, device=device)
    augment.apply(images, draws, expected)
    assert np.array_equal(buffer.numpy(), expected)
    assert buffer.version > version and device.memory()["used"] == memory


@on_cuda
def test_cuda_checks(device):
    images = [np.zeros((3, 3, 1), np.uint8), np.zeros((3, 3, 1), np.float32)]
    with pytest.raises(ArgumentError) as caught:
        augment.apply(images, None, np.zeros((2, 3, 3, 1), np.float32), device=device)
    assert str(caught.value) == "images of one batch: expected one dtype; came uint8 and float32."
    with pytest.raises(ShapeError) as caught:
        augment.apply(images[:1], None, device.new_buffer("float32", (1, 3, 4, 1)), device=device)
    assert str(caught.value) == (
        f"the output: expected float32 (1, 3, 3, 1) on {device.name}; came float32 (1, 3, 4, 1) on {device.name}."
    )


def test_draws_depend_on_their_key_alone():
    ranges = Augmentation(
        rotation_range=40, width_shift_range=0.2, horizontal_flip=True, brightness_range=(0.5, 1)
    )
    together = ranges.draws(5, 2, [0, 1, 2, 3], 100, 100)
    assert [ranges.draws(5, 2, [i], 100, 100)[0] for i in (3, 1)] == [together[3], together[1]]
    assert ranges.draws(5, 3, [0], 100, 100)[0] != together[0]
    assert ranges.draws(6, 2, [0], 100, 100)[0] != together[0]
    # Known answer: a change here changes everyone's augmentation.
    assert together[0]["theta"] == pytest.approx(8.540778160095215, abs=1e-12)


def test_ranges_are_filled_evenly():
    ranges = Augmentation(
        rotation_range=40,
        width_shift_range=0.2,
        height_shift_range=0.1,
        shear_range=0.2,
        zoom_range=(0.8, 1.2),
        channel_shift_range=30,
        horizontal_flip=True,
        vertical_flip=True,
        brightness_range=(0.5, 1.5),
    )
    draws = ranges.draws(1, 0, range(4000), 100, 50)
    columns = {key: np.array([float(draw[key]) for draw in draws]) for key in draws[0]}
    expected = {
        "theta": (-40, 40),
        "tx": (-10, 10),
        "ty": (-10, 10),
        "shear": (-0.2, 0.2),
        "zx": (0.8, 1.2),
        "zy": (0.8, 1.2),
        "channel_shift_intensity": (-30, 30),
        "brightness": (0.5, 1.5),
    }
    for key, (low, high) in expected.items():
        values, spread = columns[key], high - low
        assert low <= values.min() < low + 0.01 * spread and high - 0.01 * spread < values.max() <= high
        # The mean of 4,000 even draws scatters by spread / sqrt(12 * 4000); five times that.
        assert abs(values.mean() - (low + high) / 2) < 5 * spread / math.sqrt(12 * 4000)
    for key in ("flip_horizontal", "flip_vertical"):
        assert abs(columns[key].mean() - 0.5) < 5 * 0.5 / math.sqrt(4000)
    correlations = np.corrcoef(np.stack(list(columns.values())))
    assert np.abs(correlations - np.eye(len(columns))).max() < 5 / math.sqrt(4000)


@pytest.mark.parametrize(
    ("extent", "possible"),
    [
        (3, {-2.0, -1.0, 0.0, 1.0, 2.0}),  # an int: whole pixels below it
        ([1, 5], {-5.0, -1.0, 1.0, 5.0}),
        ([0.1, 0.25], {-25.0, -10.0, 10.0, 25.0}),  # shares of 100 pixels
    ],
)
def test_shifts_as_numbers_of_pixels(extent, possible):
    draws = Augmentation(width_shift_range=extent).draws(0, 0, range(200), 50, 100)
    assert {draw["tx"] for draw in draws} == possible


def test_shift_from_one_on_is_in_pixels():
    draws = Augmentation(width_shift_range=2.5).draws(0, 0, range(200), 50, 100)
    assert 2.4 < max(draw["tx"] for draw in draws) <= 2.5


def test_orders_are_permutations():
    order = _core.image_permutation(3, 1, 1000)
    assert sorted(order) == list(range(1000))
    assert not np.array_equal(order, _core.image_permutation(3, 2, 1000))
    assert not np.array_equal(order, _core.image_permutation(4, 1, 1000))
    assert np.array_equal(order, _core.image_permutation(3, 1, 1000))
    assert len(_core.image_permutation(3, 1, 0)) == 0
    # Each place is taken evenly: 400 orders of 5, expected 80 each, deviation 8.
    counts = np.zeros((5, 5))
    for epoch in range(400):
        counts[range(5), _core.image_permutation(9, epoch, 5)] += 1
    assert np.abs(counts - 80).max() < 5 * 8


def test_arguments_are_checked():
    with pytest.raises(ArgumentError) as caught:
        Augmentation(fill_mode="mirror")
    assert str(caught.value) == (
        "fill_mode: expected one of 'nearest', 'constant', 'reflect', 'wrap'; came 'mirror'."
    )
    with pytest.raises(ArgumentError) as caught:
        Augmentation(interpolation_order=3)
    assert str(caught.value) == "interpolation_order: expected 0 (nearest) or 1 (bilinear); came 3."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ([np.zeros((3, 3), np.uint8)], np.zeros((1, 13)), np.zeros((1, 3, 3, 1), np.float32)),
            "an image: expected (height, width, channels); came (3, 3).",
        ),
        (
            ([np.zeros((3, 3, 1), np.uint8)], np.zeros((1, 12)), np.zeros((1, 3, 3, 1), np.float32)),
            "transforms: expected (1, 13); came (1, 12).",
        ),
        (
            ([np.zeros((3, 3, 1), np.uint8)], np.zeros((1, 13)), np.zeros((1, 3, 4, 1), np.float32)),
            "the output: expected contiguous float32 for the images; came float32 (1, 3, 4, 1).",
        ),
        (
            (
                [np.zeros((3, 3, 1), np.uint8), np.zeros((3, 4, 1), np.uint8)],
                np.zeros((2, 13)),
                np.zeros((2, 3, 3, 1), np.float32),
            ),
            "images of one batch: expected one shape; came (3, 3, 1) and (3, 4, 1).",
        ),
    ],
)
def test_native_checks(arguments, message):
    with pytest.raises(ShapeError) as caught:
        _core.image_augment(*arguments)
    assert str(caught.value) == message
