"""Labels as arrays, seeds, threads, fetched files."""

import hashlib
import random
import shutil
import sys
import tarfile

import numpy as np
import pytest

from fastconv import _core, initializers, utils
from fastconv.runtime.errors import ArgumentError, DataError


class TestToCategorical:
    @pytest.mark.parametrize("x", [[0, 2, 1], [[0], [2], [1]], np.array([0.0, 2.0, 1.0]), [[0, 2], [1, 1]]])
    @pytest.mark.parametrize("classes", [None, 5])
    def test_against_keras(self, x, classes, peer):
        expected = peer("keras").utils.to_categorical(x, classes)
        found = utils.to_categorical(x, classes)
        assert found.dtype == np.float32
        assert found.shape == expected.shape
        assert (found == expected).all()

    def test_older_address(self):
        from fastconv.utils import np_utils

        assert np_utils.to_categorical is utils.to_categorical
        assert utils.np_utils is np_utils

    @pytest.mark.parametrize(
        ("x", "message"),
        [
            ([0, 5], "expected labels 0..4; came 5. Correct it, or raise num_classes."),
            ([1, 5], "expected labels 0..4; came 5. Use x - 1."),
            ([-1, 2], "expected labels 0..4; came -1. Correct it, or raise num_classes."),
            (
                [0.5],
                "expected whole numbers; came fractions. Number the classes first: np.unique(x, return_inverse=True)[1].",
            ),
            (
                ["cat"],
                "expected whole numbers; came <U3. Number the classes first: np.unique(x, return_inverse=True)[1].",
            ),
        ],
    )
    def test_mistakes(self, x, message):
        with pytest.raises(DataError) as caught:
            utils.to_categorical(x, 5)
        assert str(caught.value) == f"to_categorical: {message}"


ROWS = np.array([[3.0, -4.0, 0.0], [0.0, 0.0, 0.0], [1.0, 2.0, 2.0]])


@pytest.mark.parametrize("order", [1, 2])
def test_normalize_against_keras(order, peer):
    assert np.allclose(
        utils.normalize(ROWS, -1, order), peer("keras").utils.normalize(ROWS, -1, order), atol=1e-15
    )


def test_normalize_along_the_first_axis():
    assert np.allclose(utils.normalize(ROWS, 0), utils.normalize(ROWS.T).T, atol=1e-15)


class TestSeed:
    def test_decides_everything(self):
        def draw():
            return initializers.HeNormal()((3,)).tolist(), random.random(), float(np.random.rand())

        utils.set_random_seed(7)
        first = draw()
        assert draw() != first
        utils.set_random_seed(7)
        assert draw() == first

    @pytest.mark.parametrize("seed", [-1, 1 << 32, 0.5, "7", True])
    def test_mistakes(self, seed):
        with pytest.raises(ArgumentError) as caught:
            utils.set_random_seed(seed)
        assert str(caught.value) == (
            f"set_random_seed: expected a whole number from 0 to 4294967295; came {seed!r}. Any will do, e.g. 1."
        )


def test_number_of_threads():
    before = _core.thread_count()
    try:
        utils.set_num_threads(3)
        assert utils.get_num_threads() == 3
        for threads in (0, 257, 1 << 40):
            with pytest.raises(ArgumentError) as caught:
                utils.set_num_threads(threads)
            assert str(caught.value) == (
                f"set_num_threads: expected a whole number from 1 to 256; came {threads}. Now there are 3."
            )
    finally:
        _core.set_thread_count(before)


class TestGetFile:
    """`file:` addresses stand for the net."""

    @pytest.fixture
    def origin(self, tmp_path, monkeypatch):
        pooch = pytest.importorskip("pooch")
        source = tmp_path / "there" / "weights.bin"
        source.parent.mkdir()
        source.write_bytes(b"abc" * 100)

        def fetch(url, output_file, downloader):
            shutil.copyfile(url.removeprefix("https://example.org"), output_file)

        monkeypatch.setattr(pooch.core, "choose_downloader", lambda *a, **k: fetch)
        return source

    def test_once_and_hashed(self, origin, tmp_path):
        digest = hashlib.sha256(origin.read_bytes()).hexdigest()
        arguments = {
            "origin": f"https://example.org{origin}",
            "file_hash": digest,
            "cache_dir": tmp_path / "here",
        }
        path = utils.get_file(**arguments)
        assert path == str(tmp_path / "here" / "datasets" / "weights.bin")
        origin.unlink()
        assert utils.get_file(**arguments) == path

    def test_another_hash(self, origin, tmp_path):
        address, cache = f"https://example.org{origin}", tmp_path / "here"
        with pytest.raises(DataError) as caught:
            utils.get_file("w.bin", address, file_hash="0" * 64, cache_dir=cache)
        target = cache / "datasets" / "w.bin"
        assert str(caught.value).startswith(f"get_file: '{address}' could not be fetched: ")
        assert str(caught.value).endswith(f" Fetch it by hand and put it at '{target}'.")
        assert not target.exists()

    def test_unpacks(self, origin, tmp_path):
        archive = tmp_path / "cats.tar.gz"
        with tarfile.open(archive, "w:gz") as file:
            file.add(origin, "cats/0.jpg")
        folder = utils.get_file(
            origin=f"https://example.org{archive}", cache_dir=tmp_path / "here", extract=True
        )
        assert folder == str(tmp_path / "here" / "datasets" / "cats")
        assert (
            tmp_path / "here" / "datasets" / "cats" / "cats" / "0.jpg"
        ).read_bytes() == origin.read_bytes()

    def test_no_path_leads_out(self, origin, tmp_path):
        archive = tmp_path / "evil.tar"
        with tarfile.open(archive, "w") as file:
            file.add(origin, "../../evil.txt")
        with pytest.raises(DataError):
            utils.get_file(origin=f"https://example.org{archive}", cache_dir=tmp_path / "here", extract=True)
        assert not list(tmp_path.rglob("evil.txt"))

    def test_no_origin(self):
        with pytest.raises(ArgumentError) as caught:
            utils.get_file("w.bin")
        assert str(caught.value) == "get_file: expected origin, the address of the file; came none."


def test_names_are_loaded_when_asked_for():
    assert "np_utils" in dir(utils)
    assert callable(utils.image_dataset_from_directory)
    with pytest.raises(AttributeError):
        _ = utils.no_such_name
    assert "fastconv.utils.image_dataset" in sys.modules
