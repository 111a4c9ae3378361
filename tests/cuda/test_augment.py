"""The augmentation pass beside other work of the device."""

import numpy as np

from fastconv.data import augment
from fastconv.runtime.device import get_device


def test_batches_behind_each_other_keep_their_pictures(cuda_device):
    """Whatever memory a batch travels through may be read by the one before, which the device has not begun yet."""
    device, random = get_device(cuda_device), np.random.default_rng(0)
    batches = [list(random.integers(0, 256, (8, 24, 24, 3), dtype=np.uint8)) for _ in range(3)]
    outputs = [device.new_buffer("float32", (8, 24, 24, 3)) for _ in batches]
    for batch, output in zip(batches, outputs, strict=True):
        augment.apply(batch, None, output, device=device)
    for batch, output in zip(batches, outputs, strict=True):
        np.testing.assert_array_equal(output.numpy(), np.array(batch, np.float32))


def test_the_host_does_not_wait(emulated, tmp_path):
    """The next batch is transformed behind what the device has to do, while the host goes on."""
    said = emulated(
        """
        import os
        from fastconv.data import augment
        from fastconv.runtime.device import get_device
        fc.set_device("cuda")
        device = get_device()
        batch = list(np.ones((4, 8, 8, 3), np.uint8))
        output = device.new_buffer("float32", (4, 8, 8, 3))
        augment.apply(batch, None, output, device=device)
        calls = lambda: [line.split()[1] for line in open(os.environ["PTXSIM_TRACE"])]
        before = len(calls())
        augment.apply(batch, None, output, device=device)
        print(sorted(set(calls()[before:]) & {"cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaMalloc", "cudaMemcpy"}))
        print("cudaLaunchKernel" in calls()[before:])
        del output
        give_back()
        """,
        PTXSIM_TRACE=str(tmp_path / "trace"),
    )
    assert said.splitlines() == ["[]", "True"]


def test_pictures_that_fail_half_way(emulated):
    """Of two pieces one is on its way: it arrives before its memory becomes somebody else's."""
    said = emulated(
        """
        from fastconv.data import augment
        from fastconv.runtime.device import get_device
        fc.set_device("cuda")
        device = get_device()
        batch = list(np.ones((2, 1024, 1024, 3), np.uint8))
        small = [picture[:2, :2].copy() for picture in batch]
        output = device.new_buffer("float32", (2, 1024, 1024, 3))
        told(lambda: augment.apply(batch, None, output, device=device))
        other = fc.Array.from_numpy(np.zeros((6 << 20) // 4 + 64, "f4"))
        augment.apply(small, None, device.new_buffer("float32", (2, 2, 2, 3)), device=device)
        print(other.numpy().any())
        """,
        PTXSIM_FAIL="memcpy:2",
        PTXSIM_LAZY="1",
    )
    failed, changed = said.splitlines()
    assert failed.startswith(
        "DeviceError: CUDA: cudaErrorInvalidValue (invalid argument) from cudaMemcpyAsync"
    )
    assert changed == "False"
