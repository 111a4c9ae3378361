"""NVIDIA GPUs as devices: `cuda:N` runs native plans on kernels of our own (`_cuda`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fastconv import _core
from fastconv.runtime.device import get_device
from fastconv.runtime.errors import DeviceError
from fastconv.runtime.native import NativeDevice
from fastconv.runtime.plan import PlanDescription

BUILD = "FASTCONV_CUDA=ON pip install ."


def cuda_module() -> Any:
    """The compiled module.

    Raises:  DeviceError: fastconv was built without CUDA.
    """
    try:
        from fastconv import _cuda
    except ImportError as error:
        raise DeviceError(
            f"device 'cuda': expected CUDA kernels; this fastconv has none ({error}). Build it with them: `{BUILD}` in "
            "its source folder (it fetches NVIDIA's compiler where there is none), or use fastconv.set_device('cpu')."
        ) from None
    return _cuda


def findings() -> Iterator[tuple[str, str, str]]:
    """For `fastconv env`: a subject, what was found of it and what is needed, and what to do about it."""
    try:
        module = cuda_module()
    except DeviceError:
        remedy = f"Only for NVIDIA GPUs: `{BUILD}` in the source folder."
        yield "cuda kernels", "not built; needed for device 'cuda'", remedy
        return
    yield "cuda kernels", f"built for CUDA {_version(module.runtime_version())}", ""
    driver, needed = module.driver_version(), module.oldest_driver()
    found = f"for CUDA {_version(driver)}" if driver else "none"
    remedy = "" if driver >= needed else "Install NVIDIA's driver 580 or newer."
    yield "cuda driver", f"{found}; needed: for CUDA {_version(needed)} or newer (580 or newer)", remedy
    if remedy:
        return
    try:
        count = module.device_count()
    except DeviceError as error:
        yield "device cuda", "not usable", str(error)
        return
    for index in range(count):
        facts = module.facts(index)
        remedy = "" if facts["major"] >= module.oldest_major() else "This GPU is too old; use another device."
        yield (
            f"device cuda:{index}",
            f"{facts['name']}, compute capability {facts['major']}.{facts['minor']} (needed: {module.oldest_major()}.0 or "
            f"newer), {facts['bytes'] / 1e9:.1f} GB",
            remedy,
        )


def _version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"


class CudaBuffer(_core.Buffer):
    """Memory of a tensor on a GPU.  Whoever reads or writes it hears first of the runs under way."""

    def numpy(self) -> np.ndarray:
        """A copy on the host."""
        get_device(self.device).hear()
        return super().numpy()

    def view(self) -> np.ndarray:
        """The same as `numpy()`."""
        return self.numpy()

    def write(self, values: np.ndarray) -> None:
        """New values of the same shape."""
        get_device(self.device).hear()
        super().write(values)


class CudaDevice(NativeDevice):
    """One GPU, opened when it is asked for."""

    in_host_memory = False
    runs_ahead = True

    def __init__(self, name: str) -> None:
        self.index = int(name.partition(":")[2])
        self._cuda = cuda_module()
        self._cuda.open(self.index)
        super().__init__(name)
        self.dlpack_place = (2, self.index)
        self.under_way = set()

    def new_buffer(self, dtype: str, shape: Sequence[int]) -> CudaBuffer:
        """Uninitialised memory for a tensor."""
        return CudaBuffer(self.name, dtype, list(shape))

    def hear(self, but: Any = None) -> None:
        """Waits for the runs under way, those of one plan left out.

        Raises:  NumericsError: one of them was not finite; it and those behind it changed nothing.
        """
        for runs in [runs for runs in self.under_way if runs is not but]:
            self.under_way.discard(runs)
            runs.hear()

    def needed_bytes(self, plan: PlanDescription) -> int:
        """What building and running a plan takes, its variables aside: two runs may be under way, each with its feeds."""
        fixed = plan.bytes_in("constant", "kept") + 2 * plan.bytes_in("feed", "output")
        return (plan.arena_bytes + fixed) * 17 // 16  # blocks are rounded up by at most a sixteenth

    def available_bytes(self) -> int:
        """What a plan may take: what the driver has, what is kept for reuse, and the arena, which would be replaced."""
        memory = self.memory()
        return memory["free"] + memory["kept"] + _core.arena_bytes(self.name)

    def image_augment(self, images: Any, transforms: Any, out: Any, **options: Any) -> None:
        """`_core.image_augment` on this device; `out` may be a buffer of it."""
        self._cuda.image_augment(self.name, images, transforms, out, **options)

    def memory(self) -> dict[str, int]:
        """Bytes `used` by buffers and plans, `kept` for reuse, `free` at the driver; the number of `blocks` in use."""
        return self._cuda.memory(self.index)

    def release_memory(self) -> None:
        """Gives what is kept for reuse back to the driver."""
        self.hear()
        self._cuda.release_memory(self.index)
