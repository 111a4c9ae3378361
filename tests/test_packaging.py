"""What a user gets: what an import loads and prints, what the libraries hold, what the stub says."""

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fastconv
from fastconv import _core

PACKAGE = Path(_core.__file__).parent
LIBRARIES = [
    *PACKAGE.glob("_core*.so"),
    *PACKAGE.glob("libfastconv*.so"),
    *PACKAGE.glob("lib/libfastconv*.so"),
]


def python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )


# Everything else is loaded when it is asked for: each of these costs every program that imports fastconv.
LOADED = {"fastconv"}
HEAVY = ["PIL", "tqdm", "pooch", "safetensors", "torch", "tensorflow", "keras", "h5py", "matplotlib", "scipy"]


def test_import_loads_little_and_says_nothing():
    done = python(f"""
import sys, numpy
before = set(sys.modules)
import fastconv
new = set(sys.modules) - before
print(*sorted(n for n in new if n.split(".")[0] == "fastconv"))
print(*sorted(n for n in sys.modules if n.split(".")[0] in {HEAVY!r}))
""")
    ours, heavy = done.stdout.splitlines()
    assert set(ours.split()) == LOADED
    assert heavy == ""
    assert done.stderr == ""


def test_version_is_the_distributions():
    try:
        installed = importlib.metadata.version("fastconv")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("fastconv runs from its sources, not installed")
    assert fastconv.__version__ == installed


def test_package_says_that_it_is_typed():
    assert (Path(fastconv.__file__).parent / "py.typed").is_file()


# VEX- and EVEX-coded instructions, and what BMI adds: none may run on the baseline, x86-64-v2.
BEYOND_BASELINE = re.compile(
    r"^\s*[0-9a-f]+:\s+(?:(?!verr|verw)v[a-z0-9]+|(?:mulx|pdep|pext|rorx|sarx|shlx|shrx|andn|bextr|bzhi|blsr|blsi|blsmsk)[lq]?)\b"
)
WIDE_NAMESPACES = re.compile(r"fastconv::(?:avx2|avx512)::")


def beyond_baseline(listing):
    """(function, instruction) of everything in an objdump listing that only wide units may hold."""
    found, function = [], ""
    for line in listing:
        if line.endswith(">:\n"):
            function = line.split("<", 1)[1][:-3]
        elif BEYOND_BASELINE.match(line) and not WIDE_NAMESPACES.search(function):
            found.append((function, line.strip()))
    return found


@pytest.mark.skipif(
    not any("avx2" in isa for isa in _core.available_isas()), reason="no wide sets in this build"
)
@pytest.mark.skipif(not shutil.which("objdump"), reason="objdump (binutils) is not installed")
@pytest.mark.parametrize("library", LIBRARIES, ids=lambda path: path.name.split(".")[0])
def test_wide_instructions_stay_in_their_units(library):
    command = ["objdump", "--disassemble", "--demangle", "--no-show-raw-insn", str(library)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as objdump:
        found = beyond_baseline(objdump.stdout)
    assert objdump.returncode == 0
    assert not found, f"{len(found)} instructions outside the wide units, first: {found[:3]}"


def test_both_libraries_are_looked_at():
    assert sorted(path.name.split(".")[0] for path in LIBRARIES) == ["_core", "libfastconv"]


def test_the_search_for_wide_instructions_finds_them():
    listing = [
        "0000000000001000 <fastconv::baseline::relu(float*)>:\n",
        "    1000:\tmovaps %xmm0,%xmm1\n",
        "    1003:\tvmovaps %ymm0,%ymm1\n",
        "    1007:\tshlx   %rax,%rbx,%rcx\n",
        "0000000000002000 <fastconv::avx512::relu(float*)>:\n",
        "    2000:\tvmovaps %zmm0,%zmm1\n",
    ]
    assert [line for _, line in beyond_baseline(listing)] == [
        "1003:\tvmovaps %ymm0,%ymm1",
        "1007:\tshlx   %rax,%rbx,%rcx",
    ]


def stub_names():
    tree = ast.parse((Path(fastconv.__file__).parent / "_core.pyi").read_text(encoding="utf-8"))
    names = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names[node.name] = members_of(node) if isinstance(node, ast.ClassDef) else None
    return names


def members_of(node):
    functions = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
    return functions | {item.target.id for item in node.body if isinstance(item, ast.AnnAssign)}


def test_the_stub_names_what_the_module_has():
    stub = stub_names()
    native = {name: getattr(_core, name) for name in dir(_core) if not name.startswith("_")}
    assert set(stub) == set(native)
    for name, value in native.items():
        if isinstance(value, type):
            public = {member for member in vars(value) if not member.startswith("_")}
            assert {member for member in stub[name] if not member.startswith("_")} == public - {
                "__members__"
            }, name
