"""Where the CUDA tests run: on a GPU, or on the emulated CUDA runtime of tools/ptxsim."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from fastconv.runtime.errors import DeviceError


class NotAvailable(Exception):
    """Says why the CUDA tests cannot run as was asked."""


def open_test_device(wish: str) -> str:
    """Opens 'cuda:0' on a GPU ("gpu"), on the emulated runtime ("emulated"), or on the first of them ("auto").

    Raises:  NotAvailable: neither can be had.
    """
    if importlib.util.find_spec("fastconv._cuda") is None:
        raise NotAvailable("this fastconv was built without CUDA; build it with FASTCONV_CUDA=ON")
    if wish == "emulated" or (wish == "auto" and not _has_driver()):
        _load_emulated_runtime()
    from fastconv.runtime.device import get_device

    try:
        return get_device("cuda").name
    except DeviceError as error:
        raise NotAvailable(str(error)) from None


def _has_driver() -> bool:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def _load_emulated_runtime() -> None:
    """Puts the emulated libcudart.so.13 where the kernels will find it: the loader sees the name already there."""
    ctypes.CDLL(str(Path(runtime_folder()) / "libcudart.so.13"), mode=ctypes.RTLD_GLOBAL)


def runtime_folder() -> str:
    """Where the emulated runtime lies, built if need be: for LD_LIBRARY_PATH of a new process.

    Raises:  NotAvailable: it cannot be built here.
    """
    if folder := os.environ.get("FASTCONV_PTXSIM"):
        return folder
    build = Path(__file__).resolve().parents[3] / "tools" / "ptxsim" / "build"
    if not build.is_file():
        build = Path.cwd() / "tools" / "ptxsim" / "build"
    if not build.is_file():
        raise NotAvailable(
            "the emulated runtime lies in tools/ptxsim of the source folder; run the tests there"
        )
    environment = dict(os.environ)
    if (toolkit := packaged_toolkit()) and not shutil.which("nvcc"):
        environment.setdefault("CUDA_HOME", str(toolkit))  # it needs the headers
    done = subprocess.run([str(build)], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotAvailable(f"tools/ptxsim/build failed: {done.stderr.strip()}")
    return done.stdout.strip().splitlines()[-1]


def packaged_toolkit() -> Path | None:
    """Folder of NVIDIA's compiler and headers from PyPI (extra cuda-dev), if they are installed."""
    packages = importlib.util.find_spec("nvidia")
    places = (packages.submodule_search_locations or []) if packages else []
    return next((toolkit for place in places if (toolkit := Path(place, "cu13")).is_dir()), None)
