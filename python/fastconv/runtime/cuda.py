"""NVIDIA GPUs as devices: `cuda:N` runs native plans on kernels of our own (`_cuda`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

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
    """Memory of a tensor on a GPU.  Whoever reads or writes it hears first of the runs under way that use it."""

    def numpy(self) -> np.ndarray:
        """A copy on the host."""
        get_device(self.device).hear(lambda runs: runs.writes(self))
        return super().numpy()

    def view(self) -> np.ndarray:
        """The same as `numpy()`."""
        return self.numpy()

    def write(self, values: np.ndarray) -> None:
        """New values of the same shape."""
        get_device(self.device).hear(lambda runs: runs.uses(self))
        super().write(values)

    def gather(self, strides: Sequence[int], pointer: int) -> None:
        """Writes elements of the device's memory that lie `strides` elements apart."""
        device = get_device(self.device)
        device.hear(lambda runs: runs.writes(_span(self, strides, pointer)))
        super().gather(list(strides), pointer)


class _Span(NamedTuple):
    pointer: int
    bytes: int


def _span(like: CudaBuffer, strides: Sequence[int], pointer: int) -> _Span:
    """The memory that as many elements take when they lie so far apart."""
    ends = [(size - 1) * stride for size, stride in zip(like.shape, strides, strict=True)]
    item = np.dtype(like.dtype).itemsize
    first, last = (sum(pick(end, 0) for end in ends) for pick in (min, max))
    return _Span(pointer + first * item, (last - first + 1) * item)


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

    def new_buffer(self, dtype: str, shape: Sequence[int]) -> CudaBuffer:
        """Uninitialised memory for a tensor."""
        return CudaBuffer(self.name, dtype, list(shape))

    def buffer_over(self, dtype: str, shape: Sequence[int], pointer: int, owner: Any) -> CudaBuffer:
        """Somebody else's memory of the device; `owner` is kept until nothing here reads it any more."""
        return CudaBuffer(self.name, dtype, list(shape), pointer, owner)

    def hear(self, concerned: Callable[[Any], bool] | None = None) -> None:
        """Waits for runs under way: of all plans, or of those that somebody is concerned with.

        Raises:  NumericsError: one of them was not finite; it and those of its plan behind it changed nothing.
        """
        with self.lock:
            for runs in [runs for runs in self.under_way if concerned is None or concerned(runs)]:
                well = runs.went_well()  # where the device fails here, they stay under way
                self.under_way.discard(runs)
                if not well:
                    runs.fail()

    def forget_what_went_well(self) -> None:
        """Waits for all runs under way; plans that nobody holds any more give back their memory.

        What was not finite is still told to those whom it concerns.
        """
        with self.lock:
            for runs in [runs for runs in self.under_way if runs.went_well()]:
                self.under_way.discard(runs)

    def build(self, plan: PlanDescription) -> Any:
        """See `NativeDevice.build`."""
        self.forget_what_went_well()
        return super().build(plan)

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
        self.forget_what_went_well()
        self._cuda.release_memory(self.index)
