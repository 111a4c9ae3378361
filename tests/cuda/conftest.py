"""The CUDA runtime's tests: each leaves nothing allocated, and failures happen in processes of their own."""

import os
import re
import subprocess
import sys
import textwrap

import pytest

from fastconv.testing import emulation

PRELUDE = """
import numpy as np
import fastconv as fc
from fastconv import _core, primitives as p
from fastconv.compiler import Function

def told(action):
    try:
        action()
    except fc.FastconvError as error:
        print(f"{type(error).__name__}: {error}")
    else:
        print("nothing was raised")

def give_back():
    import gc
    from fastconv.compiler import eager
    from fastconv.runtime.device import get_device
    eager._one_step.cache_clear()
    devices = [get_device(name) for name in _core.device_names() if name != "cpu"]
    for device in devices:
        device.hear()
    gc.collect()
    for device in devices:
        device.release_memory()

def cpu_computes():
    fc.set_device("cpu")
    x = np.linspace(-2, 2, 5, dtype="f4")
    assert fc.kernels.relu(x).numpy().tolist() == [0, 0, 0, 1, 2]
    print("the CPU computes")
"""


@pytest.fixture(autouse=True)
def leaves_nothing(cuda_device):
    """Every test here runs with a device and gives back what it took."""


@pytest.fixture(scope="session")
def emulated():
    """`emulated(program, PTXSIM_FAIL=...)` runs a program on the emulated runtime and gives what it printed.

    Places in the source ("device.cpp:123") come out as "FILE:LINE".
    """

    def run(program, status=0, **environment):
        folder = emulation.runtime_folder()
        paths = os.pathsep.join([folder, os.environ.get("LD_LIBRARY_PATH", "")]).rstrip(os.pathsep)
        # Failures are asked for and found on purpose: checkers that this test run is under are not the program's.
        own = {name: value for name, value in os.environ.items() if not name.startswith("PTXSIM_")}
        done = subprocess.run(
            [sys.executable, "-c", PRELUDE + textwrap.dedent(program)],
            env={**own, "LD_LIBRARY_PATH": paths, "PTXSIM_THREADS": "1", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        return re.sub(r"[\w.]+\.(?:cpp|cuh?|h):\d+", "FILE:LINE", done.stdout)

    return run
