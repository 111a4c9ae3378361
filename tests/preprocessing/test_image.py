"""ImageDataGenerator and its iterators, as a course's program uses them."""

import gc
import threading
import warnings

import numpy as np
import pytest
from PIL import Image

import fastconv as fc
from fastconv import _core
from fastconv.data import check_validation
from fastconv.preprocessing.image import ImageDataGenerator, list_pictures, load_img
from fastconv.runtime import keys
from fastconv.runtime.device import get_device
from fastconv.runtime.errors import ArgumentError, DataError, FastconvWarning, NumericsError, ShapeError

COURSE = {
    "rescale": 1 / 255,
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
}


def draw_folder(folder, counts):
    rng = np.random.default_rng(0)
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for i in range(count):
            coarse = rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)
            image = Image.fromarray(coarse).resize((40, 30), Image.Resampling.BICUBIC)
            image.save(folder / name / f"{name}.{i}.jpg", quality=95)
    return folder


@pytest.fixture
def folder(tmp_path):
    return draw_folder(tmp_path / "train", {"cats": 9, "dogs": 8})


@pytest.fixture
def threads():
    before = _core.thread_count()
    yield _core.set_thread_count
    _core.set_thread_count(before)


def flow(folder, generator=None, **options):
    options = {"target_size": (20, 24), "batch_size": 4, "class_mode": "binary", "seed": 5, **options}
    return (generator or ImageDataGenerator(**COURSE)).flow_from_directory(folder, **options)


def test_the_course_s_generator(folder, capsys):
    generator = flow(folder)
    assert capsys.readouterr().out == "Found 17 images belonging to 2 classes.\n0 cats (9), 1 dogs (8)\n"
    assert generator.class_indices == {"cats": 0, "dogs": 1} and generator.num_classes == 2
    assert generator.classes.tolist() == [0] * 9 + [1] * 8
    assert generator.filenames[0].endswith("cats.0.jpg") and len(generator.filepaths) == 17
    assert (generator.n, generator.samples, generator.batch_size, len(generator)) == (17, 17, 4, 5)
    assert generator.image_shape == (20, 24, 3)
    sizes = []
    for data, labels in generator:  # goes on for ever
        assert data.dtype == labels.dtype == np.float32 and data.min() >= 0 and data.max() <= 1
        sizes.append((len(data), len(labels), generator.batch_index))
        if len(sizes) == 7:
            break
    assert sizes == [(4, 4, 1), (4, 4, 2), (4, 4, 3), (4, 4, 4), (1, 1, 0), (4, 4, 1), (4, 4, 2)]


@pytest.mark.parametrize(
    ("mode", "shape"),
    [("categorical", (4, 2)), ("binary", (4,)), ("sparse", (4,)), ("input", (4, 20, 24, 3))],
)
def test_labels_like_keras_s(folder, mode, shape, peer):
    image = peer("keras.src.legacy.preprocessing.image")
    peer("scipy")
    options = {"target_size": (20, 24), "batch_size": 4, "class_mode": mode, "shuffle": False}
    ours = ImageDataGenerator(rescale=1 / 255).flow_from_directory(folder, **options)
    theirs = image.ImageDataGenerator(rescale=1 / 255).flow_from_directory(str(folder), **options)
    assert ours.filenames == theirs.filenames and ours.class_indices == theirs.class_indices
    for _ in range(6):
        (x, y), (their_x, their_y) = next(ours), next(theirs)
        assert np.array_equal(x, their_x) and np.array_equal(y, their_y) and y.dtype == their_y.dtype
    assert next(ours)[1].shape == shape


@pytest.mark.parametrize(
    "options", [{"color_mode": "grayscale"}, {"interpolation": "bilinear"}, {"keep_aspect_ratio": True}]
)
def test_pixels_like_keras_s(folder, options, peer):
    image = peer("keras.src.legacy.preprocessing.image")
    options = dict(target_size=(20, 24), batch_size=17, class_mode=None, shuffle=False, **options)
    ours = next(ImageDataGenerator().flow_from_directory(folder, **options))
    theirs = next(image.ImageDataGenerator().flow_from_directory(str(folder), **options))
    assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("fill_mode", ["nearest", "constant", "reflect", "wrap"])
def test_transforms_like_keras_s(fill_mode, peer):
    image = peer("keras.src.legacy.preprocessing.image")
    peer("scipy")
    options = {
        "rotation_range": 40,
        "width_shift_range": 0.2,
        "height_shift_range": 0.2,
        "shear_range": 20,
        "zoom_range": 0.3,
        "horizontal_flip": True,
        "vertical_flip": True,
        "channel_shift_range": 30,
        "brightness_range": (0.5, 1.5),
        "fill_mode": fill_mode,
        "cval": 99,
    }
    ours, theirs = ImageDataGenerator(**options), image.ImageDataGenerator(**options)
    rng = np.random.default_rng(0)
    for seed in range(20):
        x = rng.integers(0, 256, (23, 23, 3)).astype(np.float32)
        draw = ours.get_random_transform(x.shape, seed)
        assert set(draw) == set(theirs.get_random_transform(x.shape))
        if fill_mode != "nearest":  # brightness cuts to whole numbers: 1e-4 before it may be 1 after it
            draw["brightness"] = None
            np.testing.assert_allclose(
                ours.apply_transform(x, draw), theirs.apply_transform(x, draw), rtol=0, atol=1 / 255
            )
        else:
            difference = np.abs(ours.apply_transform(x, draw) - theirs.apply_transform(x, draw))
            assert difference.max() <= 2 and (difference > 1 / 255).mean() < 1e-3


@pytest.mark.parametrize(
    "options",
    [
        {"samplewise_center": True},
        {"samplewise_std_normalization": True, "samplewise_center": True},
        {"featurewise_center": True, "rescale": 1 / 255},
        {"featurewise_std_normalization": True, "featurewise_center": True},
        {"zca_whitening": True, "featurewise_center": True},
        {"preprocessing_function": lambda x: x[..., ::-1] - 100, "rescale": 0.5},
    ],
)
def test_normalisation_like_keras_s(options, peer):
    image = peer("keras.src.legacy.preprocessing.image")
    x = np.random.default_rng(0).integers(0, 256, (12, 6, 6, 3)).astype(np.float32)
    ours, theirs = ImageDataGenerator(**options), image.ImageDataGenerator(**options)
    for generator in (ours, theirs):
        generator.fit(x)
    mine = next(ours.flow(x, batch_size=12, shuffle=False))
    yours = next(theirs.flow(x, batch_size=12, shuffle=False))
    # float32 sums of 108 to 432 values in another order; whitening multiplies by up to 1e3.
    np.testing.assert_allclose(mine, yours, rtol=2e-3 if "zca_whitening" in options else 1e-5, atol=2e-3)
    assert np.array_equal(ours.standardize(x[0].copy()), mine[0])


def test_samplewise_needs_no_fit_and_featurewise_does():
    x = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    for option, what in (
        ("featurewise_center", "mean"),
        ("zca_whitening", "mean"),
        ("featurewise_std_normalization", "mean"),
    ):
        generator = ImageDataGenerator(**{option: True})
        with pytest.raises(ArgumentError) as caught:
            next(generator.flow(x))
        assert str(caught.value) == (
            f"ImageDataGenerator: `featurewise_center=True` needs the data's {what}; call `datagen.fit(x)` first."
        )
        generator.fit(x)
        assert np.isfinite(next(generator.flow(x))).all()
    centred = next(ImageDataGenerator(samplewise_center=True).flow(x))
    np.testing.assert_allclose(centred.mean(axis=(1, 2, 3)), 0, atol=1e-4)


def test_same_bits_for_any_number_of_threads_and_from_memory(folder, threads):
    runs = []
    for count, cache in ((1, True), (2, False), (8, True)):
        threads(count)
        generator = flow(folder, cache=cache)
        runs.append([np.concatenate([x.ravel() for x, _ in generator.epoch_batches(e)]) for e in range(3)])
    assert all(np.array_equal(a, b) for run in runs[1:] for a, b in zip(runs[0], run))
    assert not np.array_equal(runs[0][0], runs[0][1])


def test_epochs_by_hand_are_those_of_fit(folder):
    by_hand, keyed = flow(folder), flow(folder)
    drawn = [next(by_hand)[0] for _ in range(10)]
    for epoch in (1, 0):
        for mine, (x, _) in zip(drawn[5 * epoch :], keyed.epoch_batches(epoch), strict=False):
            assert np.array_equal(mine, x)
    steps = list(keyed.epoch_batches(1, steps=3))
    assert len(steps) == 3 and np.array_equal(steps[0][0], drawn[3]) and np.array_equal(steps[2][0], drawn[5])


def test_names_are_found_from_the_package():
    import fastconv.preprocessing

    assert fastconv.preprocessing.image.ImageDataGenerator is ImageDataGenerator
    assert callable(fastconv.preprocessing.image_dataset_from_directory)
    assert not hasattr(fastconv.preprocessing, "text")


def test_one_seed_behind_all(folder):
    batches = []
    for seed in (1, 1, 2):
        keys.set_seed(seed)
        batches.append(next(flow(folder, seed=None))[0])
    assert np.array_equal(batches[0], batches[1]) and not np.array_equal(batches[0], batches[2])


def test_mask_and_picture_of_one_seed_go_together(folder):
    pictures, masks = flow(folder), flow(folder, color_mode="grayscale")
    weights = np.array([299, 587, 114]) / 1000
    for _ in range(6):
        x, mask = next(pictures)[0], next(masks)[0]
        # Grey values are rounded to whole numbers before the transform, colours are not turned grey until after.
        assert np.abs(x @ weights - mask[..., 0]).max() < 1.5 / 255


def test_items_reset_and_passes(folder):
    generator = flow(folder)
    first = [next(generator)[0] for _ in range(2)]
    assert np.array_equal(generator[0][0], first[0]) and np.array_equal(generator[1][0], first[1])
    assert len(generator[-1][0]) == 1
    with pytest.raises(IndexError) as caught:
        generator[5]
    assert str(caught.value) == "batch 5: there are 5 (0..4)."
    generator.reset()
    assert generator.batch_index == 0
    again = next(generator)[0]
    assert not np.array_equal(again, first[0])  # a pass of its own
    fresh = flow(folder)
    assert np.array_equal(next(fresh)[0], first[0])
    fresh.on_epoch_end()
    assert np.array_equal(fresh.next()[0], again)


def test_classes_behind_batches_drawn_by_hand(folder):
    """The order of shuffled batches is not that of `classes`; what predict gives is."""
    generator = flow(folder)
    assert len(generator.classes) == 17  # nothing drawn yet
    next(generator)
    with pytest.warns(FastconvWarning) as caught:
        assert len(generator.classes) == 17
    assert [str(warning.message) for warning in caught] == [
        f"'{folder}': expected batches in file order, as `classes` is; came batches drawn by hand from a shuffled "
        "generator. Use predict(generator), or shuffle=False."
    ]
    assert caught[0].filename == __file__
    assert len(generator.classes) == 17  # said once
    generator[0]
    generator.file_order()
    assert len(generator.labels) == 17  # predict walks in file order
    ordered = flow(folder, shuffle=False)
    next(ordered)
    assert len(ordered.classes) == 17
    list(generator.epoch_batches(0))
    assert len(generator.classes) == 17


def test_file_order_for_predict(tmp_path):
    folder = draw_folder(tmp_path / "test", {"cats": 20, "dogs": 22})
    (folder / "cats" / "cats.10.jpg").write_bytes(b"")
    (folder / "dogs" / "dogs.3.jpg").write_bytes((folder / "dogs" / "dogs.3.jpg").read_bytes()[:300])
    generator = flow(folder, ImageDataGenerator(), shuffle=True, batch_size=5)
    ordered = generator.file_order()
    rows = np.concatenate([y for _, y in ordered.epoch_batches(0)])
    assert len(rows) == 40 == len(generator.filenames) == len(ordered.filenames)
    assert np.array_equal(rows, generator.classes) and np.array_equal(rows, ordered.classes)
    assert generator.skipped == [("cats/cats.10.jpg", "0 bytes"), ("dogs/dogs.3.jpg", "ends at byte 300")]
    assert sum(len(x) for x, _ in generator.epoch_batches(0)) == 42


def test_validation_is_not_augmented(folder):
    generator = ImageDataGenerator(validation_split=0.3, **COURSE)
    training, validation = (flow(folder, generator, subset=name) for name in ("training", "validation"))
    assert (training.n, validation.n) == (13, 4)
    assert not set(training.filenames) & set(validation.filenames)
    plain = flow(folder, ImageDataGenerator(rescale=1 / 255, validation_split=0.3), subset="validation")
    assert np.array_equal(next(validation)[0], next(plain)[0])
    assert training.augmentations == ["rotates", "shifts", "shears", "zooms", "flips"]
    assert validation.augmentations == []
    neighbours = flow(folder, ImageDataGenerator(validation_split=0.3, split="keras"), subset="validation")
    assert [name.split(".")[1] for name in neighbours.filenames] == ["0", "1", "0", "1"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_validation(training, validation)
    with pytest.warns(FastconvWarning) as caught:
        check_validation(training, flow(folder, ImageDataGenerator(rotation_range=9, horizontal_flip=True)))
    assert str(caught[0].message) == (
        "validation generator rotates and flips; scores will be low and noisy. Use a generator with `rescale` only."
    )


def test_unlike_classes(folder, tmp_path):
    other = draw_folder(tmp_path / "validation", {"cats": 2, "dog": 2})
    with pytest.raises(DataError) as caught:
        check_validation(flow(folder), flow(other))
    assert str(caught.value) == (
        "validation has class 'dog', training 'dogs'. Rename, or give `classes=[...]` to both."
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"target_size": (3, 150, 150)},
            "target_size: expected (height, width); came (3, 150, 150). Write (150, 150).",
        ),
        (
            {"class_mode": "one_hot"},
            "class_mode: expected one of 'categorical', 'binary', 'sparse', 'input', None; came 'one_hot'.",
        ),
        (
            {"subset": "validation"},
            "subset='validation': the generator does not split. Make it with ImageDataGenerator(validation_split=0.2).",
        ),
        ({"subset": "test"}, "subset: expected 'training' or 'validation'; came 'test'."),
        ({"color_mode": "bgr"}, "color_mode: expected one of 'rgb', 'rgba', 'grayscale'; came 'bgr'."),
        ({"batch_size": 0}, "batch_size: expected a whole number from 1; came 0."),
    ],
)
def test_arguments(folder, options, message):
    with pytest.raises(ArgumentError) as caught:
        flow(folder, **options)
    assert str(caught.value) == message


def test_binary_with_three_classes(tmp_path):
    folder = draw_folder(tmp_path / "train", {"a": 1, "b": 1, "c": 1})
    with pytest.raises(ArgumentError) as caught:
        flow(folder)
    assert str(caught.value) == "class_mode='binary': 3 classes found. Use 'categorical' or 'sparse'."


def test_one_class(tmp_path):
    folder = draw_folder(tmp_path / "data", {"train": 2})
    with pytest.warns(FastconvWarning) as caught:
        flow(folder)
    assert str(caught[0].message) == (
        f"'{folder}': 1 class ('train'). Is the archive unpacked one level too deep?"
    )
    with warnings.catch_warnings():  # the way to predict on a folder without classes
        warnings.simplefilter("error")
        assert next(flow(folder, class_mode=None)).shape == (2, 20, 24, 3)


def test_flat_folder(test_data):
    generator = flow(test_data / "dogs_vs_cats_flat", labels="filename")
    assert generator.class_indices == {"cat": 0, "dog": 1} and generator.n == 40


def test_generator_arguments():
    for options, message in (
        ({"zoom_range": (1, 2, 3)}, "zoom_range: expected two numbers (low, high); came (1, 2, 3)."),
        ({"brightness_range": 0.5}, "brightness_range: expected two numbers (low, high); came 0.5."),
        (
            {"validation_split": 1.5},
            "validation_split: expected a share between 0 and 1, e.g. 0.2; came 1.5.",
        ),
    ):
        with pytest.raises(ArgumentError) as caught:
            ImageDataGenerator(**options)
        assert str(caught.value) == message


def test_flow():
    x = np.random.default_rng(0).integers(0, 256, (10, 9, 8, 3), dtype=np.uint8)
    y, weights = np.arange(10), np.linspace(0, 1, 10)
    generator = ImageDataGenerator(rescale=1 / 255).flow(x, y, batch_size=4, sample_weight=weights, seed=3)
    images, labels, chosen = next(generator)
    assert np.array_equal(images, x[labels] * np.float32(1 / 255)) and np.array_equal(chosen, weights[labels])
    assert len(generator) == 3 and generator.n == 10
    plain = ImageDataGenerator().flow(x, batch_size=4, shuffle=False)
    assert np.array_equal(next(plain), x[:4])
    doubles = ImageDataGenerator(dtype="float64").flow(x.astype(np.float64), shuffle=False)
    assert next(doubles).dtype == np.float64
    halves = ImageDataGenerator(validation_split=0.2)
    assert len(next(halves.flow(x, y, subset="validation", ignore_class_split=True))[0]) == 2
    assert len(next(halves.flow(x, y, subset="training", ignore_class_split=True))[0]) == 8


def test_flow_mistakes():
    x, generator = np.zeros((10, 8, 8, 3), dtype=np.uint8), ImageDataGenerator(validation_split=0.5)
    with pytest.raises(DataError) as caught:
        generator.flow(x, np.zeros(9))
    assert str(caught.value) == "flow: x has 10 samples, y 9."
    with pytest.raises(ShapeError) as caught:
        generator.flow(x[0])
    assert str(caught.value) == (
        "flow: expected x (n, height, width, channels); came (8, 8, 3). One picture: `x[None]`."
    )
    with pytest.raises(ShapeError) as caught:
        generator.fit(np.zeros((10, 28, 28)))
    assert str(caught.value) == (
        "fit: expected x (n, height, width, channels); came (10, 28, 28). Grey pictures: `x[..., None]`."
    )
    with pytest.raises(DataError) as caught:
        generator.flow(x, np.arange(10) // 5, subset="training")
    assert str(caught.value) == (
        "flow: training and validation part do not hold the same classes: the arrays look sorted by label. "
        "Shuffle x and y together first, or give ignore_class_split=True."
    )
    with pytest.warns(FastconvWarning) as warned:
        generator.flow(np.zeros((4, 3, 8, 8), dtype=np.uint8))
    assert str(warned[0].message) == (
        "flow: x has 8 channels on its last axis; 1, 3 or 4 are usual. Channels first? `np.moveaxis(x, 1, -1)`."
    )


def test_preprocessing_function_must_keep_the_shape(folder):
    generator = flow(folder, ImageDataGenerator(preprocessing_function=lambda x: x[::2]))
    with pytest.raises(ShapeError) as caught:
        next(generator)
    assert (
        str(caught.value) == "preprocessing_function: expected a picture (20, 24, 3) back; came (10, 24, 3)."
    )


def test_random_transform():
    generator = ImageDataGenerator(rotation_range=40, horizontal_flip=True)
    x = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    assert np.array_equal(generator.random_transform(x, seed=4), generator.random_transform(x, seed=4))
    keys.set_seed(0)
    first, second = generator.random_transform(x), generator.random_transform(x)
    assert first.dtype == np.uint8 and not np.array_equal(first, second)


def test_saved_pictures(folder, tmp_path):
    generator = flow(folder, save_to_dir=str(tmp_path / "out"), save_prefix="aug", save_format="jpeg")
    x, _ = next(generator)
    saved = list_pictures(str(tmp_path / "out"), ext="jpg|jpeg")
    assert len(saved) == len(x) and all("/aug_" in path for path in saved)
    assert load_img(saved[0]).size == (24, 20)


def test_no_thread_stays_behind(folder):
    before = set(threading.enumerate())
    generator = flow(folder)
    next(generator)
    own = set(threading.enumerate()) - before
    assert own
    del generator
    gc.collect()
    for thread in own:  # where a worker collects the garbage, nobody has waited for them
        thread.join(10)
    assert not any(thread.is_alive() for thread in own)


def test_many_threads_may_draw(folder):
    generator, seen = flow(folder, batch_size=1), []

    def draw():
        for _ in range(17):
            seen.append(next(generator)[0].tobytes())

    workers = [threading.Thread(target=draw) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    alone = flow(folder, batch_size=1)
    assert sorted(seen) == sorted(next(alone)[0].tobytes() for _ in range(68))


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("rescale", "1/255"),
        ("rotation_range", "40"),
        ("width_shift_range", "a"),
        ("height_shift_range", [1, "b"]),
    ],
)
def test_numbers_in_quotes(argument, value):
    came = value[1] if isinstance(value, list) else value
    with pytest.raises(ArgumentError) as error:
        ImageDataGenerator(**{argument: value})
    assert str(error.value) == f"{argument}: expected a number; came {came!r}. Write it without quotes."


def test_a_preprocessing_function_that_is_none():
    with pytest.raises(
        ArgumentError, match=r"^preprocessing_function: expected a function of one picture; came 3"
    ):
        ImageDataGenerator(preprocessing_function=3)


# As tests/data/test_augment.py derives it, for values up to 255.
TOLERANCE = 1.3e-4


def pairs(generator, device):
    """Batches of the second epoch, then of a pass in file order: made here, and for a model on the device."""
    for data in (generator, generator.file_order()):
        here, there = data.epoch_batches(1), data.on_device(device).epoch_batches(1)
        yield from zip(here, there, strict=True)


@pytest.mark.parametrize(
    "options",
    [
        {},
        COURSE,
        {**COURSE, "channel_shift_range": 40, "brightness_range": (0.5, 1.5), "fill_mode": "reflect"},
        {"samplewise_center": True, "samplewise_std_normalization": True, "vertical_flip": True},
        {"featurewise_center": True, "featurewise_std_normalization": True, "rescale": 1 / 255},
    ],
    ids=["nothing", "course", "values", "samplewise", "featurewise"],
)
def test_batches_made_on_cuda(folder, options, cuda_device):
    """The same pictures for a model there, rounding aside, with their labels and names."""
    generator = ImageDataGenerator(**options)
    images = np.random.default_rng(1).integers(0, 256, (9, 20, 24, 3)).astype(np.float32)
    generator.fit(images)
    for data in (flow(folder, generator), generator.flow(images, np.arange(9), batch_size=4, seed=5)):
        for here, there in pairs(data, cuda_device):
            assert isinstance(here[0], np.ndarray) and there[0].device == cuda_device
            np.testing.assert_allclose(there[0].numpy(), here[0], rtol=0, atol=TOLERANCE)
            np.testing.assert_array_equal(there[1], here[1])
            assert getattr(there, "files", None) == getattr(here, "files", None)


@pytest.mark.parametrize(
    ("options", "flowing"),
    [
        ({"preprocessing_function": lambda picture: picture + 1}, {}),
        ({"zca_whitening": True}, {}),
        ({"dtype": "float64"}, {}),
        ({}, {"save_to_dir": True}),
        ({}, {"class_mode": "input"}),
    ],
    ids=["function", "zca", "dtype", "saved", "input"],
)
def test_batches_that_cuda_leaves_to_the_cpu(folder, tmp_path, options, flowing, cuda_device):
    generator = ImageDataGenerator(rotation_range=40, **options)
    if generator.zca_whitening:
        generator.fit(np.random.default_rng(1).random((3, 20, 24, 3)))
    if "save_to_dir" in flowing:
        flowing = {"save_to_dir": str(tmp_path)}
    for here, there in pairs(flow(folder, generator, **flowing), cuda_device):
        np.testing.assert_array_equal(there[0], here[0])
        assert isinstance(there[0], np.ndarray)


def test_damaged_pictures_on_cuda(tmp_path, cuda_device):
    folder = draw_folder(tmp_path / "train", {"cats": 12, "dogs": 12})
    (folder / "cats" / "cats.3.jpg").write_bytes(b"no picture")
    for here, there in pairs(flow(folder), cuda_device):
        np.testing.assert_allclose(there[0].numpy(), here[0], rtol=0, atol=TOLERANCE)
        assert there.files == here.files


def convnet():
    model = fc.Sequential([
        fc.layers.Conv2D(4, 3, activation="relu", input_shape=(20, 24, 3)), fc.layers.MaxPooling2D(),
        fc.layers.Flatten(), fc.layers.Dense(1, activation="sigmoid"),
    ])  # fmt: skip
    model.compile(fc.optimizers.SGD(0.1), "binary_crossentropy", metrics=["accuracy"])
    return model


class Here:
    """Data without `on_device`: its batches are made by the CPU."""

    def __init__(self, data):
        self.data = data

    def __len__(self):
        return len(self.data)

    def epoch_batches(self, epoch, steps=None):
        return self.data.epoch_batches(epoch, steps)


def test_training_on_batches_made_on_cuda(folder, cuda_device, monkeypatch):
    """Fit, evaluate and predict take them, and give what batches made here give."""
    fc.set_device(cuda_device)
    try:
        results = []
        for wrapped in (lambda data: data, Here):
            fc.utils.set_random_seed(2)
            model = convnet()
            history = model.fit(wrapped(flow(folder)), epochs=3, verbose=0).history
            data = wrapped(flow(folder, shuffle=False))
            results.append([history["loss"], model.evaluate(data, verbose=0), model.predict(data)])
        np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-3)
        np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-3)
        np.testing.assert_allclose(results[0][2], results[1][2], atol=1e-3)
        made = []
        device = get_device(cuda_device)
        monkeypatch.setattr(
            type(device), "image_augment", lambda *args, **options: made.append(args), raising=True
        )
        model.predict(flow(folder, shuffle=False))
        assert len(made) == 5  # it is the device that makes them
    finally:
        fc.set_device("cpu")


def test_numbers_that_are_not_finite_on_cuda(folder, cuda_device):
    fc.set_device(cuda_device)
    try:
        with pytest.raises((DataError, NumericsError)) as caught:
            convnet().fit(flow(folder, ImageDataGenerator(rescale=float("inf"))), verbose=0)
        assert "cats" in str(caught.value) or "dogs" in str(caught.value)
    finally:
        fc.set_device("cpu")


def test_data_frames_are_told():
    with pytest.raises(ArgumentError) as error:
        ImageDataGenerator().flow_from_dataframe(None)
    assert str(error.value) == (
        "flow_from_dataframe is not supported. Load the pictures (utils.load_img, img_to_array) and use flow(x, y), or sort "
        "the files into class folders and use flow_from_directory."
    )
