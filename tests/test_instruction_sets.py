"""The primitives' tests under every instruction set of this processor that is not the active one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fastconv import _core

OTHERS = [name for name in _core.available_isas() if name != _core.isa()]


@pytest.mark.skipif("FASTCONV_ISA" in os.environ, reason="one instruction set was asked for")
@pytest.mark.parametrize("isa", OTHERS)
def test_primitives(isa):
    root = Path(__file__).resolve().parents[1]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "tests/primitives",
        "-q",
        "-p",
        "no:cacheprovider",
        "--isa",
        isa,
    ]
    command += ["-k", "test_reference or test_threads or test_in_place or test_batch_invariance"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_an_unknown_set_is_named():
    code = "from fastconv import _core; print(_core.isa_problem())"
    environment = {**os.environ, "FASTCONV_ISA": "sse9"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == (
        f"FASTCONV_ISA: expected one of the sets that this processor and this build have "
        f"({', '.join(_core.available_isas())}); came 'sse9'. Unset it to use {_core.available_isas()[-1]}."
    )
