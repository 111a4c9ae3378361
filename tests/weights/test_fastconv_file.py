"""`.fastconv` files that are cut off, changed, or made to do harm are refused, whatever they hold."""

import json
import random
import tracemalloc

import numpy as np
import pytest

from fastconv import Sequential, layers, models
from fastconv.runtime.errors import FastconvError, WeightsError
from fastconv.weights import fastconv_file

TENSORS = {
    "a/kernel": np.arange(6, dtype="float32").reshape(2, 3),
    "steps": np.array(7, "int64"),
    "none": np.zeros((0, 3), "float32"),
}


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "m.fastconv"
    fastconv_file.write(path, TENSORS, {"word": "Wörter"})
    return path


def parts(path):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def rebuilt(path, header, tensors):
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + tensors)


def refused(path):
    with pytest.raises(WeightsError) as error:
        fastconv_file.read(path)
    text = str(error.value)
    assert text.startswith(f"'{path}': ")
    return text.removeprefix(f"'{path}': ")


def damaged(why):
    return f"damaged: {why}. Nothing was loaded. Take a copy from before, or train and save again."


def test_round_trip(written):
    tensors, description = fastconv_file.read(written)
    assert description == {"version": 1, "word": "Wörter"}
    assert list(tensors) and set(tensors) == set(TENSORS)
    for name, value in TENSORS.items():
        assert tensors[name].dtype == value.dtype and tensors[name].shape == value.shape
        assert (tensors[name] == value).all()


def test_safetensors_reads_it_too(written):
    from safetensors.numpy import load_file

    assert (load_file(written)["a/kernel"] == TENSORS["a/kernel"]).all()


def test_missing(tmp_path):
    assert refused(tmp_path / "no.fastconv") == "cannot be read (No such file or directory). Check the name."


def test_every_truncation_is_refused(written):
    data = written.read_bytes()
    for length in range(len(data)):
        written.write_bytes(data[:length])
        text = refused(written)
        assert text.startswith("damaged: "), text


def test_what_a_truncation_says(written):
    data = written.read_bytes()
    written.write_bytes(data[:5])
    assert refused(written) == damaged("it has 5 bytes and no header")
    written.write_bytes(data[:-10])
    assert refused(written).startswith("damaged: the entry of tensor ") or "cut off" in refused(written)
    header = int.from_bytes(data[:8], "little")
    written.write_bytes(data[:100])
    assert refused(written) == damaged(f"its header wants {header:,} bytes, the file has 100: it was cut off")


def test_every_flipped_bit_is_refused(written):
    data = bytearray(written.read_bytes())
    for position in range(len(data)):
        for bit in (0, 3, 7):
            data[position] ^= 1 << bit
            written.write_bytes(data)
            with pytest.raises(WeightsError):
                fastconv_file.read(written)
            data[position] ^= 1 << bit


def test_a_flipped_bit_of_a_weight(written):
    data = bytearray(written.read_bytes())
    data[-9] ^= 4
    written.write_bytes(data)
    assert refused(written) == damaged("its contents do not match their checksum, a bit has changed")


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras's .h5)"),
        (b"PK\x03\x04\x14\x00\x00\x00", "a zip archive (Keras's .keras, NumPy's .npz or PyTorch's .pt)"),
        (b"\x93NUMPY\x01\x00", "a NumPy file (.npy)"),
        (b"\x80\x04\x95\x1f\x00\x00\x00\x00", "a pickle, which may hold any program"),
        (b"\x80\x04N.", "a pickle, which may hold any program"),
    ],
    ids=["h5", "zip", "npy", "pickle", "short pickle"],
)
def test_files_of_other_programs(tmp_path, beginning, kind):
    path = tmp_path / "other"
    path.write_bytes(beginning + bytes(200 if len(beginning) == 8 else 0))
    assert refused(path) == (
        f"expected a .fastconv file; it is {kind}. Build the model in code, open the file with the program that wrote "
        "it, and hand its arrays to model.set_weights."
    )


def test_a_header_whose_length_begins_like_a_pickle(tmp_path):
    path = tmp_path / "m.fastconv"
    note = ""
    while True:
        fastconv_file.write(path, TENSORS, {"note": note})
        length = path.read_bytes()[:2]
        if length == b"\x80\x04":
            break
        note += "x"
    assert fastconv_file.read(path)[1]["note"] == note


def test_a_header_of_many_terabytes_takes_no_memory(tmp_path):
    path = tmp_path / "m.fastconv"
    path.write_bytes((1 << 60).to_bytes(8, "little") + b"{}")
    tracemalloc.start()
    assert refused(path) == (
        f"expected a .fastconv file (safetensors); its first bytes say a header of {1 << 60:,} bytes. "
        "Is it a file of another format?"
    )
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


ATTACKS = {
    "a tensor of 2^60 elements": {"shape": [1 << 60]},
    "sizes whose product wraps round": {"shape": [1 << 32, 1 << 32]},
    "a negative size": {"shape": [-2, -3]},
    "a size that is true": {"shape": [True, 6]},
    "a size that is a fraction": {"shape": [2.0, 3]},
    "another number of bytes": {"data_offsets": [0, 20]},
    "bytes before the tensors": {"data_offsets": [-24, 0]},
    "bytes behind the file": {"data_offsets": [1 << 40, (1 << 40) + 24]},
    "an end before the beginning": {"data_offsets": [24, 0]},
    "an unknown dtype": {"dtype": "OBJECT"},
    "a dtype that is a list": {"dtype": ["F32"]},
    "no shape": {"shape": None},
    "three offsets": {"data_offsets": [0, 12, 24]},
}


@pytest.mark.parametrize("change", ATTACKS.values(), ids=ATTACKS)
def test_hostile_entries(change, written):
    header, tensors = parts(written)
    header["a/kernel"] |= change
    rebuilt(written, header, tensors)
    assert refused(written).startswith("damaged: ")


def test_two_tensors_over_the_same_bytes(written):
    header, tensors = parts(written)
    header["b"] = dict(header["a/kernel"])
    rebuilt(written, header, tensors)
    assert "begin at" in refused(written)


def test_something_added(written):
    with written.open("ab") as file:
        file.write(b"more")
    assert "something was added" in refused(written)


def test_an_entry_that_is_no_object(written):
    header, tensors = parts(written)
    header["a/kernel"] = 7
    rebuilt(written, header, tensors)
    assert refused(written) == damaged("the entry of tensor 'a/kernel' is incomplete")


def test_a_header_nested_without_end(tmp_path):
    path = tmp_path / "m.fastconv"
    text = b"[" * 200_000
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    assert refused(path) == damaged("its header is no JSON object")


def test_a_file_of_another_program(tmp_path):
    from safetensors.numpy import save_file

    save_file({"w": np.ones(3, "float32")}, tmp_path / "m.fastconv")
    assert refused(tmp_path / "m.fastconv") == (
        "expected a file written by model.save(); it is a safetensors file of another program. "
        "Build the model in code and load the weights by name."
    )


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04" + b"\0" * 60, b"\x89HDF\r\n\x1a\n" + b"\0" * 60, b"\x80\x04\x95" + b"." * 60]
)
def test_files_of_other_formats(content, tmp_path):
    path = tmp_path / "m.fastconv"
    path.write_bytes(content)
    refused(path)


def test_a_newer_version(tmp_path, monkeypatch):
    monkeypatch.setattr(fastconv_file, "FORMAT_VERSION", 2)
    fastconv_file.write(tmp_path / "m.fastconv", TENSORS, {})
    monkeypatch.setattr(fastconv_file, "FORMAT_VERSION", 1)
    assert refused(tmp_path / "m.fastconv") == (
        "expected a file of version 1 or older; came version 2, written by a newer fastconv. "
        "Update: pip install -U fastconv."
    )


def model_file(tmp_path):
    model = Sequential(
        [layers.Conv2D(2, 3, input_shape=(5, 5, 1)), layers.Flatten(), layers.Dense(1)], name="m"
    )
    model.compile("adam", "mse")
    path = tmp_path / "m.fastconv"
    model.save(path)
    return path


def forged(path, change):
    """The file with another description, and a checksum that fits it."""
    tensors, description = fastconv_file.read(path)
    change(description)
    fastconv_file.write(path, tensors, description)


def replace_everywhere(value, random_):
    """A copy with one random leaf replaced by something unexpected."""
    odd = [None, -1, 1e308, "x" * 50, [], {}, [1, 2, 3], True, "os.system"]
    if isinstance(value, dict) and value:
        key = random_.choice(list(value))
        return value | {key: replace_everywhere(value[key], random_)}
    if isinstance(value, list) and value:
        i = random_.randrange(len(value))
        return [*value[:i], replace_everywhere(value[i], random_), *value[i + 1 :]]
    return random_.choice(odd)


def test_forged_descriptions_raise_our_errors(tmp_path):
    """Whatever an architecture says, loading it gives a model or one of our errors."""
    path = model_file(tmp_path)
    good = path.read_bytes()
    random_ = random.Random(0)
    outcomes = {"model": 0, "refused": 0}
    for _ in range(300):
        path.write_bytes(good)
        tensors, description = fastconv_file.read(path)
        description["model"] = replace_everywhere(description["model"], random_)
        if random_.random() < 0.3:
            description["compile"] = replace_everywhere(description["compile"], random_)
        fastconv_file.write(path, tensors, description)
        try:
            models.load_model(path)
            outcomes["model"] += 1
        except FastconvError:
            outcomes["refused"] += 1
    assert outcomes["refused"] > 100 and outcomes["model"] > 5


def test_an_architecture_larger_than_memory_is_refused_before_it_is_made(tmp_path):
    path = model_file(tmp_path)

    def huge(description):
        description["model"]["config"]["layers"][-1]["config"]["units"] = 1 << 40

    forged(path, huge)
    tracemalloc.start()
    with pytest.raises(FastconvError):
        models.load_model(path)
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()


def test_seeds_and_epochs_that_are_no_numbers(tmp_path):
    path = model_file(tmp_path)
    forged(path, lambda d: d.update(epochs="7"))
    with pytest.raises(WeightsError, match="expected epochs to be a whole number; came '7'"):
        models.load_model(path)
