"""Devices by name.  Nothing above this file knows which there are.

A device makes buffers (`new_buffer`), names its kernels for a step (`candidates`), builds plans (`build`) and
answers questions by name.  `cpu` and `cuda:N` run native plans; `reference` interprets them in float64 NumPy.
"""

from __future__ import annotations

import importlib
import os
import re
import threading
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, Protocol

import numpy as np

from fastconv.runtime.errors import DeviceError
from fastconv.runtime.plan import PlanDescription, RunResult


class Buffer(Protocol):
    """Memory of one tensor on a device."""

    device: str
    dtype: str
    shape: tuple[int, ...]
    bytes: int
    version: int  # changes with every write

    def numpy(self) -> np.ndarray: ...

    def view(self) -> np.ndarray: ...

    def write(self, values: np.ndarray) -> None: ...


class Executable(Protocol):
    """A plan that a device has built."""

    def run(
        self, feeds: Sequence[np.ndarray], outputs: Sequence[Any], on_step: Any = None, timed: bool = False
    ) -> RunResult: ...

    def read_slot(self, slot: int) -> np.ndarray: ...

    def step_text(self, step: int) -> str: ...


class Runs(Protocol):
    """The runs of one plan that the host has not heard of."""

    def writes(self, buffer: Buffer) -> bool: ...

    def uses(self, buffer: Buffer) -> bool: ...

    def went_well(self) -> bool: ...  # waits for them

    def fail(self) -> NoReturn: ...  # raises NumericsError where not


class Device(Protocol):
    """What the floors above may ask of a device."""

    name: str
    runs_ahead: bool  # a run may return while the device is at work
    under_way: set[Runs]  # of plans whose runs the host has not heard of; used under the lock
    lock: Any  # a threading.RLock: held by a run, and by what is told of it
    in_host_memory: bool  # feeds are read where NumPy's arrays lie
    dlpack_place: tuple[int, int] | None  # DLPack's numbers of its memory; None: only copies leave it

    def new_buffer(self, dtype: str, shape: Sequence[int]) -> Buffer: ...

    def hear(self, concerned: Callable[[Runs], bool] | None = None) -> None: ...

    def candidates(self, primitive: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> list[Any]: ...

    def build(self, plan: PlanDescription) -> Executable: ...

    def needed_bytes(self, plan: PlanDescription) -> int: ...  # its variables aside

    def available_bytes(self) -> int: ...


# Where each device lives: "module:class", imported when it is asked for.
_places = {
    "cpu": "fastconv.runtime.native:NativeDevice",
    "cuda": "fastconv.runtime.cuda:CudaDevice",
    "reference": "fastconv.testing.interpreter:ReferenceDevice",
}
_made: dict[str, Any] = {}
_lock = threading.Lock()
_default: str | None = None


def device_names() -> list[str]:
    """Names that `set_device` takes."""
    return list(_places)


def get_device(name: str | None = None) -> Any:
    """The device of that name; without one, the default device."""
    name = _canonical(default_device() if name is None else name)
    found = _made.get(name)
    if found is not None:
        return found
    kind = name.partition(":")[0]
    if name not in _places and not re.fullmatch(r"cuda:(0|[1-9][0-9]{0,2})", name):
        raise _unknown(name)
    if name == "cuda":
        return get_device("cuda:0")
    with _lock:
        if name not in _made:
            module, _, cls = _places[kind].partition(":")
            _made[name] = getattr(importlib.import_module(module), cls)(name)
        return _made[name]


def _unknown(name: Any) -> DeviceError:
    return DeviceError(
        f"device: expected one of {', '.join(repr(n) for n in _places)}, or 'cuda:N' with N = 0, 1, 2, ...; came {name!r}. "
        "Call fastconv.set_device('cpu'), or unset FASTCONV_DEVICE."
    )


def _canonical(name: str) -> str:
    """'gpu', as other libraries say, means 'cuda'."""
    if not isinstance(name, str):
        raise _unknown(name)
    kind, colon, number = name.partition(":")
    return f"cuda{colon}{number}" if kind.lower() == "gpu" else name


def default_device() -> str:
    """Where models built from now on live: `set_device`, else FASTCONV_DEVICE, else 'cpu'."""
    return _default or os.environ.get("FASTCONV_DEVICE") or "cpu"


def set_device(name: str) -> None:
    """Says where models built or loaded from now on live; existing ones move by `model.to(name)`.

    Args:  name: 'cpu' (default), 'cuda' or 'cuda:1' (an NVIDIA GPU, the first or by number; 'gpu' means the same), or
        'reference' (float64 NumPy, slow; for checking).
    Raises:  DeviceError: no such device, or what it needs is missing.
    """
    global _default
    _default = get_device(_canonical(name)).name
