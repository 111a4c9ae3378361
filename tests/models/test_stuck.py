"""The epoch's lines about a model that does not learn, compared whole; and that healthy runs have none."""

import numpy as np
import pytest

import fastconv as fc
from fastconv import Sequential, layers
from fastconv.datasets import drawings
from fastconv.models.batches import Batch
from fastconv.models.stuck import Shares, dead_shares
from fastconv.runtime.errors import FastconvWarning


def halves(n=96, seed=0):
    """Pictures of one bright half, labelled by the half."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 2, n)
    x = random.random((n, 10, 10, 1)).astype("float32")
    x[y == 1, :5] += 1
    x[y == 0, 5:] += 1
    return x, y


def convnet(units=1, **last):
    fc.utils.set_random_seed(1)
    return Sequential(
        [
            layers.Conv2D(8, 3, activation="relu", input_shape=(10, 10, 1), name="first"),
            layers.Conv2D(8, 3, activation="relu", name="second"),
            layers.Flatten(),
            layers.Dense(units, activation="sigmoid" if units == 1 else "softmax", name="last"),
        ],
        name="net",
    )


def kill(layer, share=1.0):
    """Makes a share of the layer's units answer 0 to everything."""
    kernel, bias = layer.get_weights()
    bias[: int(share * len(bias))] = -1e6
    layer.set_weights([kernel, bias])


def lines(capsys):
    """What was printed beside the epochs' lines."""
    return [line for line in capsys.readouterr().out.splitlines() if not line.startswith("Epoch ")]


def test_dead_units_and_a_rate_that_is_too_large(capsys):
    x, y = halves(100)
    y[:50], y[50:] = 0, 1
    model = convnet()
    kill(model.layers[1])
    model.compile(fc.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=3, batch_size=50)
    assert lines(capsys) == [
        "epoch 1: loss 0.697 = guessing. Output constant; 100% of 'second' dead. Rate 0.1 for adam: try 0.001, with new "
        "weights."
    ]


def test_some_dead_units_and_the_usual_rate(capsys):
    x, y = halves(90)
    y = np.arange(90) % 3
    model = convnet(3)
    kill(model.layers[0], 0.75)  # seven of eight with one that is born dead
    kill(model.layers[1])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=2, batch_size=30)
    assert lines(capsys) == [
        "epoch 1: loss 1.1 = guessing. Output constant; 88% of 'first' dead; 100% of 'second' dead. Rate 0.001 for adam: "
        "try 0.0001, with new weights."
    ]


def test_pictures_that_were_not_scaled(capsys):
    x, y = halves(100)
    model = convnet()
    kill(model.layers[1])
    model.compile("sgd", "binary_crossentropy")
    with pytest.warns(FastconvWarning, match="pictures of about 0..1"):
        model.fit(np.round(x * 127.5), y, batch_size=50)
    assert lines(capsys) == [
        "epoch 1: loss 0.693, guessing gives 0.686. Output constant; 100% of 'second' dead. Inputs are 0..255: "
        "rescale=1/255, or a layer Rescaling(1/255), with new weights."
    ]


def test_a_rate_that_is_too_small(capsys):
    random = np.random.default_rng(0)
    x, y = random.random((400, 10, 10, 1), "float32"), np.arange(400) % 2
    model = convnet()
    model.layers[-1].set_weights([w * np.float32(0.01) for w in model.layers[-1].get_weights()])
    model.compile(fc.optimizers.SGD(1e-7), "binary_crossentropy")
    model.fit(x, y, epochs=5, batch_size=10)
    assert lines(capsys) == [
        "epoch 2: loss 0.693 = guessing. Output nearly constant. Rate 1e-07 for sgd: try 0.01."
    ]


def test_labels_that_belong_to_other_pictures(capsys):
    random = np.random.default_rng(0)
    x, y = (
        random.random((400, 10, 10, 1), "float32") * np.float32(0.05),
        random.permutation(np.arange(400) % 2),
    )
    model = convnet()
    model.compile(fc.optimizers.SGD(0.004), "binary_crossentropy")
    model.fit(x, y, epochs=5, batch_size=10)
    assert lines(capsys) == [
        "epoch 3: loss 0.693 = guessing. Rate 0.004 for sgd is usual: see whether the labels belong to their images."
    ]


def test_one_class_for_everything(capsys):
    """Noise whose classes are 4 to 1: the best answer to all of it is the larger class."""
    random = np.random.default_rng(0)
    x, y = random.random((100, 10, 10, 1), "float32"), (np.arange(100) % 5 == 0).astype("int64")
    model = convnet()
    model.class_names = ["benign", "malignant"]
    model.compile(fc.optimizers.SGD(0.001), "binary_crossentropy", metrics=["accuracy"])
    kernel, _ = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel * 0.1, np.array([-1.4], "float32")])
    model.fit(x, y, epochs=4, batch_size=2, validation_data=(x[:50], y[:50]))
    assert lines(capsys) == [
        "val_accuracy 0.80 = share of class 'benign': model says one class. Use class_weight={0: 1.0, 1: 4.0}."
    ]
    again = convnet()
    again.set_weights(model.get_weights())
    again.compile(fc.optimizers.SGD(0.001), "binary_crossentropy", metrics=["accuracy"])
    again.fit(x, y, epochs=4, batch_size=2)
    assert lines(capsys) == [
        "accuracy 0.80 = share of class 0: model says one class. Use class_weight={0: 1.0, 1: 4.0}."
    ]
    again.fit(x, y, epochs=4, batch_size=2, class_weight={0: 1.0, 1: 1.0})
    assert lines(capsys) == []


def test_silent_runs_stay_silent(capsys):
    x, y = halves(100)
    model = convnet()
    kill(model.layers[1])
    model.compile("adam", "binary_crossentropy")
    model.fit(x, y, verbose=0)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("optimizer", ["rmsprop", "adam"])
def test_healthy_runs_say_nothing(capsys, seed, optimizer):
    """The first epochs of a small convnet on drawings, where the loss begins at that of guessing."""
    fc.utils.set_random_seed(seed)
    x, y = drawings.load_data(100, seed, 48)
    model = Sequential(
        [
            layers.Conv2D(16, 3, activation="relu", input_shape=(48, 48, 3)),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    model.fit(x / np.float32(255), y, epochs=3, batch_size=20, validation_split=0.2)
    assert lines(capsys) == []


# The parts


def shares_of(loss, *batches, **options):
    shares = Shares(fc.losses.get(loss))
    for y, weights in batches:
        y = np.asarray(y)
        shares.add(Batch([np.zeros((len(y), 2))], [y], None if weights is None else [np.asarray(weights)]))
    return shares


def test_the_loss_of_guessing():
    binary = shares_of("binary_crossentropy", ([0, 0, 0, 1], None), ([[0], [1]], None))
    assert binary.largest == (0, 4 / 6) and binary.several and binary.unequal
    np.testing.assert_allclose(binary.guessing_loss, -(4 * np.log(4 / 6) + 2 * np.log(2 / 6)) / 6)
    one_hot = shares_of("categorical_crossentropy", (np.eye(4)[[0, 1, 2, 3]], None))
    np.testing.assert_allclose(one_hot.guessing_loss, np.log(4))
    assert not one_hot.unequal
    sparse = shares_of("sparse_categorical_crossentropy", ([2, 2, 5, 5], [1, 1, 3, 3]))
    np.testing.assert_allclose(sparse.guessing_loss, -(2 * np.log(1 / 4) + 6 * np.log(3 / 4)) / 4)


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        ("mse", [0.0, 1.0]),
        ("binary_crossentropy", [0.3, 0.7]),
        ("binary_crossentropy", [[0, 1], [1, 1]]),
        ("categorical_crossentropy", [[0.9, 0.1], [0.2, 0.8]]),
        (fc.losses.BinaryCrossentropy(label_smoothing=0.1), [0, 1]),
        ("sparse_categorical_crossentropy", [[[0, 1]], [[1, 0]]]),
    ],
)
def test_labels_that_are_no_classes_are_not_judged(loss, y):
    assert not shares_of(loss, (y, None)).several


def test_shares_of_dead_units():
    x, _ = halves(8)
    model = convnet()
    kill(model.layers[1], 0.5)
    alive = np.asarray(Sequential(model.layers[:1])(x))
    first = float((alive.reshape(-1, 8).max(0) == 0).mean())
    assert dead_shares(model, Batch([x], None, None))["first"] == first
    assert dead_shares(model, Batch([x], None, None))["second"] >= 0.5
