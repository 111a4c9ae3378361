"""The example from end to end, on a few small drawings."""

import csv
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fastconv import models
from fastconv.datasets import drawings

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def cats_vs_dogs():
    return example("cats_vs_dogs")


@pytest.fixture
def small_network(cats_vs_dogs, monkeypatch):
    """The photographs' way with the drawings' network: what is tested is the way, not the arithmetic."""
    monkeypatch.setattr(cats_vs_dogs, "course_convnet", cats_vs_dogs.small_convnet)


def train(module, out, *arguments):
    module.main(["--out", str(out), *map(str, arguments)])
    return models.load_model(out / "model.fastconv").get_weights()


def same(ours, other):
    return all(np.array_equal(a, b) for a, b in zip(ours, other, strict=True))


def rows_of(out):
    with (out / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_drawings_become_a_model_with_its_pictures(cats_vs_dogs, tmp_path, capsys):
    weights = train(cats_vs_dogs, tmp_path, "--draw", 40, 16, "--epochs", 2)
    printed = capsys.readouterr().out
    assert "They are drawings, not photographs." in printed
    assert str(tmp_path / "predictions.png") in printed.splitlines()[-1]
    rows = rows_of(tmp_path)
    assert [int(row["epoch"]) for row in rows] == [0, 1]
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(rows[0])
    for name, size in (("curves.png", (1120, 400)), ("predictions.png", (8 * 120 + 8, 2 * 140 + 8))):
        with Image.open(tmp_path / name) as picture:
            assert picture.size == size
    assert sum(w.size for w in weights) == 171_169  # 448 + 4,640 + 18,496 + 147,520 + 65


def test_resuming_gives_the_same_bits(cats_vs_dogs, tmp_path):
    draw = ("--draw", 40, 8, "--augment")
    whole = train(cats_vs_dogs, tmp_path / "whole", *draw, "--epochs", 2)
    first = train(cats_vs_dogs, tmp_path / "parts", *draw, "--epochs", 1)
    second = train(cats_vs_dogs, tmp_path / "parts", *draw, "--epochs", 1, "--resume")
    assert same(whole, second)
    assert not same(whole, first)
    columns = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy")
    ours, theirs = ([[row[c] for c in columns] for row in rows_of(tmp_path / n)] for n in ("whole", "parts"))
    assert ours == theirs


def test_the_seed_decides(cats_vs_dogs, tmp_path):
    arguments = ("--draw", 20, 4, "--epochs", 1, "--seed")
    first = train(cats_vs_dogs, tmp_path / "a", *arguments, 1)
    assert same(first, train(cats_vs_dogs, tmp_path / "b", *arguments, 1))
    assert not same(first, train(cats_vs_dogs, tmp_path / "c", *arguments, 2))


@pytest.fixture
def folder(tmp_path):
    return drawings.write_folders(tmp_path / "data", train=40, validation=10, size=32)


def test_train_validation_and_test_folders(cats_vs_dogs, small_network, folder, tmp_path, capsys):
    shutil.copytree(folder / "validation", folder / "test")
    train(cats_vs_dogs, tmp_path / "out", "--data", folder, "--epochs", 1)
    printed = capsys.readouterr().out
    assert "test accuracy: " in printed
    assert "drawings" not in printed


def test_class_folders_alone_are_split(cats_vs_dogs, folder):
    training, validation, test = cats_vs_dogs.generators(folder / "train", 32, 4, augment=True, seed=0)
    assert (training.samples, validation.samples, test) == (32, 8, None)
    assert not set(training.filenames) & set(validation.filenames)
    assert np.bincount(validation.classes).tolist() == [4, 4]


def test_one_flat_folder_is_split_by_names(cats_vs_dogs, small_network, folder, tmp_path):
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in (folder / "train").rglob("*.png"):
        shutil.copy(path, flat)
    training, validation, _ = cats_vs_dogs.generators(flat, 32, 4, augment=False, seed=0)
    assert (training.samples, validation.samples) == (32, 8)
    assert list(validation.class_indices) == ["cat", "dog"]
    train(cats_vs_dogs, tmp_path / "out", "--data", flat, "--epochs", 1)


def test_validation_pictures_are_not_augmented(cats_vs_dogs, folder):
    _, validation, _ = cats_vs_dogs.generators(folder / "train", 32, 4, augment=True, seed=0)
    images, _ = next(validation)
    stored = [np.asarray(Image.open(path), np.float32) / 255 for path in validation.filepaths]
    assert all(any(np.allclose(image, s, atol=1e-6) for s in stored) for image in np.asarray(images))


def test_digits_say_where_to_put_them(tmp_path, monkeypatch, capsys):
    mnist = example("mnist")
    monkeypatch.setattr("sys.argv", ["mnist.py", "--data", str(tmp_path)])
    with pytest.raises(SystemExit) as caught:
        mnist.main()
    assert "expected 'train-images-idx3-ubyte.gz'" in str(caught.value)
    assert str(caught.value).endswith("Say where they are: python examples/mnist.py --data DIR")


def test_the_digits_network_is_the_courses():
    assert example("mnist").build().count_params() == 93_322


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--data", "nosuch"], "argument --data: expected a folder; came 'nosuch'"),
        (["--epochs", "0"], "argument --epochs: expected a whole number from 1 up; came 0"),
        (
            ["--resume", "--draw", "4", "2"],
            "model.fastconv': cannot be read (No such file or directory). Check the name.",
        ),
        (["--out", "file/below"], "Not a directory: 'file/below'"),
    ],
    ids=["no folder", "no epochs", "nothing to resume", "out cannot be made"],
)
def test_mistakes_are_one_line(arguments, told, tmp_path):
    (tmp_path / "file").write_text("")
    command = [sys.executable, str(EXAMPLES / "cats_vs_dogs.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].endswith(told)
