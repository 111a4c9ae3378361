"""Training, evaluation and prediction as users write them."""

import _thread
import gc
import io
import threading

import numpy as np
import pytest
from PIL import Image

import fastconv as fc
from fastconv import Sequential, _core, layers
from fastconv.runtime.errors import (
    ArgumentError,
    DataError,
    FastconvWarning,
    NonFiniteData,
    NumericsError,
    ShapeError,
)


def digits(n=96, seed=0):
    """Pictures of one bright half, labelled by the half."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 2, n)
    x = random.random((n, 10, 10, 1)).astype("float32")
    x[y == 1, :5] += 1
    x[y == 0, 5:] += 1
    return x, y


def convnet(units=1, dropout=0.3, name="net"):
    return Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", input_shape=(10, 10, 1)),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(dropout),
            layers.Dense(8, activation="relu"),
            layers.Dense(units, activation="sigmoid" if units == 1 else "softmax"),
        ],
        name=name,
    )


def compiled(optimizer="rmsprop", seed=1, **kwargs):
    fc.utils.set_random_seed(seed)
    model = convnet(**kwargs)
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


def bits(model):
    return [w.tobytes() for w in model.get_weights()]


def message(error):
    return str(error.value)


def test_it_learns():
    model = compiled("adam")
    x, y = digits(400)
    history = model.fit(x, y, epochs=12, batch_size=20, validation_data=digits(100, 1), verbose=0)
    assert list(history.history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert history.history["val_accuracy"][-1] > 0.95
    assert history.history["val_acc"] == history.history["val_accuracy"]
    assert model.evaluate(*digits(100, 1), verbose=0)[1] == history.history["val_accuracy"][-1]


def test_seeds_make_runs_equal_and_threads_do_not_matter():
    x, y = digits()
    results = []
    before = _core.thread_count()
    try:
        for threads in (1, 2, 8):
            fc.set_num_threads(threads)
            model = compiled()
            model.fit(x, y, epochs=2, verbose=0)
            results.append(bits(model))
    finally:
        fc.set_num_threads(before)
    assert results[0] == results[1] == results[2]
    other = compiled(seed=2)
    other.fit(x, y, epochs=2, verbose=0)
    assert bits(other) != results[0]


def test_fit_in_two_parts_is_fit():
    x, y = digits()
    whole, parts = compiled(), compiled()
    whole.fit(x, y, epochs=4, verbose=0)
    parts.fit(x, y, epochs=2, verbose=0)
    parts.fit(x, y, initial_epoch=2, epochs=4, verbose=0)
    assert bits(whole) == bits(parts)


def test_running_averages_weigh_batches_by_their_size():
    model = compiled("sgd", dropout=0.0)
    model.optimizer.learning_rate = 0.0
    x, y = digits(50)
    history = model.fit(x, y, batch_size=32, verbose=0).history  # 32 and 18
    loss, accuracy = model.evaluate(x, y, verbose=0)
    np.testing.assert_allclose([history["loss"][0], history["accuracy"][0]], [loss, accuracy], rtol=1e-6)


def test_validation_split_cuts_the_end():
    model = compiled("sgd")
    model.optimizer.learning_rate = 0.0
    x, y = digits(100)
    history = model.fit(x, y, validation_split=0.25, verbose=0).history
    loss, accuracy = model.evaluate(x[75:], y[75:], verbose=0)
    assert history["val_loss"][0] == loss and history["val_accuracy"][0] == accuracy


def test_generators_iterators_and_sequences_train_alike():
    x, y = digits(60)
    cuts = [(x[i : i + 20], y[i : i + 20]) for i in range(0, 60, 20)]

    def forever():
        while True:
            yield from cuts

    class Batches:
        def __len__(self):
            return 3

        def __getitem__(self, i):
            return cuts[i]

    results = []
    for data, arguments in (
        (forever(), {"steps_per_epoch": 3}),
        (cuts.__iter__(), {}),
        (Batches(), {"shuffle": False}),
    ):
        model = compiled(dropout=0.0)
        model.fit(data, verbose=0, **arguments)
        results.append(bits(model))
    arrays = compiled(dropout=0.0)
    arrays.fit(x, y, batch_size=20, shuffle=False, verbose=0)
    assert results == [bits(arrays)] * 3


def test_sample_and_class_weights():
    x, y = digits(40)
    by_class, by_sample = compiled(dropout=0.0), compiled(dropout=0.0)
    by_class.fit(x, y, class_weight={0: 1.0, 1: 3.0}, verbose=0)
    by_sample.fit(x, y, sample_weight=np.where(y == 1, 3.0, 1.0), verbose=0)
    plain = compiled(dropout=0.0)
    plain.fit(x, y, verbose=0)
    assert bits(by_class) == bits(by_sample) != bits(plain)


def test_weighted_metrics_are_named_as_keras_names_them():
    x, y = digits(40)
    model = compiled(dropout=0.0)
    model.compile("sgd", "binary_crossentropy", metrics=["acc"], weighted_metrics=["acc", "mse"])
    history = model.fit(x, y, sample_weight=(y == 1).astype(float), verbose=0).history
    assert list(history) == ["loss", "acc", "weighted_acc", "mse"]
    assert history["weighted_acc"] != history["acc"]


def test_steps_per_epoch_goes_round_again(capsys):
    x, y = digits(40)
    model = compiled()
    model.fit(x, y, batch_size=20, steps_per_epoch=5, verbose=2)
    assert int(model.optimizer.iterations.numpy()) == 5
    assert "epoch is 2 batches; steps_per_epoch=5 goes round 2.5 times.\n" in capsys.readouterr().out


def test_single_batches():
    x, y = digits(20)
    model = compiled("sgd", dropout=0.0)
    before = model.test_on_batch(x, y)
    first = model.train_on_batch(x, y)
    np.testing.assert_allclose(first, before, rtol=1e-6)  # the loss before the step, of this batch alone
    after = model.train_on_batch(x, y, return_dict=True)
    assert after["loss"] < before[0] and list(after) == ["loss", "accuracy"]
    np.testing.assert_array_equal(model.predict_on_batch(x), model.predict(x))


def test_keras_2_names():
    x, y = digits(40)

    def batches():
        while True:
            yield x[:20], y[:20]

    model = compiled()
    history = model.fit_generator(
        batches(), steps_per_epoch=2, epochs=2, verbose=0, workers=4, max_queue_size=10
    )
    assert len(history.history["acc"]) == 2
    assert len(model.evaluate_generator(batches(), steps=2, verbose=0)) == 2
    assert model.predict_generator(batches(), steps=2).shape == (40, 1)
    classes = model.predict_classes(x)
    assert classes.dtype == np.int32 and (classes == (model.predict(x) > 0.5)).all()
    model.fit(x, y, nb_epoch=1, verbose=0)


def test_callbacks_are_called_in_order():
    class Noting(fc.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seen = []

        def on_train_begin(self, logs=None):
            self.seen.append("train begin")

        def on_epoch_begin(self, epoch, logs=None):
            self.seen.append(f"epoch {epoch} begin")

        def on_train_batch_end(self, batch, logs=None):
            self.seen.append(f"batch {batch} {sorted(logs)}")

        def on_epoch_end(self, epoch, logs=None):
            self.seen.append(f"epoch {epoch} end {sorted(logs)}")

        def on_train_end(self, logs=None):
            self.seen.append("train end")

    noting = Noting()
    x, y = digits(40)
    compiled().fit(x, y, validation_split=0.5, callbacks=[noting], verbose=0)
    assert noting.seen == [
        "train begin",
        "epoch 0 begin",
        "batch 0 ['accuracy', 'loss']",
        "epoch 0 end ['accuracy', 'loss', 'val_accuracy', 'val_loss']",
        "train end",
    ]


def test_early_stopping_stops():
    x, y = digits(40)
    model = compiled()
    stop = fc.callbacks.EarlyStopping(monitor="val_acc", patience=0, min_delta=1.0)
    history = model.fit(x, y, epochs=20, validation_split=0.5, callbacks=[stop], verbose=0)
    assert len(history.epoch) == 2


def test_one_line_an_epoch_where_there_is_no_terminal(capsys):
    x, y = digits(40)
    compiled().fit(x, y, epochs=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("Epoch 1/2 - ") and " - loss 0." in lines[0] and " - accuracy 0." in lines[0]
    compiled().fit(x, y, verbose=0)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_a_bar_on_a_terminal(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    x, y = digits(40)
    compiled().fit(x, y, epochs=1)
    text = terminal.getvalue()
    assert "Epoch 1/1" in text and "loss 0." in text and "waiting" in text and "2/2" in text


def test_a_bad_step_changes_nothing_and_is_named():
    x, y = digits(32)
    model = compiled("sgd", dropout=0.0)
    model.fit(x, y, verbose=0)
    model.layers[0].set_weights([w * np.float32(1e38) for w in model.layers[0].get_weights()])
    before, done = bits(model), int(model.optimizer.iterations.numpy())
    with pytest.raises(NumericsError) as error:
        model.fit(x, y, epochs=3, initial_epoch=2, verbose=0)
    assert bits(model) == before and int(model.optimizer.iterations.numpy()) == done == 1
    assert message(error) == (
        "step 2, epoch 3: expected finite numbers; output of 'loss' (reduce_mean) holds 1 values that are not finite "
        "(infinite) of 1; rate 0.01. Weights are those of step 1. Try 0.001 or clipnorm=1."
    )


def test_ctrl_c_leaves_whole_steps(heard_ctrl_c):
    x, y = digits(512)
    model = compiled("adam")
    model.fit(x[:32], y[:32], verbose=0)
    start = model.get_weights()
    key, state = model._key.numpy(), [v.numpy() for v in model.optimizer.variables]

    class Press(fc.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 0:
                threading.Timer(0.3, _thread.interrupt_main).start()

    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, epochs=100000, batch_size=32, verbose=0, callbacks=[Press()])
    done = int(model.optimizer.iterations.numpy())
    assert done > 1
    # As many steps again from the same state give the same bits: no step is done by half.
    other = compiled("adam")
    other.fit(x[:32], y[:32], verbose=0)
    other.set_weights(start)
    other._key.assign(key)
    for variable, value in zip(other.optimizer.variables, state, strict=True):
        variable.assign(value)

    class Stop(fc.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = int(self.model.optimizer.iterations.numpy()) == done

    other.fit(x, y, epochs=100000, batch_size=32, verbose=0, callbacks=[Stop()])
    assert bits(model) == bits(other)


def test_predict_and_fit_do_not_grow():
    model = compiled()
    x, y = digits(32)
    model.predict(x[:1])
    gc.collect()
    before = _core.allocated_bytes()
    for _ in range(1000):
        model.predict(x[:1])
    assert _core.allocated_bytes() == before
    del model
    sizes = []
    for _ in range(50):
        made = compiled()
        made.fit(x, y, verbose=0)
        del made
        gc.collect()
        sizes.append(_core.allocated_bytes())
    assert sizes[-1] <= sizes[5]


def test_reference_device_trains_alike():
    """The float64 interpreter runs the same model: nothing above the devices knows which it is."""
    x, y = digits(20)
    ours = compiled("sgd", dropout=0.0)
    weights = ours.get_weights()
    ours.fit(x, y, epochs=2, verbose=0)
    theirs = compiled("sgd", dropout=0.0)
    theirs.set_weights(weights)
    theirs.to("reference")
    theirs.fit(x, y, epochs=2, verbose=0)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


# Messages


def test_fit_before_compile():
    with pytest.raises(ArgumentError) as error:
        convnet(name="m").fit(*digits())
    assert message(error) == "fit: model 'm' is not compiled; compile(optimizer=, loss=) first."


def test_a_flag_changed_after_compile():
    model = compiled()
    x, y = digits(20)
    model.fit(x, y, verbose=0)
    conv = model.layers[0]
    conv.trainable = False
    with pytest.raises(ArgumentError) as error:
        model.fit(x, y, verbose=0)
    assert message(error) == (
        f"fit: '{conv.name}' was frozen after compile; compile again so that it takes effect "
        "(Keras would go on training it)."
    )
    with pytest.raises(ArgumentError, match="was frozen after compile"):
        model.train_on_batch(x, y)
    conv.trainable = True
    model.fit(x, y, verbose=0)  # as it was when compiled


def test_frozen_and_compiled_nothing_moves(capsys):
    model = compiled()
    model.layers[0].trainable = False
    model.compile("rmsprop", "binary_crossentropy")
    dense = [layer.name for layer in model.layers if isinstance(layer, layers.Dense)]
    assert capsys.readouterr().out == (
        f"training 4 of 6 tensors: {dense[0]}, {dense[1]}; frozen: {model.layers[0].name}\n"
    )
    before = [w.tobytes() for w in model.layers[0].get_weights()]
    others = [w.tobytes() for w in model.layers[-1].get_weights()]
    model.fit(*digits(200), epochs=10, batch_size=20, verbose=0)
    assert [w.tobytes() for w in model.layers[0].get_weights()] == before
    assert [w.tobytes() for w in model.layers[-1].get_weights()] != others


def test_the_gan_way_of_freezing():
    """A flag changed for another model, which is compiled after it: each model keeps what it was compiled with."""
    critic = Sequential(
        [layers.Dense(4, input_shape=(3,)), layers.Dense(1, activation="sigmoid")], name="critic"
    )
    critic.compile("sgd", "binary_crossentropy")
    critic.trainable = False
    gan = Sequential([layers.Dense(3, input_shape=(2,)), critic], name="gan")
    gan.compile("sgd", "binary_crossentropy")
    x, z, y = np.ones((4, 3), "float32"), np.ones((4, 2), "float32"), np.ones(4)
    before = bits(critic)
    gan.train_on_batch(z, y)
    assert bits(critic) == before
    critic.train_on_batch(x, 1 - y)
    assert bits(critic) != before


def test_nothing_trainable():
    model = compiled()
    model.trainable = False
    model.compile("sgd", "binary_crossentropy")
    with pytest.raises(ArgumentError) as error:
        model.fit(*digits(), verbose=0)
    assert message(error) == (
        "fit: all 6 tensors are frozen. Set layer.trainable = True on what is to learn, and compile again."
    )


def test_one_optimizer_for_two_models():
    optimizer = fc.optimizers.Adam()
    first, second = convnet(name="a"), convnet(name="b")
    first.compile(optimizer, "mse")
    with pytest.raises(ArgumentError) as error:
        second.compile(optimizer, "mse")
    assert message(error) == (
        "optimizer 'adam': already serves model 'a'; expected one of its own for 'b'. Make another: Adam(...)."
    )
    first.compile(optimizer, "mse")  # the same model again may keep it


def test_misspelt_loss():
    with pytest.raises(ArgumentError) as error:
        convnet().compile("adam", "binary_crossentrophy")
    assert message(error) == "loss 'binary_crossentrophy': unknown; did you mean 'binary_crossentropy'?"


def test_pictures_of_another_size():
    with pytest.raises(ShapeError) as error:
        compiled(name="m").fit(np.zeros((20, 12, 12, 1)), np.zeros(20))
    assert message(error) == (
        "model 'm': expected (n, 10, 10, 1); came (20, 12, 12, 1). Resize to 10x10 (`target_size=(10, 10)`)."
    )


def test_labels_and_samples_of_other_number():
    x, y = digits(20)
    with pytest.raises(DataError) as error:
        compiled().fit(x, y[:19])
    assert message(error) == (
        "fit: expected as many samples everywhere; x has 20 samples, y 19. Give each image its own entry."
    )


def test_labels_beyond_the_classes():
    x, y = digits(20)
    model = convnet(units=2, name="m")
    model.compile("adam", "sparse_categorical_crossentropy")
    with pytest.raises(DataError, match=r"fit: .*y holds 3"):
        model.fit(x, np.where(y == 1, 3, 0))


def test_generator_that_ends():
    x, y = digits(20)
    with pytest.raises(DataError) as error:
        compiled().fit(iter([(x, y), (x, y)]), steps_per_epoch=5, verbose=0)
    assert message(error) == (
        "fit: generator ended after 2 of 5 batches in epoch 1. Loop it (`while True`) or drop steps_per_epoch."
    )


def test_generator_without_labels():
    x, _ = digits(20)
    with pytest.raises(DataError) as error:
        compiled().fit(iter([x, x]), verbose=0)
    assert message(error) == (
        "fit: expected a generator that yields (x, y) or (x, y, weights); it yielded one array (20, 10, 10, 1). "
        "Labels are missing: with flow_from_directory use class_mode='binary' or 'categorical'."
    )


def test_labels_beside_a_generator():
    x, y = digits(20)
    with pytest.raises(ArgumentError) as error:
        compiled().fit(iter([(x, y)]), y)
    assert message(error) == "fit: expected no y beside a generator, which yields (x, y) itself; came one."


def test_sorted_labels_and_validation_split():
    x, y = digits(40)
    order = np.argsort(y)
    with pytest.warns(FastconvWarning) as caught:
        compiled().fit(x[order], y[order], validation_split=0.2, verbose=0)
    assert str(caught[0].message) == (
        "fit: the last 20% are all class 1; shuffle before, or give validation_data."
    )


def test_no_labels():
    with pytest.raises(ArgumentError) as error:
        compiled().fit(digits(20)[0])
    assert message(error) == (
        "fit: expected labels; came none. Call fit(x, y), or give a generator that yields (x, y)."
    )


def test_class_without_a_weight():
    x, y = digits(20)
    with pytest.raises(DataError) as error:
        compiled().fit(x, y, class_weight={0: 1.0}, verbose=0)
    assert message(error) == (
        "fit: class_weight expected a weight for each class; there is none for 1. Its keys are the labels' numbers: "
        "class_weight={0: 1.0, 1: 3.0}."
    )


def test_unknown_argument():
    x, y = digits(20)
    with pytest.raises(ArgumentError) as error:
        compiled().fit(x, y, epoch=3)
    assert message(error) == "fit: unknown arguments: epoch; did you mean 'epochs'?"


@pytest.mark.parametrize(
    ("method", "argument", "near"),
    [
        ("train_on_batch", "sample_weights", "sample_weight"),
        ("save", "overwite", "overwrite"),
        ("save_weights", "overwite", "overwrite"),
        ("load_weights", "file_path", "filepath"),
        ("summary", "linelength", "line_length"),
    ],
)
def test_misspelt_argument_of_other_methods(tmp_path, method, argument, near):
    x, y = digits(20)
    given = (x, y) if method == "train_on_batch" else (tmp_path / "m.fastconv",)
    with pytest.raises(ArgumentError) as error:
        getattr(compiled(), method)(*given, **{argument: False})
    assert message(error) == f"{method}: unknown arguments: {argument}; did you mean {near!r}?"


def test_clipping_is_not_recommended_to_those_who_clip():
    x, y = digits(32)
    model = compiled(fc.optimizers.SGD(1.0, clipnorm=1.0), dropout=0.0, name="m")
    model.layers[0].set_weights([w * np.float32(1e38) for w in model.layers[0].get_weights()])
    with pytest.raises(NumericsError) as error:
        model.train_on_batch(x, y)
    assert message(error) == (
        "step 1: expected finite numbers; output of 'clipping' (square) holds 4 values that are not finite (infinite) of "
        "8; rate 1. Weights are those of step 0. Try 0.1."
    )


def test_weights_that_were_bad_before_the_step():
    x, y = digits(32)
    model = compiled("sgd", dropout=0.0)
    kernel, bias = model.layers[0].get_weights()
    kernel[0, 0, 0, :2] = np.nan
    model.layers[0].set_weights([kernel, bias])
    with pytest.raises(NumericsError) as error:
        model.fit(x, y, verbose=0)
    assert message(error) == (
        f"step 1, epoch 1: expected finite numbers; weight '{model.layers[0].name}/kernel' holds 2 values that are "
        "not finite of 36 already before this step. Build the model again, or load weights that are finite."
    )


def test_a_later_batch_that_is_not_finite():
    x, y = digits(40)
    x[25, 0, 0] = np.inf
    model = compiled("sgd")
    with pytest.raises(NonFiniteData) as error:
        model.fit(iter([(x[:20], y[:20]), (x[20:], y[20:])]), verbose=0)
    assert message(error) == (
        "step 2, epoch 1: expected finite numbers in x; x[5] holds 1 infinite values. Remove the sample, or find out "
        "where it became so (a division by 0 in the rescaling?). Weights are those of step 1."
    )


def test_a_later_batch_with_a_label_beyond_the_classes():
    x, y = digits(40)
    y[33] = 7
    model = convnet(units=2, name="m")
    model.compile("sgd", "sparse_categorical_crossentropy")
    last = model.layers[-1].name
    with pytest.raises(NonFiniteData) as error:
        model.fit(iter([(x[:20], y[:20]), (x[20:], y[20:])]), verbose=0)
    assert message(error) == (
        f"step 2, epoch 1: expected labels 0..1, as layer '{last}' has 2 units; y holds 7 (sample 13). Give the layer 8 "
        "units, or correct the label. Weights are those of step 1."
    )


def folder_of(tmp_path, names):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((12, 12), len(name) * 9, np.uint8)).save(tmp_path / name)
    return tmp_path


def test_files_whose_pictures_became_nan_are_named(tmp_path):
    folder = folder_of(tmp_path, [f"{c}/{i}.png" for c in ("cats", "dogs") for i in range(6)])
    calls = []

    def centred(picture):
        calls.append(picture)
        return picture * np.nan if len(calls) in (6, 8) else picture / 255

    generator = fc.preprocessing.image.ImageDataGenerator(preprocessing_function=centred)
    before = _core.thread_count()
    fc.set_num_threads(1)
    try:
        data = generator.flow_from_directory(
            folder, (10, 10), "grayscale", class_mode="binary", batch_size=4, shuffle=False
        )
        model = compiled("sgd", dropout=0.0)
        calls.clear()
        with pytest.raises(NonFiniteData) as error:
            model.fit(Once(data), verbose=0)
    finally:
        fc.set_num_threads(before)
    assert message(error) == (
        "step 2, epoch 1: expected finite numbers in x; x[1] ('cats/5.png') holds 100 NaN; so do 'dogs/1.png'. Remove "
        "the sample, or find out where it became so (a division by 0 in the rescaling?). Weights are those of step 1."
    )


def test_files_of_a_bad_first_batch(tmp_path):
    folder = folder_of(tmp_path, [f"{c}/{i}.png" for c in ("cats", "dogs") for i in range(6)])
    generator = fc.preprocessing.image.ImageDataGenerator(
        preprocessing_function=lambda picture: picture * np.nan
    )
    data = generator.flow_from_directory(
        folder, (10, 10), "grayscale", class_mode="binary", batch_size=5, shuffle=False
    )
    with pytest.raises(DataError) as error:
        compiled("sgd").fit(data, verbose=0)
    assert message(error) == (
        "fit: expected finite numbers in x; x[0] ('cats/0.png') holds 100 NaN; so do 'cats/1.png', 'cats/2.png', "
        "'cats/3.png' and 1 more. Remove the sample, or find out where it became so (a division by 0 in the rescaling?)."
    )


class Once:
    """Data whose first batch is not drawn twice."""

    def __init__(self, data):
        self.data, self.batches = data, list(data.epoch_batches(0))

    def epoch_batches(self, epoch, steps=None):
        return iter(self.batches)

    def __len__(self):
        return len(self.batches)
