"""Twenty steps from the same weights: as near to a float64 run as Keras's own float32 steps are."""

import numpy as np
import pytest

import fastconv as fc

STEPS, BATCH = 20, 16


def convnet(library):
    """The course's convnet, small; Keras's or ours."""
    layers = library.layers
    return library.Sequential([
        library.Input((32, 32, 3)),
        layers.Conv2D(16, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(1, activation="sigmoid"),
    ])  # fmt: skip


def trained(library, optimizer, weights):
    """All weights after the steps, as one vector."""
    random = np.random.default_rng(5)
    model = convnet(library)
    model.set_weights(weights)
    model.compile(optimizer=optimizer, loss="binary_crossentropy")
    for _ in range(STEPS):
        y = random.integers(0, 2, BATCH).astype("f4")
        x = random.standard_normal((BATCH, 32, 32, 3)).astype("f4") + y[:, None, None, None] / 2
        model.train_on_batch(x, y)
    return np.concatenate([w.ravel() for w in model.get_weights()]).astype(np.float64)


def in_float64(optimizer, weights):
    fc.set_device("reference")
    try:
        return trained(fc, optimizer, weights)
    finally:
        fc.set_device("cpu")


@pytest.mark.parametrize("name", ["sgd", "rmsprop", "adam"])
def test_as_near_to_float64_as_keras(name, peer):
    keras = peer("keras")
    fc.utils.set_random_seed(1)
    weights = convnet(fc).get_weights()
    exact = in_float64(name, weights)
    ours = np.linalg.norm(trained(fc, name, weights) - exact)
    theirs = np.linalg.norm(trained(keras, name, weights) - exact)
    moved = np.linalg.norm(exact - np.concatenate([w.ravel() for w in weights]))
    assert theirs < 0.05 * moved, "the float64 run is not the same training"
    assert ours <= 3 * theirs
