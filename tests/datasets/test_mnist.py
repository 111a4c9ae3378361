"""Reading idx files: what is accepted, and every way in which one can be wrong."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from fastconv.datasets import mnist
from fastconv.runtime.errors import DataError


def idx(shape, body, code=8):
    return b"\0\0" + bytes([code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + body


def write(folder, name, content, packed=True):
    path = folder / name
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


@pytest.mark.parametrize("packed", [True, False])
def test_values_and_shape(tmp_path, packed):
    path = write(tmp_path, "a", idx((2, 2, 3), bytes(range(12))), packed)
    assert np.array_equal(mnist.read_idx(path), np.arange(12, dtype=np.uint8).reshape(2, 2, 3))


WRONG = {
    "empty": (b"", "expected an idx file of bytes; it starts with ''."),
    "another format": (b"\x89PNG....", "expected an idx file of bytes; it starts with '89 50 4e 47'."),
    "floats": (
        idx((1,), b"\0" * 4, code=0x0D),
        "expected an idx file of bytes; it starts with '00 00 0d 01'.",
    ),
    "cut in the header": (idx((2, 2), b"")[:9], "ends inside its header. Fetch it again."),
    "cut in the values": (idx((2, 2), b"abc"), "its header says (2, 2), 4 bytes; came 3. Fetch it again."),
    "too long": (idx((2, 2), b"abcde"), "its header says (2, 2), 4 bytes; came more. Fetch it again."),
    "asks for the world": (
        idx((0xFFFFFFFF, 0xFFFFFFFF), b""),
        "its header asks for (4294967295, 4294967295), 18446744065119617025 bytes; not a data set of digits.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_files_are_refused(tmp_path, name):
    content, message = WRONG[name]
    path = write(tmp_path, "file", content)
    with pytest.raises(DataError) as caught:
        mnist.read_idx(path)
    assert str(caught.value) == f"'{path}': {message}"


def test_damaged_gzip_is_refused(tmp_path):
    packed = gzip.compress(idx((64, 64), os.urandom(4096)))
    for damaged in (packed[:2000], packed[:1000] + bytes([packed[1000] ^ 255]) + packed[1001:]):
        path = tmp_path / "file"
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"the packed data is damaged .*Fetch it again"):
            mnist.read_idx(path)


def test_missing_file_names_what_is_there(tmp_path):
    (tmp_path / "digits.zip").touch()
    with pytest.raises(DataError) as caught:
        mnist.load_data(tmp_path)
    assert str(caught.value) == (
        f"mnist: expected 'train-images-idx3-ubyte.gz' in '{tmp_path}'; the folder holds digits.zip. "
        "Put the four original .gz files of MNIST there."
    )


def test_keras_s_call_without_a_folder():
    with pytest.raises(DataError) as error:
        mnist.load_data()
    assert str(error.value) == (
        "mnist: expected the folder of the four files; came none. Nothing is fetched here: put the original .gz files "
        "of MNIST into a folder, and write mnist.load_data('FOLDER')."
    )


def test_missing_folder(tmp_path):
    with pytest.raises(DataError, match="the folder does not exist"):
        mnist.load_data(tmp_path / "nowhere")


def test_files_of_another_size_are_refused(tmp_path):
    for prefix in ("train", "t10k"):
        write(tmp_path, f"{prefix}-images-idx3-ubyte.gz", idx((1, 28, 28), bytes(784)))
        write(tmp_path, f"{prefix}-labels-idx1-ubyte.gz", idx((1,), bytes(1)))
    with pytest.raises(DataError, match=r"came \(1, 28, 28\) and \(1,\)\. Take the four original files"):
        mnist.load_data(tmp_path)


def test_the_digits(test_data: Path):
    (x, y), (x_test, y_test) = mnist.load_data(test_data / "mnist")
    # The published counts of each digit.
    assert np.bincount(y).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert (x.dtype, x.shape, x_test.shape) == (np.uint8, (60000, 28, 28), (10000, 28, 28))
