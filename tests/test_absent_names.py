"""Names that Keras has and fastconv has not are told with what there is, also in imports."""

import importlib.util

import pytest

from fastconv import activations, initializers, losses, metrics, optimizers
from fastconv.runtime.errors import AbsentImport, AbsentName, ArgumentError

MODULES = (
    "fastconv",
    *(
        f"fastconv.{name}"
        for name in (
            "activations", "applications", "backend", "callbacks", "datasets", "initializers", "layers", "losses", "metrics",
            "models", "ops", "optimizers", "preprocessing", "saving", "utils",
        )
    ),
)  # fmt: skip


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_the_face(module):
    found = importlib.import_module(module)
    with pytest.raises(AbsentName, match=f"^{module}: no 'Zzz' here; there are "):
        found.Zzz  # noqa: B018
    with pytest.raises(AbsentImport, match=f"^{module}: no 'Zzz' here; there are "):
        exec(f"from {module} import Zzz")
    assert not hasattr(found, "Zzz")


def test_the_nearest_and_the_way_out():
    with pytest.raises(AbsentImport) as error:
        exec("from fastconv.layers import Con2D")
    assert str(error.value) == (
        "fastconv.layers: no 'Con2D' here; nearest 'Conv2D'. A layer that Keras has and fastconv has not can be your "
        "own: subclass Layer and compute with fastconv.ops. Pictures are varied (Random...) by "
        "preprocessing.image.ImageDataGenerator."
    )


def test_modules_of_a_package_are_found():
    names = {}
    exec("from fastconv.layers import conv2d\nfrom fastconv.utils import numeric", names)
    assert names["conv2d"].__name__ == "fastconv.layers.conv2d"


def test_datasets_need_no_import_of_their_own():
    found = importlib.import_module("fastconv.datasets")
    assert found.mnist.__name__ == "fastconv.datasets.mnist"


def test_names_of_keras_alone_are_no_misspellings():
    with pytest.raises(ArgumentError) as error:
        optimizers.get("Nadam")
    assert str(error.value) == (
        "optimizer 'Nadam': Keras has it, fastconv has not; there are adam, adamw, rmsprop, sgd. Use one of these; Adam "
        "comes near most others."
    )
    with pytest.raises(AbsentName) as error:
        optimizers.Nadam  # noqa: B018
    assert str(error.value) == (
        "fastconv.optimizers: no 'Nadam' here; there are Adam, AdamW, Optimizer, RMSprop, SGD, deserialize, get, schedules, "
        "serialize. Use one of these; Adam comes near most others."
    )


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (activations, "gelu"),
        (activations, {"class_name": "log_softmax", "config": {}}),
        (initializers, "OrthogonalInitializer"),
        (losses, "mape"),
        (losses, "KLDivergence"),
        (metrics, "F1Score"),
        (optimizers, {"class_name": "Adagrad", "config": {}}),
    ],
)
def test_every_kind_of_name(module, name):
    with pytest.raises(ArgumentError, match="': Keras has it, fastconv has not; there are "):
        module.get(name)


# What these modules of Keras hold beside things that are asked for by name.
MACHINERY = {"Optimizer", "OptimizerMap", "deserialize", "get", "legacy", "schedules", "serialize"}


@pytest.mark.parametrize("module", [activations, initializers, losses, metrics, optimizers])
def test_all_that_keras_has_is_here_or_known_to_be_absent(module, peer):
    theirs = getattr(peer("keras"), module.__name__.partition(".")[2])
    public = {name for name in dir(theirs) if not name.startswith("_")} - MACHINERY
    here = {*dir(module), *module._by_name}
    assert {name for name in public - here if name not in module._absent} == set()
    assert {name for name in here if name in module._absent} == set()


@pytest.mark.parametrize("module", ["layers.core", "applications.vgg16", "regularizers", "optimizers.legacy"])
def test_modules_that_are_not_here(module):
    package, _, name = f"fastconv.{module}".rpartition(".")
    for line in (f"from fastconv.{module} import Zzz", f"import fastconv.{module}"):
        with pytest.raises(AbsentImport, match=f"^{package}: no '{name}' here; "):
            exec(line)


def test_other_modules_are_left_alone():
    for name in ("fastconv.layers._zzz", "fastconv_zzz", "json.zzz", "fastconv.layers.Dense"):
        with pytest.raises(ModuleNotFoundError) as error:
            importlib.import_module(name)
        assert type(error.value) is ModuleNotFoundError


def test_programs_may_try_and_ask_for_modules():
    with pytest.raises(ModuleNotFoundError, match=r"^fastconv: no 'zzz' here; "):
        importlib.import_module("fastconv.zzz")


def test_what_course_programs_ask_of_the_backend():
    names = {}
    exec("from fastconv import backend as K\nfrom fastconv.backend import clear_session", names)
    assert (names["K"].image_data_format(), names["K"].floatx(), names["K"].epsilon()) == (
        "channels_last",
        "float32",
        1e-7,
    )
    names["clear_session"]()
    optimizer = importlib.import_module("fastconv").optimizers.SGD(0.5)
    names["K"].set_value(optimizer.lr, 0.25)
    assert (
        float(optimizer.lr) == names["K"].get_value(optimizer.lr) == 0.25 and int(optimizer.iterations) == 0
    )


def test_classes_at_the_top():
    import fastconv as fc

    assert (fc.Layer, fc.Loss, fc.Metric) == (fc.layers.Layer, fc.losses.Loss, fc.metrics.Metric)
    assert (fc.Optimizer, fc.Initializer) == (fc.optimizers.Optimizer, fc.initializers.Initializer)
    assert fc.saving.load_model is fc.models.load_model
