"""NVIDIA GPUs as devices: `cuda:N` runs native plans on kernels of our own (`_cuda`)."""

from __future__ import annotations

from typing import Any

from fastconv.runtime.errors import DeviceError
from fastconv.runtime.native import NativeDevice

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


class CudaDevice(NativeDevice):
    """One GPU, opened when it is asked for."""

    def __init__(self, name: str) -> None:
        self.index = int(name.partition(":")[2])
        self._cuda = cuda_module()
        self._cuda.open(self.index)
        super().__init__(name)

    def image_augment(self, images: Any, transforms: Any, out: Any, **options: Any) -> None:
        """`_core.image_augment` on this device; `out` may be a buffer of it."""
        self._cuda.image_augment(self.name, images, transforms, out, **options)

    def memory(self) -> dict[str, int]:
        """Bytes `used` by buffers and plans, bytes `kept` for reuse, and the number of `blocks` in use."""
        return self._cuda.memory(self.index)

    def release_memory(self) -> None:
        """Gives what is kept for reuse back to the driver."""
        self._cuda.release_memory(self.index)
