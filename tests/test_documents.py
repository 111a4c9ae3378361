"""The documents say what is true: variables, scripts, modules and generated pages that they name."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fastconv.datasets import drawings
from fastconv.runtime import errors

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# Names of macros and of CMake's options, not variables of the environment.
READ = re.compile(
    r"(?:environ\.get\(|environ\[|getenv\(|_missing\()\s*f?[\"'](FASTCONV_\w+)|\$\{?(FASTCONV_\w+)"
)


def sources():
    for folder, suffixes in (
        ("python", {".py"}),
        ("csrc", {".cpp", ".h"}),
        ("tests", {".py"}),
        ("examples", {".py"}),
    ):
        yield from (p for p in (ROOT / folder).rglob("*") if p.suffix in suffixes)


def test_every_variable_is_explained():
    read = set()
    for path in sources():
        read.update(
            name for names in READ.findall(path.read_text(encoding="utf-8")) for name in names if name
        )
    table = README.split("## Variables")[1].split("\n## ")[0]
    assert read == set(re.findall(r"`(FASTCONV_\w+)`", table))


def test_every_error_is_in_the_table():
    table = README.split("## Errors")[1].split("\n## ")[0]
    told = {
        name: set(re.findall(r"`(\w+)`", builtins))
        for names, builtins in re.findall(r"^\| (`.*?) \| (`.*?) \|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", names)
    }
    raised = [
        cls
        for cls in vars(errors).values()
        if isinstance(cls, type) and cls.__bases__[0] is errors.FastconvError
    ]
    assert set(told) == {cls.__name__ for cls in raised}
    for cls in raised:
        also = {base.__name__ for base in cls.__bases__[1:]}
        assert also and also <= told[cls.__name__]


DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_paths_exist(document):
    text = document.read_text(encoding="utf-8")
    named = re.findall(r"`((?:docs|scripts|examples|bench|tests|csrc|python|\.ci)/[\w./-]+)`", text)
    # What the guide tells its reader to make, and patterns over stems.
    made = {path for path in named if "softplus" in path or "STEM" in path}
    missing = [path for path in named if path not in made and not (ROOT / path).exists()]
    assert not missing


def test_the_readme_program_runs(tmp_path, monkeypatch, capsys):
    listing = re.search(r"## Five minutes\n.*?```python\n(.*?)```", README, re.DOTALL)[1]
    assert "epochs=30" in listing
    drawings.write_folders(tmp_path / "data", train=8, validation=4, size=32)
    monkeypatch.chdir(tmp_path)
    exec(compile(listing.replace("epochs=30", "epochs=1"), "README.md", "exec"), {})
    assert (tmp_path / "cats_and_dogs.fastconv").is_file()
    assert (tmp_path / "curves.png").is_file()


def test_the_page_of_primitives_is_current():
    command = [sys.executable, str(ROOT / "scripts" / "primitives_page.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
