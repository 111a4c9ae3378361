"""CONTRIBUTING's primitive is real: its files, taken from the page and laid beside the tree, pass their own cases."""

import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from fastconv import _core
from fastconv.testing import emulation

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CMAKE = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
LISTING = re.compile(r"^   ```\w+ (\S+)\n(.*?)^   ```$", re.MULTILINE | re.DOTALL)
# Makes the package see the files as if they stood in the tree, before any test is collected.
OVERLAY = """
import ctypes
import fastconv.primitives
import fastconv.testing.reference
from fastconv import _core

fastconv.primitives.__path__.append({top!r} + "/python/fastconv/primitives")
fastconv.testing.reference.__path__.append({top!r} + "/python/fastconv/testing/reference")
if {cuda!r}:
    from fastconv.testing import emulation, suite

    suite.cuda_device = emulation.open_test_device("emulated")
for library in {kernels!r}:
    ctypes.CDLL(library)
"""


def listings():
    return {path: textwrap.dedent(text) for path, text in LISTING.findall(PAGE)}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """The page's files, in a folder of the tree's form."""
    top = tmp_path_factory.mktemp("sources")
    for path, text in listings().items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text, encoding="utf-8")
    return top


def test_the_steps_name_their_files_and_edit_none():
    assert list(listings()) == [
        "python/fastconv/primitives/softplus.py",
        "python/fastconv/testing/reference/softplus.py",
        "tests/primitives/test_softplus.py",
        "csrc/primitives/softplus.h",
        "csrc/cpu/softplus.cpp",
        "csrc/cpu/softplus/softplus.h",
        "csrc/cpu/softplus/blocks.cpp",
        "csrc/cuda/softplus.cu",
    ]
    assert not [path for path in listings() if (ROOT / path).exists()]
    lists = re.findall(r"file\(GLOB \w+ CONFIGURE_DEPENDS(.*?)\)", CMAKE, re.DOTALL)
    globs = [pattern for text in lists for pattern in text.split()]
    for path in map(Path, listings()):
        assert path.suffix != ".cpp" or [path.match(pattern) for pattern in globs].count(True) == 1


@pytest.fixture(scope="module")
def cpu_kernels(sources):
    """The stem's units as a library of their own, which registers its kernels when it is loaded."""
    compiler = shlex.split(os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++") or "")
    if not compiler:
        pytest.skip("no C++ compiler")
    return compiled(compiler, sources)


@pytest.mark.parametrize("cuda", [False, True], ids=["cpu", "cuda"])
def test_without_kernels_only_they_are_missing(sources, cuda):
    if cuda and importlib.util.find_spec("fastconv._cuda") is None:
        pytest.skip("fastconv was built without CUDA")
    output = run_cases(sources, [], cuda)
    failures = re.findall(r"^FAILED \S*::(test_\w+)", output, re.MULTILINE)
    errors = re.findall(r"^E\s+(AssertionError: .*)", output, re.MULTILINE)
    devices = {"cpu": "test_has_kernels"} | ({"cuda:0": "test_cuda_has_kernels"} if cuda else {})
    assert set(failures) == set(devices.values()), output
    assert set(errors) == {f"AssertionError: softplus has no kernel on {name}" for name in devices}, output
    assert re.search(r"\d+ failed, [1-9]\d* passed", output), output


def test_with_its_kernels_all_cases_pass(sources, cpu_kernels):
    output = run_cases(sources, [cpu_kernels])
    assert re.search(r"^=+ \d+ passed(, \d+ skipped)? in", output, re.MULTILINE), output
    assert "test_reference[blocks-" in output and "test_reference[reference-" in output


def test_on_cuda_all_cases_pass(sources, cpu_kernels):
    toolkit = emulation.packaged_toolkit()
    nvcc = shutil.which("nvcc") or (toolkit and toolkit / "bin" / "nvcc")
    if not nvcc or importlib.util.find_spec("fastconv._cuda") is None:
        pytest.skip("no nvcc, or fastconv was built without CUDA")
    kernels = [cpu_kernels, compiled_for_cuda(nvcc, sources)]
    output = run_cases(sources, kernels, cuda=True, FASTCONV_PTXSIM=emulation.runtime_folder())
    assert re.search(r"^=+ \d+ passed(, \d+ skipped)? in", output, re.MULTILINE), output
    assert "test_cuda[elements-" in output and "test_cuda_in_place[elements-" in output


def run_cases(top, kernels, cuda=False, **environment):
    """What pytest says of the stem's test file in a process of its own."""
    overlay = OVERLAY.format(top=str(top), kernels=kernels, cuda=cuda)
    (top / "overlay.py").write_text(overlay, encoding="utf-8")
    options = "-v -rf -W error -o markers=slow --import-mode=importlib -p no:cacheprovider -p overlay"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *options.split(),
            "--rootdir=.",
            "tests/primitives/test_softplus.py",
        ],
        cwd=top,
        env=os.environ | environment | {"PYTHONPATH": os.pathsep.join([str(top), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def compiled(compiler, top):
    objects = [unit(compiler, top, "csrc/cpu/softplus.cpp", "narrow")]
    for name, floats, flags in instruction_sets():
        objects.append(
            unit(
                compiler,
                top,
                "csrc/cpu/softplus/blocks.cpp",
                name,
                f"-DFASTCONV_SIMD={name}",
                f"-DFASTCONV_VECTOR_FLOATS={floats}",
                *kernel_flags(),
                *flags,
            )
        )
    library = next(Path(_core.__file__).resolve().parent.glob("libfastconv.*"))
    made = top / "softplus.so"
    call([*compiler, "-shared", "-o", made, *objects, library])
    return str(made)


def compiled_for_cuda(nvcc, top):
    target, made = top / "softplus.cu.o", top / "softplus_cuda.so"
    package = Path(_core.__file__).resolve().parent
    options = ["-std=c++17", "-O2", "-Xcompiler=-fPIC", "--expt-relaxed-constexpr", "--extended-lambda"]
    architecture = ["-gencode", "arch=compute_80,code=[compute_80,sm_80]"]
    includes = ["-I", top / "csrc", "-I", ROOT / "csrc"]
    call(
        [nvcc, *options, *architecture, *includes, "-c", top / "csrc" / "cuda" / "softplus.cu", "-o", target]
    )
    libraries = [package / name for name in ("libfastconv_cuda.so", "libfastconv.so", "libcudart.so.13")]
    call(["g++", "-shared", "-Wl,-Bsymbolic-functions", "-o", made, target, *libraries])
    return str(made)


def unit(compiler, top, source, name, *flags):
    made = top / f"{name}.o"
    baseline = ["-march=x86-64-v2", "-DFASTCONV_HAS_X86_SETS"] if is_x86() else []
    common = ["-std=c++17", "-O3", "-fPIC", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off", *baseline]
    includes = ["-I", top / "csrc", "-I", ROOT / "csrc"]
    call([*compiler, *common, *includes, *flags, "-c", top / source, "-o", made])
    return made


def instruction_sets():
    """(name, floats of a vector, flags), as the build has them."""
    for name, floats, flags in re.findall(r"^\s*fastconv_wide\((\w+) (\d+)(.*)\)$", CMAKE, re.MULTILINE):
        if name == "baseline" or is_x86():
            yield name, floats, flags.split()


def kernel_flags():
    found = re.search(r"\$\{FASTCONV_KERNEL_OPTIMIZATION\} (-.*) \$\{ARGN\}", CMAKE)
    return found[1].split()


def is_x86():
    return platform.machine() in ("x86_64", "AMD64")


def call(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
