"""load_img and its companions, and where they keep Keras's pixels."""

import io

import numpy as np
import pytest
from PIL import Image

from fastconv.runtime.errors import ArgumentError, DataError, FastconvWarning, ShapeError
from fastconv.utils.image_files import array_to_img, img_to_array, load_img, save_img


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    image = Image.fromarray(pixels).resize((50, 37), Image.Resampling.BICUBIC)
    image.save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_load(photo):
    image = load_img(photo)
    assert image.mode == "RGB" and image.size == (50, 37)
    assert load_img(str(photo), grayscale=True).mode == "L"
    assert load_img(str(photo), color_mode="rgba", target_size=(10, 20)).size == (20, 10)
    assert load_img(io.BytesIO(photo.read_bytes()), target_size=12).size == (12, 12)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"])
@pytest.mark.parametrize("keep", [False, True])
def test_pixels_are_keras_s(photo, interpolation, keep, peer):
    keras = peer("keras")
    options = {"target_size": (17, 29), "interpolation": interpolation, "keep_aspect_ratio": keep}
    theirs = np.asarray(keras.utils.load_img(photo, **options))
    assert np.array_equal(np.asarray(load_img(photo, **options)), theirs)


def test_what_cannot_be_loaded(tmp_path, photo):
    with pytest.raises(FileNotFoundError):
        load_img(tmp_path / "gone.jpg")
    (tmp_path / "page.jpg").write_text("<html>404</html>")
    with pytest.raises(DataError) as caught:
        load_img(tmp_path / "page.jpg")
    assert (
        str(caught.value)
        == f"'{tmp_path}/page.jpg': cannot be read as an image (not an image but a web page)."
    )
    with pytest.raises(ArgumentError) as caught:
        load_img(photo, color_mode="bgr")
    assert str(caught.value) == "color_mode: expected one of 'rgb', 'rgba', 'grayscale'; came 'bgr'."
    with pytest.raises(ArgumentError) as caught:
        load_img(photo, target_size=(3, 150, 150))
    assert str(caught.value) == "target_size: expected (height, width); came (3, 150, 150). Write (150, 150)."


@pytest.mark.parametrize(
    ("path", "came"), [("", "''"), (None, "NoneType"), (3, "int"), (np.zeros((2, 2)), "ndarray")]
)
def test_what_names_no_file(path, came):
    with pytest.raises(ArgumentError) as caught:
        load_img(path)
    assert str(caught.value) == (
        "load_img: expected the name of a picture's file, or a file that is open for reading bytes; came "
        f"{came}. An array becomes a picture by array_to_img."
    )


def test_there_and_back(photo):
    x = img_to_array(load_img(photo))
    assert x.dtype == np.float32 and x.shape == (37, 50, 3)
    assert np.array_equal(img_to_array(array_to_img(x, scale=False)), x)
    grey = img_to_array(load_img(photo, color_mode="grayscale"))
    assert grey.shape == (37, 50, 1)
    assert np.array_equal(img_to_array(array_to_img(grey, scale=False)), grey)
    spread = img_to_array(array_to_img(np.linspace(-1, 1, 12).reshape(2, 2, 3)))
    assert spread.min() == 0 and spread.max() == 255


def test_arrays_like_keras_s(peer):
    keras = peer("keras")
    rng = np.random.default_rng(0)
    for channels in (1, 3, 4):
        x = rng.normal(0, 1, (5, 4, channels)).astype(np.float32)
        assert np.array_equal(np.asarray(array_to_img(x)), np.asarray(keras.utils.array_to_img(x)))


def test_arrays_that_are_no_picture():
    with pytest.raises(ShapeError) as caught:
        array_to_img(np.zeros((1, 8, 8, 3)))
    assert str(caught.value) == (
        "array_to_img: expected (height, width, 1, 3 or 4); came (1, 8, 8, 3). One picture of a batch: `x[0]`."
    )
    with pytest.raises(ArgumentError) as caught:
        img_to_array(Image.new("RGB", (2, 2)), data_format="channels_first")
    assert str(caught.value) == (
        "data_format: expected 'channels_last'; came 'channels_first'. Drop it, and turn arrays that have their "
        "channels first with `np.moveaxis(x, -3, -1)`."
    )


def test_save(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.float32)
    save_img(tmp_path / "a.png", x, scale=False)
    assert np.array_equal(img_to_array(load_img(tmp_path / "a.png")), x)
    save_img(str(tmp_path / "a.jpg"), x, quality=95)
    assert (tmp_path / "a.jpg").read_bytes().startswith(b"\xff\xd8")
    file = io.BytesIO()
    save_img(file, x, file_format="png")
    assert file.getvalue().startswith(b"\x89PNG")
    with pytest.warns(FastconvWarning) as caught:
        save_img(tmp_path / "b.jpg", np.zeros((4, 4, 4)))
    assert str(caught[0].message) == "save_img: JPEG has no alpha; it is dropped."
