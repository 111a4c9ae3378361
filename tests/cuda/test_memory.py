"""What training takes on the device: as much as is told, and nothing twice."""

import gc

import numpy as np
import pytest

import fastconv as fc
from fastconv import layers
from fastconv.models import Sequential
from fastconv.models.summary import _peaks
from fastconv.runtime.cuda import CudaBuffer
from fastconv.runtime.device import get_device

X = np.linspace(-1, 1, 40 * 6, dtype="f4").reshape(40, 6)
Y = np.arange(40, dtype="f4").reshape(40, 1) % 2


@pytest.fixture
def on_device(cuda_device, monkeypatch):
    monkeypatch.setattr("fastconv.runtime.device._default", cuda_device)
    return cuda_device


def small_model(features=6, width=8):
    model = Sequential([layers.Dense(width, "relu", input_shape=(features,)), layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    return model


@pytest.mark.parametrize("split", [0.0, 0.2])
def test_fit_downloads_an_array_once(on_device, monkeypatch, split):
    downloads = []
    numpy = CudaBuffer.numpy
    monkeypatch.setattr(CudaBuffer, "numpy", lambda self: downloads.append(self.shape) or numpy(self))
    x, y = fc.Array.from_numpy(X, on_device), fc.Array.from_numpy(Y, on_device)
    small_model().fit(x, y, batch_size=8, epochs=2, validation_split=split, verbose=0)
    assert downloads.count(X.shape) == 1
    assert downloads.count(Y.shape) == 1


def test_fit_of_arrays_on_the_device_is_that_of_numpys(on_device):
    def fitted(x, y):
        fc.utils.set_random_seed(3)
        model = small_model()
        model.fit(x, y, batch_size=8, epochs=2, verbose=0)
        return np.concatenate([w.ravel() for w in model.get_weights()])

    there = fitted(fc.Array.from_numpy(X, on_device), fc.Array.from_numpy(Y, on_device))
    assert (fitted(X, Y) == there).all()


@pytest.mark.parametrize("trained", [False, True])
def test_summary_says_what_training_takes(on_device, trained):
    """Before there is an optimiser's state, and then."""
    batch, features = 256, 512
    used = lambda: get_device(on_device).memory()["used"]  # noqa: E731
    gc.collect()
    fc._core.release_arena(on_device)
    before = used()
    model = small_model(features, 512)
    told = dict(_peaks(model, batch))["to train"]
    x, y = np.ones((batch, features), "f4"), np.ones((batch, 1), "f4")
    model.train_on_batch(x, y)
    if trained:
        told = dict(_peaks(model, batch))["to train"]
    taken = used() - before
    # Blocks are rounded up by a sixteenth at most, and the loss has a few numbers of its own.
    assert taken <= told * 1.005
    assert told <= taken * 1.07


def test_summary_of_a_batch_that_no_kernel_takes(on_device):
    model = Sequential([layers.Conv2D(32, 3, padding="same", input_shape=(8192, 8192, 1))])
    told = []
    model.summary(print_fn=told.append)
    assert told[-1].startswith("A batch of 32 cannot be run. ")
    assert told[-1].endswith(
        "elements; CUDA kernels take fewer than 2^31. Use a smaller batch or smaller images, or use another device."
    )
