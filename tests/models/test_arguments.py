"""What `fit`, `evaluate` and `predict` say of arguments and data that cannot be meant.  Messages are compared whole."""

import warnings

import numpy as np
import pytest

import fastconv as fc
from fastconv import layers
from fastconv.datasets import drawings
from fastconv.preprocessing.image import ImageDataGenerator
from fastconv.runtime.errors import ArgumentError, DataError, FastconvWarning

X = np.linspace(0, 1, 12 * 36, dtype="float32").reshape(12, 6, 6, 1)
Y = np.arange(12) % 3


def model(units=3):
    made = fc.Sequential(
        [layers.Flatten(input_shape=(6, 6, 1)), layers.Dense(units, activation="softmax", name="last")],
        name="shapes",
    )
    made.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def said(error, call):
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"epochs": -1}, "fit: expected epochs to be a whole number from 0 up; came -1."),
        (
            {"epochs": 1.5},
            "fit: expected epochs to be a whole number from 0 up; came 1.5. Divide with //, or write epochs=1.",
        ),
        ({"batch_size": 0}, "fit: expected batch_size to be a whole number from 1 up; came 0."),
        ({"batch_size": "32"}, "fit: expected batch_size to be a whole number from 1 up; came '32'."),
        (
            {"steps_per_epoch": 12 / 5},
            "fit: expected steps_per_epoch to be a whole number from 1 up; came 2.4. Divide with //, or write "
            "steps_per_epoch=2.",
        ),
        ({"steps_per_epoch": 0}, "fit: expected steps_per_epoch to be a whole number from 1 up; came 0."),
        ({"validation_freq": 0}, "fit: expected validation_freq to be a whole number from 1 up; came 0."),
        (
            {"optimiser": "sgd", "validation_dat": 1},
            "fit: unknown arguments: optimiser, validation_dat; Check the spelling.",
        ),
        ({"validation_dat": 1}, "fit: unknown arguments: validation_dat; did you mean 'validation_data'?"),
        (
            {"class_weight": [1, 2, 3]},
            "fit: expected class_weight to be a dict from the labels' numbers to weights, like {0: 1.0, 1: 3.0}; came "
            "list [1, 2, 3].",
        ),
        (
            {"class_weight": {"cats": 1}},
            "fit: expected class_weight to be a dict from the labels' numbers to weights, like {0: 1.0, 1: 3.0}; came "
            "the key 'cats'.",
        ),
        (
            {"validation_data": X},
            "fit: expected validation_data=(x, y), (x, y, weights) or a generator; came one array (12, 6, 6, 1). Give "
            "the labels too.",
        ),
        (
            {"callbacks": [print]},
            "callbacks: expected callbacks in a list; came <built-in function print>. A function goes into "
            "LambdaCallback(on_epoch_end=...).",
        ),
        (
            {"verbose": "loud"},
            "expected verbose 'auto', 0 (silent), 1 (a bar) or 2 (a line an epoch); came 'loud'. Leave it out.",
        ),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else "",
)
def test_arguments(arguments, text):
    assert said(ArgumentError, lambda: model().fit(X, Y, **arguments)) == text


def test_a_callback_s_class():
    text = said(ArgumentError, lambda: model().fit(X, Y, callbacks=[fc.callbacks.EarlyStopping]))
    assert text.endswith("Write EarlyStopping(...).")


def test_whole_numbers_of_other_types():
    history = model().fit(X, Y, np.int64(4), np.float64(2.0), 0, steps_per_epoch=np.ceil(12 / 5))
    assert history.epoch == [0, 1]


def test_a_last_epoch_before_the_first():
    with pytest.warns(FastconvWarning) as caught:
        assert model().fit(X, Y, epochs=2, initial_epoch=5).epoch == []
    assert [str(warning.message) for warning in caught] == [
        "fit: expected epochs to be the number of the last epoch; came epochs=2, initial_epoch=5: nothing is trained. "
        "Write epochs=7."
    ]


def test_no_data():
    assert said(ArgumentError, lambda: model().fit(None, Y)) == (
        "fit: expected data; came None. Call fit(x, y), or give a generator."
    )
    assert said(ArgumentError, lambda: model().predict(None)) == (
        "predict: expected data; came None. Call predict(x), or give a generator."
    )


def test_a_generator_that_was_not_called():
    def batches():
        yield X, Y

    assert said(ArgumentError, lambda: model().fit(batches)) == (
        "fit: expected arrays or a generator; came the function 'batches'. Call it: batches()."
    )


def test_one_label_for_all():
    assert said(ArgumentError, lambda: model().fit(X, 5)) == (
        "fit: expected a label for each sample; came y=5. Give an array or a list."
    )


def test_sample_weights():
    weights = np.ones(12)
    weights[3] = np.nan
    assert said(DataError, lambda: model().fit(X, Y, sample_weight=weights)) == (
        "fit: expected finite numbers in sample_weight; came nan (sample 3). Give 0 to samples that are not to count."
    )
    assert said(DataError, lambda: model().fit(X, Y, sample_weight=["a"] * 12)) == (
        "fit: expected sample_weight to hold numbers; came dtype str32. Give one a sample."
    )


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_lists_of_pictures_of_several_sizes(method):
    ragged = [np.zeros((6 + k % 2, 6, 1), "float32") for k in range(12)]
    labels = () if method == "predict" else (Y,)
    assert said(DataError, lambda: getattr(model(), method)(ragged, *labels)) == (
        f"{method}: expected x to be one array of images of one size; came a list of images of 2 sizes. Resize them, "
        "e.g. load_img(path, target_size=(150, 150))."
    )


def test_numbers_that_no_kernel_takes():
    assert said(DataError, lambda: model().fit(X.astype(complex), Y)) == (
        "fit: expected x to hold numbers; came dtype complex128. Convert it, e.g. with astype('float32')."
    )


class TestValidationData:
    """It is looked at before the first step, as training data is."""

    def refused(self, x, y):
        fitted = model()
        before = fitted.get_weights()
        text = said(DataError, lambda: fitted.fit(X, Y, validation_data=(x, y)))
        assert all((a == b).all() for a, b in zip(before, fitted.get_weights(), strict=True))
        return text

    def test_labels_beyond_the_classes(self):
        assert self.refused(X, Y + 4) == (
            "fit, validation_data: expected labels 0..2, as layer 'last' has 3 units; y holds 6 (sample 2). Give the "
            "layer 7 units, or correct the label."
        )

    def test_other_length(self):
        assert self.refused(X, Y[:3]) == (
            "fit, validation_data: expected as many samples everywhere; x has 12 samples, y 3. Give each image its own "
            "entry."
        )

    def test_nan(self):
        x = X.copy()
        x[3, 0, 0] = np.nan
        assert self.refused(x, Y).startswith(
            "fit, validation_data: expected finite numbers in x; x[3] holds 1 NaN"
        )

    def test_a_generator_s_first_batch(self):
        text = said(DataError, lambda: model().fit(X, Y, validation_data=iter([(X, Y + 4)])))
        assert text.startswith("fit, validation_data: expected labels 0..2")
        assert said(DataError, lambda: model().evaluate(iter([(X, Y + 4)]))).startswith(
            "evaluate: expected labels"
        )


def test_single_batches_are_looked_at():
    assert said(DataError, lambda: model().test_on_batch(X, Y + 4)).startswith(
        "test_on_batch: expected labels 0..2"
    )


def test_a_later_batch_of_other_lengths():
    batches = iter([(X, Y), (X[:5], Y[:4])])
    assert said(DataError, lambda: model().fit(batches, verbose=0)) == (
        "model 'shapes': expected a label, and a weight if any, for each of the 5 samples of a batch; came an array "
        "(4,). Give each image its own entry."
    )


def test_one_weight_for_all_samples():
    for where in ("fit", "evaluate"):
        assert said(ArgumentError, lambda where=where: getattr(model(), where)(X, Y, sample_weight=3)) == (
            f"{where}: expected a weight for each sample; came sample_weight=3. Give an array or a list."
        )


@pytest.mark.parametrize("batch_size", [0, "a", 1 << 70])
def test_summary_of_a_batch_that_cannot_be(batch_size):
    assert said(ArgumentError, lambda: model().summary(batch_size=batch_size)).startswith(
        "summary: expected batch_size "
    )


@pytest.mark.parametrize("where", ["train_on_batch", "test_on_batch", "fit", "evaluate"])
def test_what_is_no_array(where):
    class Table:
        pass

    call = getattr(model(), where)
    for name, given in (("x", (Table(), np.zeros((4, 1)))), ("y", (np.zeros((4, 3)), Table()))):
        assert said(ArgumentError, lambda given=given: call(*given)) == (
            f"{where}: {name}: expected an array; came Table. Make a NumPy array of it."
        )


def test_misspelt_metric_is_told_at_once():
    text = said(ArgumentError, lambda: model().compile("sgd", "mse", metrics=["acuracy"]))
    assert text == "metric 'acuracy': unknown; did you mean 'accuracy'?"


class TestRawPixels:
    def test_warned_of_once_at_the_user_s_line(self):
        fitted = model()
        with pytest.warns(FastconvWarning) as caught:
            fitted.fit(np.round(X * 255), Y, verbose=0)
        assert [str(warning.message) for warning in caught] == [
            "fit: expected pictures of about 0..1; the first are 0..255, from which a new model seldom learns. Use "
            "rescale=1/255, or begin the model with Rescaling(1/255)."
        ]
        assert caught[0].filename == __file__

    def test_not_behind_rescaling(self):
        scaled = fc.Sequential(
            [
                layers.Rescaling(1 / 255, input_shape=(6, 6, 1)),
                layers.Flatten(),
                layers.Dense(3, activation="softmax"),
            ]
        )
        scaled.compile("sgd", "sparse_categorical_crossentropy")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            scaled.fit(np.round(X * 255), Y, verbose=0)


def test_pictures_of_another_scale_than_in_training():
    fitted = model()
    fitted.evaluate(X * 255, Y, verbose=0)  # nothing was trained yet
    fitted.fit(X, Y, validation_data=(X[:6], Y[:6]), verbose=0)
    with pytest.warns(FastconvWarning) as caught:
        fitted.evaluate(X * 255, Y, verbose=0)
    assert [str(warning.message) for warning in caught] == [
        "evaluate: expected pictures as in training, where the first reach 1; the first here reach 255. Use the "
        "same rescaling for both."
    ]


def test_the_same_files_in_training_and_validation(tmp_path, capsys):
    drawings.write_folders(tmp_path, train=3, validation=2, size=16)
    generator = ImageDataGenerator(rescale=1 / 255)

    def batches(part):
        return generator.flow_from_directory(tmp_path / part, (6, 6), "grayscale", class_mode="binary")

    fitted = model(2)
    with pytest.warns(FastconvWarning, match="3 validation images are also training images"):
        fitted.fit(batches("train"), validation_data=batches("train"), verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted.fit(batches("train"), validation_data=batches("validation"), verbose=0)


def test_not_a_list_of_layers():
    text = said(ArgumentError, lambda: fc.Sequential(layers.Flatten(name="flat")))
    assert text.endswith("expected a list of layers; came <Flatten flat>. Write Sequential([...]).")


def test_a_layer_called_without_input():
    text = said(ArgumentError, lambda: layers.Dense(2, name="wide")())
    assert text == "layer 'wide': expected an input; came none. Write layer(x)."


def test_a_metric_for_an_output_that_is_not_there_is_told_each_time():
    made = model()
    made.compile("sgd", "sparse_categorical_crossentropy", metrics={"first": "accuracy"})
    text = "model 'shapes': expected metrics for the outputs last; came first."
    assert [said(ArgumentError, lambda: made.fit(X, Y, verbose=0)) for _ in range(2)] == [text] * 2


def test_a_step_of_one_s_own():
    class Own(fc.Model):
        def train_step(self, data):
            return {"loss": 0.0}

    x = fc.Input((4,))
    assert said(ArgumentError, lambda: Own(x, layers.Dense(1)(x)).compile("sgd", "mse")) == (
        "compile: Own has a train_step() of its own, which fit does not call: a step is compiled as a whole. Loop over the "
        "batches yourself: in a function given to fastconv.function compute the loss, then "
        "optimizer.apply(fastconv.grad(loss, weights), weights)."
    )


def test_a_step_of_one_s_own_is_a_method():
    made = model()
    made.train_step = 0  # a counter, say
    made.compile("sgd", "sparse_categorical_crossentropy")


def test_steps_without_a_batch_size_cut_arrays():
    made = model()
    made.optimizer.learning_rate = 0.0
    x, y = (
        np.concatenate([X, X * X, X / 2, 1 - X]),
        np.tile(Y, 4),
    )  # 48: more than a batch of the default size
    history = made.fit(x, y, steps_per_epoch=1, validation_data=(x, y), validation_steps=1, verbose=0).history
    whole = made.evaluate(x, y, batch_size=48, verbose=0)[0]
    for loss in (history["loss"][0], history["val_loss"][0], made.evaluate(x, y, steps=1, verbose=0)[0]):
        assert abs(loss - whole) <= 48 * 2.0**-24 * whole  # sums of 48 terms, in orders of their own
    assert made.predict(x, steps=1).shape == (48, 3)
    assert made.predict(x, steps=1, batch_size=5).shape == (5, 3)


def test_metrics_begin_anew():
    made = model()
    made.evaluate(X, Y, verbose=0)
    assert made._results()["loss"] > 0
    made.reset_metrics()
    assert made._results()["loss"] == 0


def test_labels_with_noise():
    made = fc.Sequential([layers.Flatten(input_shape=(6, 6, 1)), layers.Dense(1, activation="sigmoid")])
    made.compile("sgd", "binary_crossentropy")
    labels = (Y % 2 + np.linspace(-0.05, 0.05, 12)).astype("float32")
    assert np.isfinite(made.train_on_batch(X, labels))
    with pytest.raises(DataError, match=r"Rescale them to 0\.\.1"):
        made.evaluate(X, labels * 2, verbose=0)
