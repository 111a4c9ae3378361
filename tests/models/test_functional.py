"""Models of layers called on symbols, and classes of one's own."""

import gc
import json
import re

import numpy as np
import pytest

import fastconv as fc
from fastconv import Input, Model, Sequential, _core, layers
from fastconv.layers import naming
from fastconv.models.summary import _peaks
from fastconv.runtime.errors import ArgumentError, ShapeError


@pytest.fixture(autouse=True)
def fresh_names():
    naming.clear_names()


def numbers(*shape):
    return np.random.default_rng(0).standard_normal(shape).astype("float32")


def residual():
    x = Input((8, 8, 3), name="picture")
    y = layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(x)
    z = layers.Conv2D(4, 3, padding="same", name="second")(y)
    z = layers.ReLU(name="after")(layers.add([z, y], name="sum"))
    return Model(
        x, layers.Dense(2, name="head")(layers.GlobalAveragePooling2D(name="mean")(z)), name="residual"
    )


def test_layers_in_order_and_shapes():
    model = residual()
    assert [layer.name for layer in model.layers] == [
        "picture",
        "first",
        "second",
        "sum",
        "after",
        "mean",
        "head",
    ]
    assert model.input_shape == (None, 8, 8, 3) and model.output_shape == (None, 2)
    assert model.input_names == ["picture"] and model.output_names == ["head"]


def test_layers_are_ordered_as_keras_orders_them(peer):
    keras = peer("keras")

    def build(lib):
        L = lib.layers
        x = lib.Input((8, 8, 3), name="x")
        a = L.Conv2D(2, 1, name="a")(x)
        b = L.Conv2D(2, 3, padding="same", name="b")(x)
        b = L.Conv2D(2, 3, padding="same", name="c")(b)
        s = L.Add(name="s")([a, b])
        t = L.Multiply(name="t")([s, a])
        return lib.Model(x, L.Flatten(name="f")(t))

    assert [layer.name for layer in build(fc).layers] == [layer.name for layer in build(keras).layers]


def test_config_round_trip():
    model = residual()
    again = Model.from_config(json.loads(json.dumps(model.get_config())))
    assert again.get_config() == model.get_config()
    again.set_weights(model.get_weights())
    x = numbers(3, 8, 8, 3)
    assert (again.predict(x) == model.predict(x)).all()
    clone = fc.models.model_from_json(model.to_json())
    assert [layer.name for layer in clone.layers] == [layer.name for layer in model.layers]


def test_an_inner_tensor_may_be_an_output():
    model = residual()
    middle = Model(model.input, model.get_layer("second").output)
    x = numbers(2, 8, 8, 3)
    first, second = model.get_layer("first"), model.get_layer("second")
    assert (middle.predict(x) == np.asarray(second(first(x)))).all()
    head = Model(model.get_layer("mean").output, model.output)
    assert head.input_shape == (None, 4)


def test_shared_layer_has_one_set_of_weights():
    dense = layers.Dense(3, name="shared")
    a, b = Input((4,), name="a"), Input((4,), name="b")
    model = Model([a, b], layers.Multiply()([dense(a), dense(b)]))
    assert len(model.weights) == 2
    x, y = numbers(2, 4), numbers(2, 4) + 1
    expected = np.asarray(dense(x)) * np.asarray(dense(y))
    np.testing.assert_array_equal(model.predict([x, y]), expected)
    np.testing.assert_array_equal(model.predict({"b": y, "a": x}), expected)
    again = Model.from_config(model.get_config())
    assert len(again.weights) == 2
    with pytest.raises(
        ArgumentError, match=r"layer 'shared': expected one output, but it was called 2 times"
    ):
        dense.output  # noqa: B018


def test_two_outputs_train_together():
    x = Input((4,))
    hidden = layers.Dense(8, activation="relu")(x)
    model = Model(
        x, [layers.Dense(1, name="size")(hidden), layers.Dense(3, activation="softmax", name="kind")(hidden)]
    )
    model.compile(
        "adam",
        {"size": "mse", "kind": "sparse_categorical_crossentropy"},
        metrics={"kind": ["acc"]},
        loss_weights={"size": 0.5, "kind": 1.0},
    )
    data = numbers(32, 4)
    y = {"size": data[:, :1], "kind": (data[:, 0] > 0).astype(int)}
    history = model.fit(data, y, epochs=3, verbose=0).history
    assert list(history) == ["loss", "size_loss", "kind_loss", "kind_acc"]
    total = 0.5 * np.array(history["size_loss"]) + np.array(history["kind_loss"])
    np.testing.assert_allclose(history["loss"], total, rtol=1e-6)
    size, kind = model.predict(data)
    assert size.shape == (32, 1) and kind.shape == (32, 3)


def test_a_class_of_ones_own():
    class Net(Model):
        def __init__(self, units):
            super().__init__()
            self.hidden = layers.Dense(units, activation="relu")
            self.drop = layers.Dropout(0.5)
            self.head = layers.Dense(1, activation="sigmoid")

        def call(self, x, training=False):
            return self.head(self.drop(self.hidden(x), training=training))

    fc.utils.set_random_seed(0)
    model = Net(8)
    model.compile("sgd", "binary_crossentropy", ["accuracy"])
    x = numbers(64, 5)
    history = model.fit(x, (x[:, 0] > 0).astype(int), epochs=2, verbose=0).history
    assert list(history) == ["loss", "accuracy"]
    assert len(model.trainable_weights) == 4
    assert model.predict(x).shape == (64, 1)
    assert model.name == "net"


def test_sequential_without_shape_is_built_by_data():
    model = Sequential([layers.Dense(3, activation="relu"), layers.Dense(2)])
    with pytest.raises(ShapeError) as error:
        model.input_shape  # noqa: B018
    assert str(error.value) == (
        "model 'sequential' has no input shape yet; give its first layer `input_shape=(150, 150, 3)`, or call it on data."
    )
    assert model.predict(numbers(4, 5)).shape == (4, 2)
    assert model.input_shape == (None, 5)


def test_sequential_grows_and_shrinks():
    model = Sequential()
    model.add(Input((6,)))
    model.add(layers.Dense(4))
    model.add(layers.Dense(3))
    assert model.predict(numbers(2, 6)).shape == (2, 3)
    model.pop()
    assert model.output_shape == (None, 4) and model.predict(numbers(2, 6)).shape == (2, 4)
    model.add(layers.Dense(5))
    assert model.predict(numbers(2, 6)).shape == (2, 5)


def test_pictures_of_any_size():
    x = Input((None, None, 3))
    y = layers.Conv2D(4, 3, strides=2, padding="same")(x)
    model = Model(x, layers.GlobalAveragePooling2D()(y))
    assert model.predict(numbers(1, 9, 12, 3)).shape == model.predict(numbers(1, 30, 7, 3)).shape == (1, 4)


def test_bytes_are_cast_to_the_model_s_dtype():
    model = Sequential([layers.Rescaling(1 / 255, input_shape=(4, 4, 1)), layers.Flatten()])
    bytes_ = np.arange(16, dtype="uint8").reshape(1, 4, 4, 1)
    np.testing.assert_array_equal(model.predict(bytes_), model.predict(bytes_.astype("float32")))
    np.testing.assert_array_equal(
        model.predict(bytes_.astype("int16")), model.predict(bytes_.astype("float64"))
    )


@pytest.mark.parametrize("dtype", [">f4", ">f8", ">i2", ">i4", ">i8"])
def test_arrays_in_the_other_byte_order(dtype):
    x = np.arange(12).reshape(3, 4)
    model = Sequential([layers.Dense(2, input_shape=(4,))])
    assert (model.predict(x.astype(dtype)) == model.predict(x.astype("float32"))).all()
    assert (np.asarray(model(x.astype(dtype))) == np.asarray(model(x.astype("float32")))).all()


def test_one_channel_may_be_left_out():
    model = Sequential([layers.Conv2D(2, 3, input_shape=(8, 8, 1))])
    x = numbers(2, 8, 8)
    np.testing.assert_array_equal(model.predict(x), model.predict(x[..., None]))


def test_any_batch_gives_the_same_bits():
    model = Sequential(
        [
            layers.Conv2D(8, 3, activation="relu", input_shape=(20, 20, 3)),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    x = numbers(40, 20, 20, 3)
    whole = model.predict(x, batch_size=40)
    assert (model.predict(x, batch_size=7) == whole).all()
    assert all((model.predict(x[i : i + 1]) == whole[i]).all() for i in range(40))
    assert (np.asarray(model(x)) == whole).all()


def test_summary_looks_like_this():
    model = Sequential(
        [layers.Conv2D(4, 3, input_shape=(8, 8, 1)), layers.Flatten(), layers.Dense(2)], name="small"
    )
    model.layers[0].trainable = False
    lines = []
    model.summary(print_fn=lines.append, batch_size=10, show_trainable=True)
    # Implementations differ in their workspace.
    lines[-1] = re.sub(r"[\d.]+ [KM]?B (to \w+)", r"some \1", lines[-1])
    assert "\n".join(lines) == (
        'Model: "small"\n'
        "_____________________________________________\n"
        "Layer (type)       Output Shape       Param #\n"
        "=============================================\n"
        "conv2d (Conv2D)    (n, 6, 6, 4)            40  frozen\n"
        "flatten (Flatten)  (n, 144)                 0\n"
        "dense (Dense)      (n, 2)                 290\n"
        "=============================================\n"
        "Total params: 330 (1.3 KB)\n"
        "Trainable params: 290\n"
        "Non-trainable params: 40\n"
        "Activations of a batch of 10: 11.6 KB\n"
        "Memory for a batch of 10, weights included: some to train, some to predict"
    )


def taken(compiled):
    """What a plan and its variables take."""
    plan = compiled.description
    return compiled.device.needed_bytes(plan) + plan.bytes_in("variable")


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_summary_s_memory_is_that_of_the_plans(optimizer):
    model = Sequential(
        [
            layers.Conv2D(8, 3, activation="relu", input_shape=(40, 40, 3)),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(16, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    x, y = numbers(20, 40, 40, 3), np.arange(20) % 2
    model.train_on_batch(x, y)
    model.predict(x)
    (train,) = model._step("train", (1, 1, 0, None))._plans.values()
    (predict,) = model._functions["array"]._plans.values()
    gc.collect()
    before = _core.allocated_bytes()
    told = dict(_peaks(model, 20))
    gc.collect()
    assert _core.allocated_bytes() == before
    assert told["to predict"] == taken(predict)
    assert abs(told["to train"] / taken(train) - 1) < 0.01  # the loss's own few numbers


def test_summary_s_memory_before_compile():
    """The optimiser is not known then; where a map of a convolution is largest, it is all the same."""
    model = Sequential(
        [
            layers.Conv2D(8, 3, activation="relu", input_shape=(60, 60, 3)),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    told = dict(_peaks(model, 20))
    model.compile("rmsprop", "binary_crossentropy")
    model.train_on_batch(numbers(20, 60, 60, 3), np.arange(20) % 2)
    (train,) = model._step("train", (1, 1, 0, None))._plans.values()
    assert abs(told["to train"] / taken(train) - 1) < 0.01


def test_summary_of_a_frozen_model_and_of_sizes_that_are_not_known():
    model = Sequential([layers.Dense(2, input_shape=(3,))])
    model.trainable = False
    lines = []
    model.summary(print_fn=lines.append)
    assert (
        lines[-1].startswith("Memory for a batch of 32, weights included: ") and "to train" not in lines[-1]
    )
    anything = Sequential([layers.Conv2D(2, 3, input_shape=(None, None, 3))])
    anything.summary(print_fn=lines.append)
    assert lines[-1] == "Non-trainable params: 0"


def test_nested_summary_shows_the_inner_layers():
    base = Sequential([layers.Dense(4, input_shape=(3,), name="inner")], name="base")
    model = Sequential([base, layers.Dense(1)])
    lines = []
    model.summary(print_fn=lines.append, nested=True)
    assert any(line.startswith("  inner (Dense)") for line in lines)


# Messages


def message(error):
    return str(error.value)


def test_unknown_layer_names_the_nearest():
    base = Sequential([layers.Dense(4, input_shape=(3,), name="block5_conv3")], name="vgg16")
    model = Sequential([base, layers.Dense(1)])
    assert model.get_layer("block5_conv3") is base.layers[0]
    assert model.get_layer(index=0) is base
    with pytest.raises(ArgumentError) as error:
        model.get_layer("block5_con3")
    assert message(error) == "get_layer('block5_con3'): no such layer; nearest 'block5_conv3' in 'vgg16'."


def test_one_name_twice():
    model = Sequential([layers.Dense(4, input_shape=(3,), name="conv1")], name="m")
    other = layers.Dense(4, name="conv1")
    lines = [model.layers[0]._made_at[1], other._made_at[1]]
    with pytest.raises(ArgumentError) as error:
        model.add(other)
    assert message(error) == (
        "model 'm': expected a name of its own for each layer; came two layers 'conv1' "
        f"(test_functional.py:{lines[0]}, test_functional.py:{lines[1]}). Rename one."
    )


def test_outputs_need_all_their_inputs():
    a, b = Input((4,), name="a"), Input((4,), name="b")
    with pytest.raises(ArgumentError) as error:
        Model(a, layers.Add()([a, b]), name="m")
    assert message(error) == (
        "model 'm': its outputs depend on input 'b' (None, 4), which is not among its inputs. "
        "Add it to inputs=, or build the outputs from the inputs given."
    )


@pytest.mark.parametrize(
    ("came", "text"),
    [
        ((1, 224, 224, 3), "(1, 224, 224, 3). Resize to 150x150 (`target_size=(150, 150)`)."),
        ((150, 150, 3), "(150, 150, 3). One picture: `x[None]`."),
        ((2, 150, 150), "(2, 150, 150). Grey? `np.repeat(x[..., None], 3, -1)`."),
        ((2, 3, 150, 150), "(2, 3, 150, 150): channels come last here. `np.moveaxis(x, 1, -1)`."),
        (
            (2, 150, 150, 4),
            "(2, 150, 150, 4): 4 channels, the last is alpha. `x[..., :3]` or `color_mode='rgb'`.",
        ),
        (
            (2, 150, 150, 1),
            "(2, 150, 150, 1): the pictures are grey. `color_mode='rgb'` or `np.repeat(x, 3, -1)`.",
        ),
    ],
    ids=["other size", "batch axis missing", "channel axis missing", "channels first", "alpha", "grey"],
)
def test_pictures_that_do_not_fit(came, text):
    model = Sequential([layers.Flatten(input_shape=(150, 150, 3)), layers.Dense(1)], name="m")
    with pytest.raises(ShapeError) as error:
        model.predict(np.zeros(came, "float32"))
    assert message(error) == f"model 'm': expected (n, 150, 150, 3); came {text}"


def test_pictures_into_a_model_of_rows():
    model = Sequential([layers.Dense(1, input_shape=(784,))], name="m")
    with pytest.raises(ShapeError) as error:
        model.predict(np.zeros((2, 28, 28), "float32"))
    assert message(error) == (
        "model 'm': expected (n, 784); came (2, 28, 28). The model begins with Dense: flatten the pictures, "
        "`x.reshape(len(x), -1)`."
    )


def test_not_a_layer():
    with pytest.raises(
        ArgumentError, match=r"model 'm': expected a layer; came <class '.*Dense'>\. Write add\(Dense"
    ):
        Sequential(name="m").add(layers.Dense)


def test_a_class_without_call():
    class Net(Model):
        pass

    model = Net(name="m")
    with pytest.raises(
        ArgumentError, match=r"model 'm' \(test_functional\.py:\d+\): Net has neither call\(\) nor"
    ):
        model.predict(np.zeros((1, 3), "float32"))


def test_a_dict_of_outputs_names_them():
    x = Input((4,))
    model = Model(x, {"one": layers.Dense(1, name="a")(x), "two": layers.Dense(2, name="b")(x)})
    assert model.output_names == ["one", "two"]
    model.compile("sgd", {"one": "mse", "two": "mae"}, metrics={"two": ["mse"]})
    inputs = numbers(8, 4)
    labels = {"one": inputs[:, :1], "two": inputs[:, :2]}
    history = model.fit(inputs, labels, verbose=0).history
    assert sorted(history) == ["loss", "one_loss", "two_loss", "two_mse"]
    assert sorted(model.predict(inputs)) == ["one", "two"]


def test_a_class_of_one_s_own_gets_inputs_as_they_were_given():
    class ByName(Model):
        def __init__(self):
            super().__init__()
            self.one, self.two = layers.Dense(1), layers.Dense(2)

        def call(self, inputs):
            x = inputs["left"] + inputs["right"]
            return self.one(x), self.two(x)

    model = ByName()
    x = {"right": numbers(8, 4), "left": numbers(8, 4)}
    y = [numbers(8, 1), numbers(8, 2)]
    model.compile("sgd", ["mse", "mse"])
    assert model.fit(x, y, verbose=0).history["loss"]
    assert [part.shape for part in model.predict(x)] == [(8, 1), (8, 2)]
    model.train_on_batch(x, y)
    assert model.evaluate(x, y, verbose=0) and model.predict_on_batch(x)[0].shape == (8, 1)

    class ByPlace(Model):
        def __init__(self):
            super().__init__()
            self.one = layers.Dense(1)

        def call(self, inputs):
            return self.one(inputs[0] + inputs[1])

    listed = ByPlace()
    listed.compile("sgd", "mse")
    assert listed.fit([x["left"], x["right"]], y[0], verbose=0).history["loss"]


def test_inputs_by_name_go_by_name():
    """In any order of a dict, for training and validation, from arrays and from generators."""

    class Sum(Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1, kernel_initializer="ones", use_bias=False)

        def call(self, inputs):
            return self.dense(inputs["a"] + inputs["b"] * 10.0)

    a = np.ones((4, 1), np.float32)
    one, other, y = {"a": a, "b": 2 * a}, {"b": 2 * a, "a": a}, 21 * a
    model = Sum()
    model.compile(fc.optimizers.SGD(0.0), "mse")
    for training, validation in (((one, y), (other, y)), ((other, y), iter([(one, y)]))):
        found = model.fit(*training, validation_data=validation, verbose=0).history
        assert found["loss"] == found["val_loss"] == [0.0]
    assert model.fit(iter([(other, y)]), verbose=0).history["loss"] == [0.0]
    assert model.evaluate(one, y, verbose=0) == model.evaluate(other, y, verbose=0) == 0.0
    assert model.train_on_batch(other, y) == 0.0
    assert model.predict({"b": [[2.0], [0.0]], "a": [[1.0], [3.0]]}).tolist() == [[21.0], [3.0]]
