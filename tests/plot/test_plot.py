"""What is drawn is where it should be: pixels are read back."""

import math

import numpy as np
import pytest
from PIL import Image

from fastconv import plot
from fastconv.plot.curves import round_scale
from fastconv.runtime.errors import ArgumentError

TRAINING, VALIDATION = (31, 119, 180), (214, 92, 24)


def pixels_of(image, colour, left=0, right=None):
    rows, columns = np.nonzero((np.asarray(image) == colour).all(axis=2))
    keep = (rows < 348) & (columns >= left) & (columns < (right or image.width))  # above the legend
    return rows[keep], columns[keep]


def test_curves_follow_the_numbers(tmp_path):
    history = {
        "loss": [0.9, 0.5, 0.1],
        "val_loss": [0.9, 0.9, 0.9],
        "accuracy": [0.1, 0.5, 0.9],
        "acc": [0, 0, 0],
    }
    image = plot.curves(history, tmp_path / "curves.png")
    assert image.size == (1120, 400)  # acc repeats accuracy: two panels
    rows, columns = pixels_of(image, TRAINING, right=560)
    assert rows[columns < 80].mean() < rows[columns > 520].mean()  # the loss falls: further down on the right
    rows, columns = pixels_of(image, VALIDATION, right=560)
    assert np.ptp(rows) < 8  # flat
    rows, columns = pixels_of(image, TRAINING, left=560)
    assert rows[columns < 640].mean() > rows[columns > 1080].mean()
    assert not len(pixels_of(image, VALIDATION, left=560)[0])
    with Image.open(tmp_path / "curves.png") as stored:
        assert np.array_equal(np.asarray(stored), np.asarray(image))


def test_values_that_are_not_finite_leave_a_gap():
    image = plot.curves({"loss": [0.5, math.nan, 0.5, math.inf, 0.4]})
    _, columns = pixels_of(image, TRAINING)
    assert not ((columns > 75) & (columns < 295)).any()


def test_an_object_with_a_history_and_a_single_epoch():
    class History:
        history = {"loss": [0.5]}

    _, columns = pixels_of(plot.curves(History()), TRAINING)
    assert len(columns) and abs(columns.mean() - (68 + 536) / 2) < 1


def test_no_epoch():
    with pytest.raises(ArgumentError) as caught:
        plot.curves({"loss": []})
    assert str(caught.value) == (
        "curves: expected at least one epoch of numbers; came {'loss': []}. Call it after `fit`."
    )


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, (0, 1, 0.2)), (0.13, 0.72, (0.1, 0.8, 0.1)), (0.5, 0.5, (0, 1, 0.2)), (3, 4700, (0, 5000, 1000))],
)
def test_scales_are_round(low, high, expected):
    assert round_scale(low, high) == pytest.approx(expected)


def test_contact_sheet_places_and_marks(tmp_path):
    images = [np.full((4, 8, 3), v) for v in (0.0, 0.5, 1.0)]
    sheet = plot.contact_sheet(
        images, ["a", "b", "c"], [True, False, True], tmp_path / "s.png", columns=2, cell=40
    )
    pixels = np.asarray(sheet)
    assert pixels.shape == (144, 104, 3)
    middles = [pixels[28, 28], pixels[28, 76], pixels[96, 28]]
    assert [int(m[0]) for m in middles] == [0, 128, 255]
    assert pixels[6, 28].tolist() == [24, 120, 60] and pixels[6, 76].tolist() == [196, 32, 32]
    assert pixels[10, 28].tolist() == [255, 255, 255]  # a wide picture leaves the cell white above


def test_contact_sheet_takes_paths_and_grey_arrays(tmp_path):
    Image.new("L", (6, 6), 200).save(tmp_path / "grey.png")
    sheet = plot.contact_sheet([tmp_path / "grey.png", np.full((6, 6, 1), 50, np.uint8)], ["a", "b"], cell=20)
    assert np.asarray(sheet)[18, [18, 46]].tolist() == [[200] * 3, [50] * 3]


def test_contact_sheet_wants_a_caption_each():
    with pytest.raises(ArgumentError) as caught:
        plot.contact_sheet([np.zeros((2, 2, 3))], [])
    assert str(caught.value) == (
        "contact_sheet: expected one caption for each of at least one image; came 1 images, 0 captions and no marks."
    )
