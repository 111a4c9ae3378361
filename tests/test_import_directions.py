"""Imports and includes point down only: each floor knows the floors below it and no other."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

PACKAGE = Path(importlib.util.find_spec("fastconv").submodule_search_locations[0])

# From the ground up.  A package may import its own modules and packages on lower floors.
FLOORS = [
    {"runtime"},
    {"primitives"},
    {"graph"},
    {"compiler"},
    {"data", "weights"},
    {
        "models",
        "layers",
        "losses",
        "metrics",
        "optimizers",
        "callbacks",
        "applications",
        "datasets",
        "preprocessing",
        "utils",
        "ops",
        "plot",
        "cli",
        "kernels",
        "initializers",
        "activations",
        "backend",
        "saving",
    },
]
FACE = len(FLOORS) - 1
GROUND = {"_core", "_cuda"}
SOURCES = Path(__file__).resolve().parents[1] / "csrc"
# What the files of each folder include besides their own: of the devices, none knows the other.
INCLUDES = {
    "core": set(),
    "primitives": {"core"},
    "plan": {"core", "primitives"},
    "image": {"core"},
    "cpu": {"core", "primitives", "plan"},
    "cuda": {"core", "primitives", "plan", "image"},
    "bindings": {"core", "plan", "image", "cuda"},
}
# Stands beside the house: it looks into every floor; a floor asks for it at work (FASTCONV_CHECK), never when loaded.
BESIDE = {"testing"}


def floor_of(name):
    return next(height for height, names in enumerate(FLOORS) if name in names)


def imports_of(source, package):
    """(line, first name below fastconv, whether at load) of each import, wherever it stands in the file."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                base = package[: len(package) - node.level + 1]
                module = ".".join([*base, *filter(None, [module])])
            modules = [f"{module}.{alias.name}" for alias in node.names] if module == "fastconv" else [module]
        else:
            continue
        for module in modules:
            first, _, rest = module.partition(".")
            if first == "fastconv" and rest:
                yield node.lineno, rest.split(".")[0], node in tree.body


def upward(source, package):
    """Imports of a file of the package (its dotted name in parts) that do not point down."""
    own = package[1]
    for line, other, at_load in imports_of(source, package):
        if other in GROUND or other == own or own in BESIDE:
            continue
        if other in BESIDE:
            if at_load:
                yield line, other
            continue
        here, there = floor_of(own), floor_of(other)
        if there > here or (there == here and here != FACE):
            yield line, other


FILES = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if path.relative_to(PACKAGE).parts[0] not in ("__init__.py", "__main__.py")
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path):
    relative = path.relative_to(PACKAGE)
    package = ("fastconv", *relative.parts[:-1]) if len(relative.parts) > 1 else ("fastconv", relative.stem)
    wrong = [
        f"line {line}: fastconv.{other}" for line, other in upward(path.read_text(encoding="utf-8"), package)
    ]
    assert not wrong, f"{relative} looks up the house: {', '.join(wrong)}"


def test_what_points_up_is_found():
    source = "from fastconv import layers\ndef f():\n    from ..graph import node\nimport fastconv.runtime.errors\n"
    assert list(upward(source, ("fastconv", "primitives"))) == [(1, "layers"), (3, "graph")]
    source = "from fastconv.testing import cases\ndef f():\n    from fastconv.testing import cases\n"
    assert list(upward(source, ("fastconv", "graph"))) == [(1, "testing")]
    assert list(upward("from fastconv.weights import x\n", ("fastconv", "data"))) == [(1, "weights")]
    assert list(upward("from fastconv.losses import x\nfrom .a import b\n", ("fastconv", "layers"))) == []


def test_every_package_has_its_floor():
    known = set().union(*FLOORS) | GROUND | BESIDE | {"__init__", "__main__"}
    found = {
        path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert not found - known, "give it a floor here and in docs/architecture.md"


def includes_of(source):
    """(line, folder) of each header of the library that a file includes."""
    for line, text in enumerate(source.splitlines(), 1):
        found = re.match(r'\s*#\s*include\s+"(\w+)/', text)
        if found and found[1] in INCLUDES:
            yield line, found[1]


def astray(source, folder):
    """Includes of a file of csrc/<folder> that do not point down."""
    known = INCLUDES[folder] | {folder}
    return [(line, other) for line, other in includes_of(source) if other not in known]


@pytest.mark.parametrize("folder", INCLUDES)
def test_includes_point_down(folder):
    files = [path for path in (SOURCES / folder).rglob("*") if path.is_file()]
    assert files
    wrong = [
        f"{path.relative_to(SOURCES)}:{line}: {other}/"
        for path in files
        for line, other in astray(path.read_text(encoding="utf-8"), folder)
    ]
    assert not wrong, f"csrc/{folder} may include {sorted(INCLUDES[folder])}: {', '.join(wrong)}"


def test_includes_that_do_not_are_found():
    source = (
        '#include "core/shape.h"\n#include "cuda/check.h"\n#  include "cpu/simd/map.h"\n#include <vector>\n'
    )
    assert astray(source, "cuda") == [(3, "cpu")]
    assert astray(source, "cpu") == [(2, "cuda")]


def test_every_folder_of_sources_has_its_includes():
    assert {path.name for path in SOURCES.iterdir() if path.is_dir()} == set(INCLUDES)
