"""The drawn faces: the same for the same key, another for another, balanced, and different enough to be worth learning."""

import numpy as np
from PIL import Image

from fastconv.datasets import drawings


def test_the_key_decides_the_picture():
    first, labels = drawings.load_data(12, seed=5, size=32)
    again, _ = drawings.load_data(4, seed=5, size=32, first=8)
    assert np.array_equal(first[8:], again)
    assert labels.tolist() == [0, 1] * 6
    other, _ = drawings.load_data(12, seed=6, size=32)
    assert all(not np.array_equal(a, b) for a, b in zip(first, other))


def test_pictures_vary_in_every_way():
    pictures, labels = drawings.load_data(60, size=32)
    assert pictures.dtype == np.uint8 and pictures.shape == (60, 32, 32, 3)
    flat = pictures.reshape(60, -1).astype(np.float32)
    distances = np.linalg.norm(flat[:, None] - flat[None], axis=2) / np.sqrt(flat.shape[1])
    assert distances[~np.eye(60, dtype=bool)].min() > 15  # grey levels: no two alike
    # Colour alone must not tell the classes apart: the mean colours differ by less than they scatter.
    means = flat.reshape(60, -1, 3).mean(axis=1)
    apart = np.abs(means[labels == 0].mean(0) - means[labels == 1].mean(0))
    assert (apart < means.std(0)).all()


def test_folders(tmp_path):
    drawings.write_folders(tmp_path, train=6, validation=4, seed=1, size=24)
    names = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.png"))
    assert names == [
        *(f"train/cats/cat.{i}.png" for i in (0, 2, 4)),
        *(f"train/dogs/dog.{i}.png" for i in (1, 3, 5)),
        *(f"validation/cats/cat.{i}.png" for i in (6, 8)),
        *(f"validation/dogs/dog.{i}.png" for i in (7, 9)),
    ]
    with Image.open(tmp_path / "validation/dogs/dog.9.png") as stored:
        assert np.array_equal(np.asarray(stored), drawings.draw_face(1, 1, 9, 24))
