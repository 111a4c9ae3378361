"""The documents say what is true: variables, scripts, modules and generated pages that they name."""

import csv
import re
import statistics
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
    build = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    read = set(re.findall(r'env = "(FASTCONV_\w+)"', build))
    for path in sources():
        read.update(
            name for names in READ.findall(path.read_text(encoding="utf-8")) for name in names if name
        )
    table = README.split("## Variables")[1].split("\n## ")[0]
    assert read == set(re.findall(r"`(FASTCONV_\w+)`", table))


def measured(name, isa):
    with (ROOT / "bench" / "results" / f"{name}_epyc_25_17.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["isa"] == isa and row["ratio"]]


def ratios(name, isa):
    """Of each other library, in the file's order."""
    rows = [row for row in measured(name, isa) if row["library"] != "fastconv"]
    return ", ".join(f"{float(row['ratio']):.1f}" for row in rows)


def medians(isa):
    """Over the convolutions of each pass."""
    ratios = {name: [] for name in ("forward", "input_gradient", "filter_gradient")}
    for row in measured("op", isa):
        ratios[row["pass"]].append(float(row["ratio"]))
    return ", ".join(f"{statistics.median(values):.1f}" for values in ratios.values())


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("training step, the course's convnet", "step_course"),
        ("training step, VGG16", "step_vgg16"),
        ("an epoch of 2,000 photographs", "epoch_course"),
    ],
)
def test_figures_are_those_of_the_results(what, name):
    row = next(line for line in README.splitlines() if line.startswith(f"| {what}"))
    assert row.endswith(f"| {ratios(name, 'avx2')} | {ratios(name, 'avx512')} |")


def test_medians_are_those_of_the_results():
    row = next(line for line in README.splitlines() if line.startswith("| one convolution"))
    assert row.endswith(f"| {medians('avx2')} | {medians('avx512')} |")


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
        if isinstance(cls, type) and issubclass(cls, errors.FastconvError) and cls is not errors.FastconvError
    ]
    assert set(told) == {cls.__name__ for cls in raised}
    for cls in raised:
        also = {base.__name__ for base in cls.__bases__} - {"FastconvError"}
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
