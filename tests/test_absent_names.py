"""Names that Keras has and fastconv has not are told with what there is, also in imports."""

import importlib

import pytest

from fastconv.runtime.errors import AbsentImport, AbsentName

MODULES = (
    "fastconv",
    *(
        f"fastconv.{name}"
        for name in (
            "activations", "applications", "callbacks", "datasets", "initializers", "layers", "losses", "metrics",
            "models", "ops", "optimizers", "preprocessing", "utils",
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
        "own: subclass Layer and compute with fastconv.ops."
    )


def test_modules_of_a_package_are_found():
    names = {}
    exec("from fastconv.layers import conv2d\nfrom fastconv.utils import numeric", names)
    assert names["conv2d"].__name__ == "fastconv.layers.conv2d"


def test_datasets_need_no_import_of_their_own():
    found = importlib.import_module("fastconv.datasets")
    assert found.mnist.__name__ == "fastconv.datasets.mnist"
