"""Which files are images, which class they have, which of them validate; and what is said when a folder is not as meant."""

import os
import warnings

import numpy as np
import pytest

from fastconv.data.folder import index_folder, split_by_hash, split_neighbours, warn_of_one_class
from fastconv.runtime.errors import ArgumentError, DataError, FastconvWarning


def refused(*arguments, error=DataError, **options):
    with pytest.raises(error) as caught:
        index_folder(*arguments, **options)
    return str(caught.value)


def test_class_folders(make_folder):
    index = index_folder(make_folder({"dogs": ["b.png", "a.jpg"], "cats": ["x.JPG"], "cats/more": ["y.bmp"]}))
    assert index.class_names == ("cats", "dogs")
    assert index.filenames == (
        os.path.join("cats", "x.JPG"),
        os.path.join("cats", "more", "y.bmp"),
        os.path.join("dogs", "a.jpg"),
        os.path.join("dogs", "b.png"),
    )
    assert index.labels.dtype == np.int32 and index.labels.tolist() == [0, 0, 1, 1]
    assert index.describe_classes() == "0 cats (2), 1 dogs (2)"


def test_what_is_no_image_or_no_class_is_left_out(make_folder):
    folder = make_folder({"cats": ["a.jpg", ".hidden.jpg"], ".ipynb_checkpoints": 1, "__MACOSX": 1})
    (folder / "cats" / "notes.txt").write_text("no image")
    (folder / "labels.csv").write_text("no folder")
    (folder / "cats" / "folder.jpg").mkdir()
    os.mkfifo(folder / "cats" / "pipe.jpg")  # opening it would wait for ever
    index = index_folder(folder)
    assert index.class_names == ("cats",)
    assert index.filenames == (os.path.join("cats", "a.jpg"),)


def test_flat_folder_with_classes_in_the_names(make_folder):
    folder = make_folder({"": ["dog.2.jpg", "cat.10.jpg", "cat.9.jpg"]})
    index = index_folder(folder, labels="filename")
    assert index.class_names == ("cat", "dog")
    assert index.filenames == ("cat.10.jpg", "cat.9.jpg", "dog.2.jpg")
    only = index_folder(folder, labels="filename", class_names=["dog"])
    assert only.filenames == ("dog.2.jpg",) and only.labels.tolist() == [0]


def test_given_classes_keep_their_order(make_folder):
    folder = make_folder({"cats": 1, "dogs": 2, "birds": 3})
    index = index_folder(folder, class_names=["dogs", "cats"])
    assert index.class_names == ("dogs", "cats") and index.labels.tolist() == [0, 0, 1]
    assert refused(folder, class_names=["dog"]) == (
        f"classes: 'dog' is no folder of '{folder}'; there are 'birds', 'cats', 'dogs'."
    )


def test_given_labels(make_folder):
    folder = make_folder({"": ["a.jpg", "b.jpg", "c.jpg"]})
    assert index_folder(folder, labels=[2, 0, 2]).labels.tolist() == [2, 0, 2]
    assert index_folder(folder, labels=None).labels is None
    assert refused(folder, labels=[0, 1]) == f"labels: expected one an image of '{folder}' (3); came 2."
    assert refused(folder, labels=[0.5, 1, 2]) == "labels: expected whole numbers from 0."
    assert refused(folder, labels="files", error=ArgumentError) == (
        "labels: expected 'inferred', 'filename', None or a list; came 'files'."
    )


def test_links_are_entered_when_asked_and_circles_end(make_folder):
    folder = make_folder({"cats": 1})
    other = make_folder({"more": 2}, "other")
    os.symlink(other / "more", folder / "cats" / "linked")
    os.symlink(folder, folder / "cats" / "up")
    assert len(index_folder(folder)) == 1
    assert len(index_folder(folder, follow_links=True)) == 1 + 2  # the way up leads to files already listed


def test_missing_folder(make_folder):
    train = make_folder({"cats": 1})
    make_folder({"cats": 1}, "validation")
    beside = train.parent
    assert refused(beside / "trian") == f"'{beside}/trian': no such folder; beside it: 'train', 'validation'."
    assert (
        refused(f"{beside}/trian/") == f"'{beside}/trian': no such folder; beside it: 'train', 'validation'."
    )
    assert refused(train / "cats" / "x" / "y") == (
        f"'{train}/cats/x/y': no such folder; '{train}/cats' holds no folders."
    )
    (beside / "data.zip").write_bytes(b"PK")
    assert refused(beside / "data.zip") == (
        f"'{beside}/data.zip': expected a folder; this is an archive. Unpack it first."
    )


def test_folder_without_classes(make_folder):
    folder = make_folder({"cats": 1000})
    assert refused(folder / "cats").endswith(
        f"/cats': expected one folder per class, found 1,000 images. Give its parent '{folder}'."
    )
    flat = make_folder({"": ["cat.1.jpg", "cat.2.jpg", "dog.1.jpg", "dog.2.jpg"]}, "flat")
    assert refused(flat) == (
        f"'{flat}': expected one folder per class, found 4 images. Named like 'cat.1.jpg': use labels='filename'."
    )


def test_no_images(make_folder):
    folder = make_folder({"cats": 0, "dogs": 0})
    assert refused(folder) == (
        f"'{folder}': 2 class folders, 0 images of .jpg .png .bmp .gif .webp; found no file at all. "
        "Was the archive unpacked elsewhere?"
    )
    for i in range(40):
        (folder / "cats" / f"{i}.heic").write_bytes(b"x")
    assert refused(folder) == (
        f"'{folder}': 2 class folders, 0 images of .jpg .png .bmp .gif .webp; found 40 .heic. Convert them."
    )
    (folder / "dogs" / "dogs.zip").write_bytes(b"PK")
    assert refused(folder / "dogs") == (
        f"'{folder}/dogs': 0 class folders, 0 images of .jpg .png .bmp .gif .webp; found 1 .zip. Unpack them."
    )


def test_one_class_and_an_empty_class(make_folder):
    folder = make_folder({"train": 2}, "data")
    with pytest.warns(FastconvWarning) as caught:
        warn_of_one_class(index_folder(folder))
    assert str(caught[0].message) == (
        f"'{folder}': 1 class ('train'). Is the archive unpacked one level too deep?"
    )
    empty = make_folder({"cats": 2, "dogs": 0}, "other")
    with pytest.warns(FastconvWarning) as caught:
        index = index_folder(empty)
    assert str(caught[0].message) == (
        f"'{empty}': no images in class folder 'dogs'; the model gets a class for each all the same. Fill or remove them."
    )
    assert index.class_names == ("cats", "dogs")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_one_class(index_folder(make_folder({"a": 1, "b": 1}, "two")))


def test_names_without_classes(make_folder):
    folder = make_folder({"": [f"IMG_{i:02d}.jpg" for i in range(12)]})
    assert refused(folder, labels="filename") == (
        f"'{folder}': labels='filename' takes the class from the name before its first dot; that gives 12 classes "
        "for 12 images ('IMG_00', 'IMG_01', ...). Name them like 'cat.1.jpg'."
    )


def test_hash_split_takes_a_share_of_each_class(make_folder):
    index = index_folder(make_folder({"cats": 20, "dogs": 11}))
    training, validation = split_by_hash(index, 0.2)
    assert np.bincount(validation.labels).tolist() == [4, 2]
    assert sorted(training.filenames + validation.filenames) == sorted(index.filenames)
    # Known answer: the same files on any machine, whatever else is in the other class.
    assert [name for name in validation.filenames if "dogs" in name] == [
        os.path.join("dogs", "dogs.10.jpg"),
        os.path.join("dogs", "dogs.8.jpg"),
    ]
    assert [int(name.split(".")[1]) for name in validation.filenames[:4]] != [0, 1, 2, 3]


def test_neighbours_split_is_keras_s(make_folder):
    index = index_folder(make_folder({"cats": 10, "dogs": 5}))
    training, validation = split_neighbours(index, 0.3)
    assert [os.path.basename(name) for name in validation.filenames] == [
        "cats.0.jpg",
        "cats.1.jpg",
        "cats.2.jpg",
        "dogs.0.jpg",
    ]
    assert len(training) == 11


def test_many_classes_are_shortened(make_folder):
    index = index_folder(make_folder({f"class_{i:02d}": 1 for i in range(20)}))
    line = index.describe_classes()
    assert line.startswith("0 class_00 (1), 1 class_01 (1), ") and line.endswith(", ..., 19 class_19 (1)")
