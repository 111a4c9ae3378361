"""Models to files and back."""

import copy
import json
import os
import pickle

import numpy as np
import pytest

import fastconv as fc
from fastconv import Input, Model, Sequential, layers, models
from fastconv.runtime.errors import ArgumentError, WeightsError
from fastconv.weights import fastconv_file


def data(n=64):
    random = np.random.default_rng(0)
    x = random.standard_normal((n, 8, 8, 2)).astype("float32")
    return x, (x.mean((1, 2, 3)) > 0).astype(int)


def compiled(optimizer):
    fc.utils.set_random_seed(5)
    model = Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 2)),
            layers.Dropout(0.4),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(6, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="m",
    )
    model.compile(optimizer, "binary_crossentropy", metrics=["acc"])
    return model


OPTIMIZERS = {
    "rmsprop": lambda: "rmsprop",
    "adam, clipped": lambda: fc.optimizers.Adam(3e-3, clipnorm=1.0),
    "sgd with momentum and decay": lambda: fc.optimizers.SGD(0.05, momentum=0.9, nesterov=True, decay=0.01),
    "adam on a schedule": lambda: fc.optimizers.Adam(fc.optimizers.schedules.ExponentialDecay(1e-2, 5, 0.5)),
}


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_five_epochs_and_five_are_ten(make, tmp_path):
    x, y = data()
    whole = compiled(make())
    ten = whole.fit(x, y, epochs=10, batch_size=24, verbose=0).history["loss"]
    part = compiled(make())
    five = part.fit(x, y, epochs=5, batch_size=24, verbose=0).history["loss"]
    part.save(tmp_path / "m.fastconv")
    del part
    fc.utils.set_random_seed(99)  # what a new process has; the file holds the seed
    again = models.load_model(tmp_path / "m.fastconv")
    more = again.fit(x, y, initial_epoch=5, epochs=10, batch_size=24, verbose=0).history["loss"]
    assert five + more == ten
    assert [w.tobytes() for w in again.get_weights()] == [w.tobytes() for w in whole.get_weights()]
    for ours, other in zip(again.optimizer.variables, whole.optimizer.variables, strict=True):
        assert ours.numpy().tobytes() == other.numpy().tobytes()


def test_what_a_file_keeps(tmp_path):
    model = compiled("adam")
    model.fit(*data(), verbose=0)
    model.class_names = ["cats", "dogs"]
    model.preprocessing = {"scale": 1 / 255}
    path = tmp_path / "made" / "m.fastconv"
    model.save(path)  # the folder is made
    again = models.load_model(path)
    x, y = data()
    assert (again.predict(x) == model.predict(x)).all()
    assert again.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)
    assert (again.name, again.class_names, again.preprocessing) == ("m", ["cats", "dogs"], {"scale": 1 / 255})
    assert again.get_config() == model.get_config()
    assert [v.name for v in again.weights] == [v.name for v in model.weights]


def test_frozen_layers_stay_frozen(tmp_path, capsys):
    model = compiled("adam")
    model.layers[0].trainable = False
    model.compile("adam", "binary_crossentropy")
    model.save(tmp_path / "m.fastconv")
    again = models.load_model(tmp_path / "m.fastconv")
    before = again.layers[0].get_weights()
    again.fit(*data(), verbose=0)
    assert all((a == b).all() for a, b in zip(before, again.layers[0].get_weights(), strict=True))


def test_models_inside_models(tmp_path):
    base = Sequential([layers.Conv2D(3, 3, input_shape=(8, 8, 2)), layers.ReLU()], name="base")
    x = Input((8, 8, 2))
    model = Model(x, layers.Dense(2)(layers.Flatten()(base(x) * 0.5)), name="outer")
    model.save(tmp_path / "m.fastconv")
    again = models.load_model(tmp_path / "m.fastconv")
    feed = data()[0]
    assert (again.predict(feed) == model.predict(feed)).all()
    assert again.get_layer("base").layers[0].kernel.shape == (3, 3, 2, 3)


class Doubled(layers.Dense):
    def call(self, inputs):
        return super().call(inputs) * 2.0


def test_a_layer_of_ones_own_is_asked_for(tmp_path):
    model = Sequential([Doubled(2, input_shape=(3,))])
    model.save(tmp_path / "m.fastconv")
    with pytest.raises(ArgumentError) as error:
        models.load_model(tmp_path / "m.fastconv")
    assert str(error.value) == (
        "layer class 'Doubled': unknown; Register it with fastconv.utils.register_keras_serializable(), or give "
        "custom_objects={'Doubled': Doubled}."
    )
    again = models.load_model(tmp_path / "m.fastconv", custom_objects={"Doubled": Doubled})
    feed = np.ones((1, 3), "float32")
    assert (again.predict(feed) == model.predict(feed)).all()


def test_weights_alone(tmp_path):
    model, other = compiled("adam"), compiled("adam")
    assert model.layers[0].name != other.layers[0].name  # built twice: other names, the same order
    other.set_weights([w + 1 for w in other.get_weights()])
    model.save_weights(tmp_path / "w.fastconv")
    other.load_weights(tmp_path / "w.fastconv")
    assert all((a == b).all() for a, b in zip(model.get_weights(), other.get_weights(), strict=True))
    with pytest.raises(WeightsError) as error:
        models.load_model(tmp_path / "w.fastconv")
    path = tmp_path / "w.fastconv"
    assert str(error.value) == (
        f"'{path}': holds weights alone. Build the model in code, then model.load_weights('{path}')."
    )


def test_weights_of_another_model(tmp_path):
    fc.utils.set_random_seed(0)
    small = Sequential([layers.Dense(4, input_shape=(3,), name="a"), layers.Dense(2, name="b")], name="small")
    large = Sequential([layers.Dense(4, input_shape=(5,), name="a"), layers.Dense(2, name="b")], name="large")
    small.save_weights(tmp_path / "w.fastconv")
    before = large.get_weights()
    with pytest.raises(WeightsError) as error:
        large.load_weights(tmp_path / "w.fastconv")
    assert str(error.value) == (
        f"'{tmp_path / 'w.fastconv'}' into 'large': 3 of 4 tensors fit; 'a/kernel' expects (5, 4), file has (3, 4): "
        "made for another input size? Nothing was loaded."
    )
    assert all((a == b).all() for a, b in zip(before, large.get_weights(), strict=True))


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(ArgumentError) as error:
        compiled("adam").save("runs/m.h5")
    assert str(error.value) == (
        "save: expected a name that ends in '.fastconv'; came 'runs/m.h5'. Write model.save('runs/m.fastconv')."
    )


def test_a_file_is_not_written_over_if_asked(tmp_path):
    model = compiled("adam")
    path = tmp_path / "m.fastconv"
    model.save(path)
    with pytest.raises(ArgumentError) as error:
        model.save(path, overwrite=False)
    assert str(error.value) == f"save: '{path}' exists, and overwrite is False. Choose another name."


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "runs").write_text("a file where a folder should be")
    path = tmp_path / "runs" / "m.fastconv"
    with pytest.raises(WeightsError) as error:
        compiled("adam").save(path)
    assert str(error.value).startswith(f"'{path}': cannot be written (")
    assert "Choose another folder, or make room" in str(error.value)


@pytest.mark.parametrize("broken", ["write", "fsync", "replace"])
def test_a_crash_while_saving_leaves_the_old_file(broken, tmp_path, monkeypatch):
    model = compiled("adam")
    path = tmp_path / "m.fastconv"
    model.save(path)
    old = path.read_bytes()

    def fails(*args, **kwargs):
        raise OSError(28, "No space left on device")

    if broken == "write":
        monkeypatch.setattr("os.fdopen", fails)
    else:
        monkeypatch.setattr(f"os.{broken}", fails)
    with pytest.raises(WeightsError) as error:
        model.save(path)
    assert str(error.value) == (
        f"'{path}': cannot be written (No space left on device). Choose another folder, or make room; an older file of "
        "this name is as it was."
    )
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == ["m.fastconv"]


def test_architecture_as_text():
    model = compiled("adam")
    again = models.model_from_json(model.to_json(indent=1))
    assert json.loads(again.to_json()) == json.loads(model.to_json())
    clone = models.clone_model(model)
    assert [w.shape for w in clone.get_weights()] == [w.shape for w in model.get_weights()]


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(WeightsError, match=r"expected a \.fastconv file; it is a folder\. A SavedModel"):
        models.load_model(tmp_path)


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("class_names", {"cats": 0}),
        ("class_names", [0, 1]),
        ("seed", 7),
        ("seed", [None, 0]),
        ("trained", 7),
        ("trained", [["dense/kernel"]]),
        ("epochs", "many"),
    ],
)
def test_a_description_changed_by_hand(tmp_path, entry, value):
    path = tmp_path / "m.fastconv"
    model = compiled("adam")
    model.fit(*data(), verbose=0)
    model.save(path)
    tensors, description = fastconv_file.read(path)
    assert entry in description
    del description["version"]
    fastconv_file.write(path, tensors, description | {entry: value})
    with pytest.raises(WeightsError, match=r"Was it changed by hand\?"):
        models.load_model(path)


def own_loss(y_true, y_pred):
    return fc.ops.mean(fc.ops.square(y_true - y_pred), axis=-1)


class OwnLoss(fc.losses.Loss):
    def call(self, y_true, y_pred):
        return own_loss(y_true, y_pred)


@pytest.mark.parametrize(
    "compiled_with",
    [
        {"loss": fc.losses.BinaryCrossentropy(label_smoothing=0.1)},
        {"loss": fc.losses.binary_crossentropy, "metrics": [fc.metrics.binary_accuracy]},
        {
            "loss": {"only": fc.losses.MeanSquaredError()},
            "metrics": {"only": [fc.metrics.AUC(name="area"), "mae"]},
        },
        {
            "loss": [fc.losses.MeanSquaredError],
            "weighted_metrics": [fc.metrics.MeanSquaredError(name="mine")],
        },
        {"loss": own_loss, "metrics": [own_loss]},
        {"loss": OwnLoss()},
    ],
    ids=["object", "functions", "by name", "classes", "own function", "own class"],
)
def test_losses_and_metrics_come_back(tmp_path, compiled_with):
    x, y = data()
    y = y[:, None].astype("float32")
    inputs = Input((8, 8, 2))
    outputs = layers.Dense(1, activation="sigmoid", name="only")(layers.Flatten()(inputs))
    model = Model(inputs, outputs)
    model.compile("adam", **compiled_with)
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "m.fastconv")
    again = models.load_model(
        tmp_path / "m.fastconv", custom_objects={"own_loss": own_loss, "OwnLoss": OwnLoss}
    )
    assert again.evaluate(x, y, verbose=0, return_dict=True) == model.evaluate(
        x, y, verbose=0, return_dict=True
    )
    for trained in (model, again):
        trained.fit(x, y, verbose=0)
    for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        assert (ours == theirs).all()


def test_a_loss_of_ones_own_is_asked_for(tmp_path):
    model = compiled("adam")
    model.compile("adam", own_loss)
    model.save(tmp_path / "m.fastconv")
    with pytest.raises(ArgumentError) as error:
        models.load_model(tmp_path / "m.fastconv")
    assert str(error.value) == (
        "load_model: expected 'own_loss', with which the model was compiled and which is not fastconv's. Give "
        "custom_objects={'own_loss': ...}, or compile=False and compile again."
    )
    assert models.load_model(tmp_path / "m.fastconv", compile=False).count_params() == model.count_params()


@pytest.mark.parametrize("take", [pickle.dumps, copy.deepcopy])
def test_pickle_and_copy_say_what_to_do(take):
    with pytest.raises(
        ArgumentError, match=r"^model 'm': expected to be saved or cloned; pickle and copy cannot"
    ):
        take(compiled("adam"))
