"""Mistakes that show when training and validation data are compared."""

import warnings
from types import SimpleNamespace

import pytest

from fastconv.data.checks import check_validation, skipped_line, warn_of_shared_files
from fastconv.runtime.errors import DataError, FastconvWarning


def data(names=None, augmentations=(), paths=()):
    return SimpleNamespace(class_names=names, augmentations=list(augmentations), filepaths=list(paths))


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        (["cats", "dog"], "validation has class 'dog', training 'dogs'. "),
        (
            ["dogs", "cats"],
            "validation has its classes in the order ['dogs', 'cats'], training ['cats', 'dogs']. ",
        ),
        (["cats"], "validation has classes 'cats', training 'cats', 'dogs'. "),
    ],
)
def test_unlike_classes(validation, message):
    with pytest.raises(DataError) as caught:
        check_validation(data(["cats", "dogs"]), data(validation))
    assert str(caught.value) == message + "Rename, or give `classes=[...]` to both."


def test_same_or_unknown_classes_pass():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_validation(data(["a", "b"]), data(["a", "b"]))
        check_validation(data(["a", "b"]), data(None))
        check_validation(object(), object())


@pytest.mark.parametrize(
    ("verbs", "said"),
    [
        (["rotates", "flips"], "rotates and flips"),
        (["zooms"], "zooms"),
        (["rotates", "zooms", "flips"], "rotates, zooms and flips"),
    ],
)
def test_augmented_validation(verbs, said):
    with pytest.warns(FastconvWarning) as caught:
        check_validation(data(["a"]), data(["a"], verbs))
    assert str(caught[0].message) == (
        f"validation generator {said}; scores will be low and noisy. Use a generator with `rescale` only."
    )


def test_same_file_in_both(tmp_path):
    paths = []
    for name, content in (
        ("a.jpg", b"one"),
        ("b.jpg", b"two"),
        ("c.jpg", b"one"),
        ("d.jpg", b"four"),
        ("e.jpg", b"two"),
    ):
        (tmp_path / name).write_bytes(content)
        paths.append(str(tmp_path / name))
    with pytest.warns(FastconvWarning) as caught:
        shared = warn_of_shared_files(
            data(paths=paths[:2]), data(paths=[*paths[2:], str(tmp_path / "gone.jpg")])
        )
    assert shared == [paths[2], paths[4]]
    assert str(caught[0].message) == (
        "2 validation images are also training images (same bytes): 'c.jpg', ... Keep each in one of the two."
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert warn_of_shared_files(data(paths=paths[:1]), data(paths=paths[3:])) == []
        assert warn_of_shared_files(object(), object()) == []


def test_skipped_line():
    assert skipped_line(object()) is None
    assert skipped_line(SimpleNamespace(skipped=[], samples=3)) is None
    one = SimpleNamespace(skipped=[("Cat/666.jpg", "0 bytes")], samples=2000)
    assert skipped_line(one) == "1 of 2,000 images skipped: 'Cat/666.jpg' (0 bytes)"
