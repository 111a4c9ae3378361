"""image_dataset_from_directory: Keras's pixels, labels and counts; finite loops; two halves that never meet."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fastconv.runtime.errors import ArgumentError, DataError
from fastconv.utils.image_dataset import image_dataset_from_directory


@pytest.fixture
def folder(tmp_path):
    # PNG: TensorFlow decodes JPEG by the fast, less exact transform (a grey level off on average).
    rng = np.random.default_rng(0)
    for name, count in (("cats", 7), ("dogs", 6)):
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(count):
            coarse = rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)
            image = Image.fromarray(coarse).resize((30 + 4 * i, 25), Image.Resampling.BICUBIC)
            image.save(tmp_path / "data" / name / f"{name}.{i}.png")
    return tmp_path / "data"


def test_batches(folder, capsys):
    data = image_dataset_from_directory(folder, batch_size=4, image_size=(16, 20), seed=1)
    assert capsys.readouterr().out == "Found 13 files belonging to 2 classes.\n0 cats (7), 1 dogs (6)\n"
    assert data.class_names == ["cats", "dogs"] and len(data) == 4 and len(data.file_paths) == 13
    shapes = [(images.shape, images.dtype, labels.shape, labels.dtype) for images, labels in data]
    assert shapes == [((4, 16, 20, 3), np.float32, (4,), np.int32)] * 3 + [
        ((1, 16, 20, 3), np.float32, (1,), np.int32)
    ]
    values = np.concatenate([images for images, _ in data])
    assert values.min() >= 0 and 100 < values.max() <= 255


def test_the_second_pass_has_the_same_bits_from_memory(folder):
    kept = image_dataset_from_directory(
        folder, batch_size=5, image_size=(12, 12), shuffle=False, verbose=False
    )
    read = image_dataset_from_directory(
        folder, batch_size=5, image_size=(12, 12), shuffle=False, verbose=False, cache=False
    )
    first, second, third = (np.concatenate([x for x, _ in data]) for data in (kept, kept, read))
    assert np.array_equal(first, second) and np.array_equal(first, third)


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest", "bicubic", "area", "lanczos3"])
@pytest.mark.parametrize("aspect", [{}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True}])
def test_pixels_and_labels_are_keras_s(folder, interpolation, aspect, peer):
    keras = peer("keras")
    options = dict(
        batch_size=4, image_size=(16, 20), shuffle=False, interpolation=interpolation, verbose=False, **aspect
    )
    for mode in ("int", "categorical", "binary"):
        theirs = keras.utils.image_dataset_from_directory(str(folder), label_mode=mode, **options)
        ours = image_dataset_from_directory(folder, label_mode=mode, **options)
        assert ours.file_paths == theirs.file_paths
        for (x, y), (their_x, their_y) in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(x, their_x.numpy(), rtol=0, atol=0.03)
            assert y.dtype == their_y.numpy().dtype and np.array_equal(y, their_y.numpy())


def test_keras_s_split_takes_keras_s_files(folder, peer):
    keras = peer("keras")
    for shuffle in (True, False):
        for subset in ("training", "validation"):
            options = {
                "validation_split": 0.3,
                "subset": subset,
                "seed": 7,
                "shuffle": shuffle,
                "image_size": (8, 8),
            }
            theirs = keras.utils.image_dataset_from_directory(str(folder), verbose=False, **options)
            ours = image_dataset_from_directory(folder, verbose=False, split="keras", **options)
            assert ours.file_paths == sorted(theirs.file_paths)


def test_halves(folder, capsys):
    training, validation = image_dataset_from_directory(
        folder, validation_split=0.3, subset="both", image_size=(8, 8), batch_size=3
    )
    assert capsys.readouterr().out.splitlines()[2:] == [
        "Using 10 files for training.",
        "Using 3 files for validation.",
    ]
    assert not set(training.file_paths) & set(validation.file_paths)
    alone = image_dataset_from_directory(
        folder, validation_split=0.3, subset="validation", image_size=(8, 8), verbose=False
    )
    assert alone.file_paths == validation.file_paths
    labels = np.concatenate([y for _, y in validation])
    assert labels.tolist() == [0, 0, 1]  # in file order, a share of each class


def test_other_forms(folder, tmp_path):
    images_only = image_dataset_from_directory(folder, labels=None, image_size=(8, 8), verbose=False)
    assert images_only.class_names is None and next(iter(images_only)).shape == (13, 8, 8, 3)
    single = image_dataset_from_directory(folder, batch_size=None, image_size=(8, 8), verbose=False)
    image, label = next(iter(single))
    assert image.shape == (8, 8, 3) and label.shape == () and len(single) == 13
    grey = image_dataset_from_directory(folder, color_mode="grayscale", image_size=(8, 8), verbose=False)
    assert next(iter(grey))[0].shape == (13, 8, 8, 1)
    smooth = image_dataset_from_directory(
        folder, image_size=(8, 8), antialias=True, shuffle=False, verbose=False
    )
    with Image.open(smooth.file_paths[0]) as image:
        expected = image.resize((8, 8), Image.Resampling.BILINEAR)
    assert np.array_equal(next(iter(smooth))[0][0], np.asarray(expected))
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in smooth.file_paths:
        (flat / path.rsplit("/", 1)[1]).write_bytes(Path(path).read_bytes())
    named = image_dataset_from_directory(
        flat, labels="filename", image_size=(8, 8), shuffle=False, verbose=False
    )
    assert named.class_names == ["cats", "dogs"] and next(iter(named))[1].tolist() == [0] * 7 + [1] * 6


def test_damaged_files_are_left_out_in_file_order(folder, tmp_path):
    for i in range(3, 20):
        (folder / "dogs" / f"more.{i}.png").write_bytes((folder / "dogs" / "dogs.0.png").read_bytes())
    (folder / "cats" / "cats.2.png").write_bytes(b"")
    data = image_dataset_from_directory(folder, image_size=(8, 8), batch_size=10, verbose=False)
    rows = sum(len(x) for x, _ in data.file_order())
    assert rows == 29 == len(data.filenames)
    assert data.skipped == [("cats/cats.2.png", "0 bytes")]
    assert sum(len(x) for x, _ in data) == 30  # in training another picture takes its place


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"label_mode": "one_hot"},
            "label_mode: expected one of 'int', 'categorical', 'binary', None; came 'one_hot'.",
        ),
        (
            {"subset": "training"},
            "subset was given without validation_split. Give both, e.g. validation_split=0.2, subset='training'.",
        ),
        (
            {"validation_split": 0.2},
            "validation_split was given without subset. Give both, e.g. validation_split=0.2, subset='training'.",
        ),
        (
            {"validation_split": 20, "subset": "both"},
            "validation_split: expected a share between 0 and 1, e.g. 0.2; came 20.",
        ),
        (
            {"validation_split": 0.2, "subset": "test"},
            "subset: expected 'training', 'validation' or 'both'; came 'test'.",
        ),
        (
            {"image_size": (150, 150, 3)},
            "image_size: expected (height, width); came (150, 150, 3). Write (150, 150).",
        ),
        (
            {"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True},
            "crop_to_aspect_ratio, pad_to_aspect_ratio: expected one of them; came both.",
        ),
        ({"split": "random"}, "split: expected 'hash' or 'keras'; came 'random'."),
        (
            {"split": "keras", "validation_split": 0.2, "subset": "both"},
            "split='keras' with shuffle=True depends on the seed: give `seed=`.",
        ),
    ],
)
def test_arguments(folder, options, message):
    with pytest.raises(ArgumentError) as caught:
        image_dataset_from_directory(folder, **options)
    assert str(caught.value) == message


def test_classes_that_do_not_fit(folder):
    (folder / "birds").mkdir()
    (folder / "birds" / "a.png").write_bytes((folder / "dogs" / "dogs.0.png").read_bytes())
    with pytest.raises(ArgumentError) as caught:
        image_dataset_from_directory(folder, label_mode="binary", verbose=False)
    assert str(caught.value) == "label_mode='binary': 3 classes found. Use 'categorical' or 'int'."
    with pytest.raises(DataError) as caught:
        image_dataset_from_directory(folder, validation_split=0.01, subset="validation", verbose=False)
    assert str(caught.value) == "validation_split=0.01: no validation images of 14. Take another share."


def test_batches_are_asked_for_their_values_as_tensors_are(folder):
    data = image_dataset_from_directory(folder, batch_size=4, image_size=(8, 8), shuffle=False, verbose=False)
    for images, labels in data.take(1):
        assert type(images[0].numpy()) is np.ndarray and images[0].numpy().astype("uint8").shape == (8, 8, 3)
        assert labels[0].numpy() == 0 and data.class_names[labels[0]] == "cats"
        assert {0: "cats"}[labels[0]] == "cats" and set(labels) == {0} and Counter(labels) == {0: len(labels)}
        assert type(labels[0].numpy()) is np.int32
        with pytest.raises(
            TypeError, match=r"^unhashable: expected one number; came an array of shape \(4,\)$"
        ):
            hash(labels)
        assert int(labels[0]) == 0 and f"{images.max():.1f}" == f"{np.asarray(images).max():.1f}"


def test_operations_of_tensorflow_s_data_sets(folder):
    data = image_dataset_from_directory(folder, batch_size=4, image_size=(8, 8), shuffle=False, verbose=False)
    ordered = np.concatenate([images for images, _ in data])
    singles = list(data.unbatch())
    assert len(singles) == 13 and (np.stack([image for image, _ in singles]) == ordered).all()
    regrouped = [images for images, _ in data.unbatch().batch(5)]
    assert [len(images) for images in regrouped] == [5, 5, 3] and (np.concatenate(regrouped) == ordered).all()
    assert len(data.unbatch().batch(5, drop_remainder=True)) == 2
    mixed = data.map(lambda x, y: (x, y)).shuffle(1000).prefetch(2)
    passes = [np.concatenate([images for images, _ in mixed]) for _ in range(2)]
    for found in passes:
        assert not (found == ordered).all() and (np.sort(found, 0) == np.sort(ordered, 0)).all()
    assert not (passes[0] == passes[1]).all()
    twice = data.repeat(2)
    assert (
        len(twice) == 8
        and (np.concatenate([images for images, _ in twice]) == np.tile(ordered, (2, 1, 1, 1))).all()
    )
    assert data.repeat() is data and data.cardinality() == 4
    assert {type(part) for batch in data.as_numpy_iterator() for part in batch} == {np.ndarray}
    assert type(next(data.unbatch().as_numpy_iterator())[1]) is np.int32


def test_the_seed_of_shuffle(folder):
    data = image_dataset_from_directory(folder, batch_size=13, image_size=(8, 8), seed=1, verbose=False)

    def first(shuffled):
        return next(iter(shuffled))[0]

    orders = [first(data.map(lambda x, y: (x, y)).shuffle(1000, seed=seed)) for seed in (None, 1, 2, 2)]
    assert [(orders[i] == orders[i + 1]).all() for i in range(3)] == [True, False, True]


def test_operations_that_are_not_there(folder):
    data = image_dataset_from_directory(folder, batch_size=4, image_size=(8, 8), verbose=False)
    for call, text in (
        (
            lambda: data.take(2).shuffle(10),
            "shuffle: expected before take() and skip(), which take whole batches; came "
            "after. Write dataset.shuffle(1000).take(10).",
        ),
        (
            lambda: data.batch(8),
            "batch: expected single samples; came batches of 4. Give batch_size=8 to "
            "image_dataset_from_directory, or write unbatch().batch(8).",
        ),
        (
            lambda: data.filter(len),
            "Dataset: no 'filter' here; there are as_numpy_iterator, batch, batch_size, cache, "
            "cardinality, epoch_batches, file_order, file_paths, filenames, map, prefetch, repeat, samples, shuffle, skip, "
            "skipped, take, unbatch, wait_s. Loop over the set in Python for anything else.",
        ),
    ):
        with pytest.raises((ArgumentError, AttributeError)) as caught:
            call()
        assert str(caught.value) == text
