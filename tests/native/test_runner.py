"""The native runner of the case tables: it passes on what is right and fails on what is not."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from fastconv import _core

ROOT = Path(__file__).resolve().parents[2]
MAGIC = b"fastconv cases 1\n"


@pytest.fixture(scope="module")
def runner():
    """The newest runner that was built."""
    built = [*ROOT.glob("build/fastconv_runner"), *ROOT.glob("build/*/fastconv_runner")]
    built.sort(key=lambda path: path.stat().st_mtime)
    built = [path for path in built if path.parent.name not in ("asan", "tsan", "aarch64")]
    if not built:
        pytest.skip("fastconv_runner is not built (-DFASTCONV_RUNNER=ON)")
    return built[-1]


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    """A file of cases."""
    folder = tmp_path_factory.mktemp("cases")
    command = [sys.executable, "scripts/export_cases.py", str(folder), "--stem", "max_pool2d"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder / "max_pool2d.cases"


def run(runner, *arguments):
    environment = {**os.environ, "FASTCONV_ISA": _core.isa()}
    return subprocess.run(
        [runner, *arguments], capture_output=True, text=True, errors="replace", env=environment, check=False
    )


def test_passes(runner, cases):
    done = run(runner, cases)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f" passed, 0 failed ({_core.isa()})\n")
    assert not done.stdout.startswith("0 passed")


def test_finds_a_wrong_value(runner, cases, tmp_path):
    content = bytearray(cases.read_bytes())
    text, data = struct.unpack_from("<IQ", content, len(MAGIC))
    start = len(MAGIC) + 12 + text
    assert (data, content[start : start + 4]) != (0, b"")
    content[start + 3] ^= 0x40  # the exponent of the first case's one input
    wrong = tmp_path / "wrong.cases"
    wrong.write_bytes(content)
    done = run(runner, wrong)
    assert done.returncode == 1
    assert "FAILED max_pool2d reference [one pixel]: output 0: element 0: expected " in done.stdout


@pytest.mark.parametrize("place", range(40))
def test_a_damaged_file_is_refused(runner, cases, tmp_path, place):
    """Cut off anywhere, or with a changed byte in the first record's header: an error or a failure, never a crash."""
    content = cases.read_bytes()
    cut = tmp_path / "cut.cases"
    cut.write_bytes(content[: place * (len(content) - 1) // 39])
    assert run(runner, "--threads", "1", cut).returncode == 2
    changed = bytearray(content)
    changed[len(MAGIC) + place] ^= 0xFF
    cut.write_bytes(changed)
    assert run(runner, "--threads", "1", cut).returncode in (0, 1, 2)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            b"stem max_pool2d\ninput float32 9223372036854775807 9223372036854775807\n",
            "has more than 2^63 elements",
        ),
        (b"stem max_pool2d\ninput float32 -1\n", "has a negative size"),
        (b"stem max_pool2d\ninput float32 1 1 1 1 1 1 1\n", "has a shape of too many axes"),
        (b"stem max_pool2d\ninput float32 4x\n", "has a shape that is no list of numbers"),
        (b"stem max_pool2d\ninput float32 4\n", "has too little data for a shape"),
        (b"stem max_pool2d\nwidened 3 rows 1\n", "has a wrong 'widened' line"),
        (b"case nothing\n", "has a case without a stem"),
        (b"stem max_pool2d\n", "max_pool2d: attribute 'window_h' is missing"),
        (b"stem max_pool3d\n", "no kernel of any device is registered for the primitive 'max_pool3d'."),
        (b"stem max_pool2d\nhello\n", "has a line that is not understood: hello"),
    ],
)
def test_messages(runner, tmp_path, line, message):
    path = tmp_path / "made.cases"
    path.write_bytes(MAGIC + struct.pack("<IQ", len(line), 0) + line)
    done = run(runner, path)
    assert done.returncode == 2
    assert message in done.stderr


def test_arguments(runner, tmp_path):
    assert run(runner).stderr == "fastconv_runner: expected files of cases, or folders of them\n"
    assert run(runner, tmp_path).stderr == f"fastconv_runner: {tmp_path} holds no .cases file\n"
    threads = run(runner, "--threads", "0", tmp_path)
    assert threads.stderr == "fastconv_runner: --threads: expected whole numbers above 0, came 0\n"


@pytest.fixture
def on_cuda(request, runner):
    """Words in front of a command that is to find the CUDA device of this test run."""
    from fastconv.testing import suite

    if not suite.cuda_device:
        pytest.skip("no CUDA device to test on (--cuda)")
    return [] if request.config.getoption("--cuda") == "gpu" else [ROOT / "tools" / "ptxsim" / "run"]


@pytest.mark.parametrize("bare", [[], ["--bare"]])
def test_cuda(runner, on_cuda, tmp_path, bare):
    """Passes on what is right and fails on what is not, on the device too."""
    export = [sys.executable, "scripts/export_cases.py", str(tmp_path), "--stem", "relu", "--largest", "0.1"]
    subprocess.run(export, cwd=ROOT, check=True, capture_output=True)
    path = tmp_path / "relu.cases"
    command = [*on_cuda, runner, "--device", "cuda", *bare, path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(" passed, 0 failed (cuda)\n")
    content = bytearray(path.read_bytes())
    text, _ = struct.unpack_from("<IQ", content, len(MAGIC))
    content[len(MAGIC) + 12 + text + 4 + 7] ^= (
        0x40  # what the first case's one input should give: its exponent
    )
    path.write_bytes(content)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "FAILED relu elements [one element]: output 0: element 0: expected " in done.stdout
