"""Small folders of images, drawn on the spot."""

import io

import numpy as np
import pytest
from PIL import Image


def _noise(index, height, width):
    """Smooth enough to survive JPEG, different for each index."""
    rng = np.random.default_rng(index)
    coarse = rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


@pytest.fixture(scope="session")
def picture():
    """picture(index, height, width): a uint8 picture."""
    return _noise


@pytest.fixture
def make_folder(tmp_path):
    """make_folder({"cats": 3, "dogs": 2}) writes class folders; make_folder({"": ["a.1.jpg"]}) one flat folder."""

    def make(content, name="train"):
        number = 0
        for below, files in content.items():
            folder = tmp_path / name / below
            folder.mkdir(parents=True, exist_ok=True)
            names = [f"{below}.{i}.jpg" for i in range(files)] if isinstance(files, int) else files
            for file in names:
                Image.fromarray(_noise(number, 12 + number % 5, 16)).save(folder / file, quality=90)
                number += 1
        return tmp_path / name

    return make


@pytest.fixture(scope="session")
def encoded():
    """encoded(array or Pillow image, format, **options): bytes of a file."""

    def encode(image, file_format, **options):
        image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
        file = io.BytesIO()
        image.save(file, file_format, **options)
        return file.getvalue()

    return encode
