"""The same program in Keras: histories, weights after training, class weights, several outputs."""

import numpy as np
import pytest

import fastconv as fc

# Five epochs of three steps from the same weights: each step adds a few roundings of 2^-24 to numbers about 1, and Adam
# divides small gradients by their size, which makes roundings of them as large as the rate times 2^-24 / |g|.
HISTORY, WEIGHTS = 1e-5, 1e-4


def program(library):
    layers = library.layers
    return library.Sequential(
        [
            library.Input((12, 12, 3)),
            layers.Conv2D(8, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3, strides=2, activation="relu", padding="same"),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )


def data(n=66):
    random = np.random.default_rng(0)
    return random.random((n, 12, 12, 3), np.float32), random.integers(0, 3, n)


def both(peer, build=program):
    keras = peer("keras")
    ours, theirs = build(fc), build(keras)
    random = np.random.default_rng(1)
    weights = [w + 0.05 * random.standard_normal(w.shape).astype("float32") for w in theirs.get_weights()]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    return ours, theirs


def assert_alike(ours, theirs, history, expected):
    assert set(history) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=HISTORY, atol=HISTORY, err_msg=name)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=WEIGHTS)


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
def test_fit_with_validation(optimizer, peer):
    ours, theirs = both(peer)
    x, y = data()
    histories = []
    for model in (ours, theirs):
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        fitted = model.fit(x, y, batch_size=24, epochs=5, shuffle=False, verbose=0, validation_split=0.25)
        histories.append(fitted.history)
    assert_alike(ours, theirs, *histories)
    np.testing.assert_allclose(ours.evaluate(x, y, verbose=0), theirs.evaluate(x, y, verbose=0), rtol=1e-5)
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), atol=1e-5)


def test_class_and_sample_weights(peer):
    ours, theirs = both(peer)
    x, y = data()
    weights = np.random.default_rng(2).random(len(x)).astype("float32")
    histories = []
    for model in (ours, theirs):
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        fitted = model.fit(
            x, y, batch_size=24, shuffle=False, verbose=0, class_weight={0: 1.0, 1: 2.0, 2: 0.5}
        )
        again = model.fit(x, y, batch_size=24, shuffle=False, verbose=0, sample_weight=weights)
        histories.append({k: v + again.history[k] for k, v in fitted.history.items()})
    assert_alike(ours, theirs, *histories)


def two_outputs(library):
    layers = library.layers
    x = library.Input((12, 12, 3))
    y = layers.Conv2D(4, 3, activation="relu")(x)
    y = layers.add([y, layers.Conv2D(4, 3, padding="same")(y)])
    y = layers.GlobalAveragePooling2D()(y)
    return library.Model(
        x, [layers.Dense(1, name="size")(y), layers.Dense(3, activation="softmax", name="kind")(y)]
    )


def test_two_outputs(peer):
    ours, theirs = both(peer, two_outputs)
    x, y = data()
    histories = []
    for model in (ours, theirs):
        model.compile("sgd", ["mse", "sparse_categorical_crossentropy"], loss_weights=[0.5, 2.0])
        fitted = model.fit(
            x, [x.mean((1, 2, 3))[:, None], y], batch_size=22, epochs=3, shuffle=False, verbose=0
        )
        histories.append(fitted.history)
    assert_alike(ours, theirs, *histories)
