"""One primitive, one stem: what a stem lacks is named here."""

import dataclasses
import inspect
import re
from pathlib import Path

import pytest

from fastconv import _core, primitives
from fastconv.testing.cases import reference_module

ROOT = Path(__file__).resolve().parents[2]
STEM = re.compile(r'^  static constexpr const char\* stem = "(\w+)"', re.MULTILINE)


def stems_on_disk():
    """Every stem of which any file exists."""
    names = {p.stem for p in (ROOT / "python/fastconv/primitives").glob("*.py")} - {"__init__", "base"}
    names |= {p.stem for p in (ROOT / "csrc/cpu").glob("*.cpp")} - {"device"}
    names |= {p.stem for p in (ROOT / "python/fastconv/testing/reference").glob("*.py")} - {"__init__"}
    names |= {p.stem.removeprefix("test_") for p in Path(__file__).parent.glob("test_*.py")} - {"stems"}
    for header in (ROOT / "csrc/primitives").glob("*.h"):
        names |= set(STEM.findall(header.read_text()))
    return sorted(names)


@pytest.mark.parametrize("stem", stems_on_disk())
def test_stem_is_whole(stem):
    headers = {name for p in (ROOT / "csrc/primitives").glob("*.h") for name in STEM.findall(p.read_text())}
    parts = {
        f"python/fastconv/primitives/{stem}.py": (ROOT / f"python/fastconv/primitives/{stem}.py").exists(),
        f'csrc/primitives/*.h with stem = "{stem}"': stem in headers,
        f"csrc/cpu/{stem}.cpp": (ROOT / f"csrc/cpu/{stem}.cpp").exists(),
        f"python/fastconv/testing/reference/{stem}.py": (
            ROOT / f"python/fastconv/testing/reference/{stem}.py"
        ).exists(),
        f"tests/primitives/test_{stem}.py": (ROOT / f"tests/primitives/test_{stem}.py").exists(),
    }
    lacking = [part for part, there in parts.items() if not there]
    assert not lacking, f"{stem} lacks {', '.join(lacking)}"


@pytest.mark.parametrize("stem", primitives.all_stems())
def test_attributes_are_the_same_on_both_sides(stem):
    python = [field.name for field in dataclasses.fields(primitives.primitive_class(stem))]
    assert python == _core.primitive_fields(stem)


@pytest.mark.parametrize("stem", primitives.all_stems())
def test_names(stem):
    cls = primitives.primitive_class(stem)
    assert cls.__name__ == "".join(word.capitalize() for word in stem.split("_"))
    assert cls.__module__ == f"fastconv.primitives.{stem}"
    assert inspect.getdoc(cls), f"{cls.__name__} says nothing about itself"
    assert callable(getattr(reference_module(stem), stem))


def test_every_registered_stem_has_a_class():
    assert sorted(_core.stems()) == primitives.all_stems()
