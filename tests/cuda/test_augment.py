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
