"""What a user gets: what an import loads and prints, what the libraries hold, what the stub says."""

import ast
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import fastconv
from fastconv import _core

PACKAGE = Path(_core.__file__).parent
ROOT = Path(__file__).resolve().parents[1]
WITH_CUDA = importlib.util.find_spec("fastconv._cuda") is not None
NAMES = ["_core", "libfastconv"] + (["_cuda", "libfastconv_cuda"] if WITH_CUDA else [])
LIBRARIES = [path for name in NAMES for path in PACKAGE.glob(f"{name}.*so")]
needs_cuda = pytest.mark.skipif(not WITH_CUDA, reason="fastconv was built without CUDA")


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


def test_all_libraries_are_looked_at():
    assert [path.name.split(".")[0] for path in LIBRARIES] == NAMES


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


def stub_names(module):
    tree = ast.parse((Path(fastconv.__file__).parent / f"{module}.pyi").read_text(encoding="utf-8"))
    names = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names[node.name] = members_of(node) if isinstance(node, ast.ClassDef) else None
    return names


def members_of(node):
    functions = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
    return functions | {item.target.id for item in node.body if isinstance(item, ast.AnnAssign)}


@pytest.mark.parametrize("module", ["_core", pytest.param("_cuda", marks=needs_cuda)])
def test_the_stub_names_what_the_module_has(module):
    stub, loaded = stub_names(module), importlib.import_module(f"fastconv.{module}")
    native = {name: getattr(loaded, name) for name in dir(loaded) if not name.startswith("_")}
    assert set(stub) == set(native)
    for name, value in native.items():
        if isinstance(value, type):
            public = {member for member in vars(value) if not member.startswith("_")}
            assert {member for member in stub[name] if not member.startswith("_")} == public - {
                "__members__"
            }, name


# What a build with CUDA carries


def dynamic_section(library):
    listing = subprocess.run(
        ["readelf", "-d", str(library)], capture_output=True, text=True, check=True
    ).stdout
    return re.findall(r"\((NEEDED|RPATH|RUNPATH)\).*\[(.*)\]", listing)


@needs_cuda
@pytest.mark.skipif(not shutil.which("readelf"), reason="readelf (binutils) is not installed")
@pytest.mark.parametrize("name", ["_cuda", "libfastconv_cuda"])
def test_the_runtime_beside_the_kernels_can_be_replaced(name):
    """RUNPATH, which LD_LIBRARY_PATH goes before; an RPATH would shut the emulated runtime out."""
    (library,) = PACKAGE.glob(f"{name}.*so")
    section = dynamic_section(library)
    assert [entry for entry in section if entry[0] != "NEEDED"] == [("RUNPATH", "$ORIGIN")]
    needed = {value for kind, value in section if kind == "NEEDED"}
    assert "libcudart.so.13" in needed or name == "_cuda"
    assert "libcuda.so.1" not in needed  # the runtime opens the driver, and says so where there is none
    assert (PACKAGE / "libcudart.so.13").is_file()


def licences():
    try:
        files = importlib.metadata.files("fastconv")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("fastconv runs from its sources, not installed")
    return {file.name: file.read_text(encoding="utf-8") for file in files if file.parent.name == "licenses"}


@needs_cuda
def test_nvidias_runtime_comes_with_its_terms():
    terms = licences()["NVIDIA.txt"]
    assert terms.startswith("libcudart.so.13 in this distribution is NVIDIA's")
    assert "2.6. Attachment A" in terms


@pytest.mark.skipif(WITH_CUDA, reason="fastconv was built with CUDA")
def test_a_build_without_cuda_carries_nothing_of_it():
    assert not [*PACKAGE.glob("*cuda*.so*")]
    assert set(licences()) == {"LICENSE"}


def test_the_compiler_is_pinned_alike_in_both_places():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extra = project["project"]["optional-dependencies"]["cuda-dev"]
    (override,) = project["tool"]["scikit-build"]["overrides"]
    readers = [pin for pin in extra if "cuobjdump" in pin or "nvdisasm" in pin]
    assert len(readers) == 2
    assert override["build"]["requires"] == [pin for pin in extra if pin not in readers]
    assert all(re.fullmatch(r"nvidia-[a-z-]+==13\.[\d.]+", pin) for pin in extra)


# Which nvcc builds the kernels


def write_nvcc(folder, release):
    folder.mkdir(parents=True)
    nvcc = folder / "nvcc"
    nvcc.write_text(f"#!/bin/sh\necho 'Cuda compilation tools, release {release}, V{release}.1'\n")
    nvcc.chmod(0o755)
    return nvcc


def found_nvcc(tmp_path, *options, **environment):
    """What cmake/find_nvcc.cmake answers; the packages are those that a program in place of Python prints."""
    script = tmp_path / "ask.cmake"
    script.write_text(
        f"include({ROOT}/cmake/find_nvcc.cmake)\nfastconv_find_nvcc()\n"
        'message(NOTICE "nvcc <${nvcc}> <${nvcc_problem}>")\n'
    )
    packaged = tmp_path / "packaged" / "nvcc"
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n[ -f {packaged} ] && echo {packaged}\n")
    python.chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if k not in ("CUDACXX", "CUDA_HOME", "CUDA_PATH")}
    command = ["cmake", f"-DPython_EXECUTABLE={python}", *options, "-P", str(script)]
    done = subprocess.run(command, env=kept | environment, capture_output=True, text=True, check=True)
    return re.search(r"nvcc <(.*)> <(.*)>", done.stderr).groups()


@pytest.mark.skipif(not shutil.which("cmake"), reason="cmake is not installed")
@pytest.mark.parametrize("wish", ["", "nonsense", "75", "8.0", "90;75", "Release"])
def test_architectures_that_the_kernels_cannot_be_built_for(wish):
    command = [
        "cmake",
        "-DFASTCONV_CUDA=ON",
        f"-DFASTCONV_CUDA_ARCHS={wish}",
        "-P",
        f"{ROOT}/cmake/cuda.cmake",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (
        "FASTCONV_CUDA_ARCHS: expected dev, release, or compute capabilities from 8.0 on without the point (90;100); "
        f"came '{wish}'"
    ) in " ".join(done.stderr.split())


@pytest.mark.skipif(not shutil.which("cmake"), reason="cmake is not installed")
class TestFindNvcc:
    def test_the_systems_comes_first(self, tmp_path):
        nvcc = write_nvcc(tmp_path / "system" / "bin", "13.4")
        write_nvcc(tmp_path / "packaged", "13.0")
        assert found_nvcc(tmp_path, CUDA_HOME=str(tmp_path / "system")) == (str(nvcc), "")

    def test_an_older_one_of_the_system_makes_way_for_the_packages(self, tmp_path):
        write_nvcc(tmp_path / "system" / "bin", "12.8")
        nvcc = write_nvcc(tmp_path / "packaged", "13.0")
        assert found_nvcc(tmp_path, CUDA_HOME=str(tmp_path / "system")) == (str(nvcc), "")

    def test_the_packages_alone(self, tmp_path):
        write_nvcc(tmp_path / "system" / "bin", "13.0")
        nvcc = write_nvcc(tmp_path / "packaged", "13.0")
        found = found_nvcc(tmp_path, "-DFASTCONV_SYSTEM_NVCC=OFF", CUDA_HOME=str(tmp_path / "system"))
        assert found == (str(nvcc), "")

    def test_one_that_is_named(self, tmp_path):
        nvcc = write_nvcc(tmp_path / "mine", "13.2")
        write_nvcc(tmp_path / "packaged", "13.0")
        assert found_nvcc(tmp_path, f"-DCMAKE_CUDA_COMPILER={nvcc}") == (str(nvcc), "")
        assert found_nvcc(tmp_path, CUDACXX=str(nvcc)) == (str(nvcc), "")

    def test_only_older_ones(self, tmp_path):
        nvcc = write_nvcc(tmp_path / "system" / "bin", "12.8")
        problem = f"expected nvcc of CUDA 13; {nvcc} is of CUDA 12.8"
        assert found_nvcc(tmp_path, CUDA_HOME=str(tmp_path / "system")) == ("", problem)

    def test_none(self, tmp_path):
        found = found_nvcc(tmp_path, "-DFASTCONV_SYSTEM_NVCC=OFF")
        assert found == ("", "expected nvcc of CUDA 13; there is none")
