"""What all layers share: names, weights, trainable, calls on symbols and arrays, messages."""

import json

import numpy as np
import pytest

import fastconv as fc
from fastconv import Input, Model, Sequential, layers
from fastconv.layers import naming
from fastconv.runtime.errors import ArgumentError, FastconvWarning, OutOfMemory, ShapeError

HERE = "test_layer.py"


def line_of(function):
    """Number of the line of `function` that holds the mark `# here`."""
    import inspect

    lines, first = inspect.getsourcelines(function)
    return first + next(i for i, line in enumerate(lines) if "# here" in line)


def message(error):
    return str(error.value)


@pytest.fixture(autouse=True)
def fresh_names():
    naming.clear_names()


def test_names_are_counted_as_keras_counts_them():
    made = [layers.Conv2D(4, 3), layers.Conv2D(4, 3), layers.MaxPooling2D(), layers.ReLU(), Sequential()]
    assert [layer.name for layer in made] == ["conv2d", "conv2d_1", "max_pooling2d", "re_lu", "sequential"]
    naming.clear_names()
    assert layers.Conv2D(4, 3).name == "conv2d"


def test_weights_in_order_with_names():
    model = Sequential([layers.Conv2D(4, 3, input_shape=(8, 8, 3)), layers.Flatten(), layers.Dense(2)])
    assert [v.name for v in model.weights] == ["conv2d/kernel", "conv2d/bias", "dense/kernel", "dense/bias"]
    assert [w.shape for w in model.get_weights()] == [(3, 3, 3, 4), (4,), (144, 2), (2,)]
    assert model.count_params() == 112 + 290


def test_set_weights_is_all_or_nothing():
    dense = layers.Dense(2, input_shape=(3,))
    Sequential([dense])
    before = dense.get_weights()
    with pytest.raises(ShapeError) as error:
        dense.set_weights([np.ones((3, 2)), np.ones(3)])
    assert message(error) == (
        "set_weights of 'dense': 'dense/bias' expects (2,); came (3,). Nothing was changed. "
        "Was the other model made for another input size?"
    )
    assert all((a == b).all() for a, b in zip(before, dense.get_weights(), strict=True))
    with pytest.raises(ShapeError) as error:
        dense.set_weights([np.ones((3, 2))])
    assert message(error) == (
        "set_weights of 'dense': expected 2 arrays; came 1. Take them from get_weights() of a model with the same layers."
    )


def test_trainable_reaches_inner_layers():
    base = Sequential([layers.Dense(4, input_shape=(3,)), layers.Dense(4)], name="base")
    model = Sequential([base, layers.Dense(1)])
    assert len(model.trainable_weights) == 6
    base.trainable = False
    assert not base.layers[0].trainable
    assert [v.name for v in model.trainable_weights] == ["dense_2/kernel", "dense_2/bias"]
    assert len(model.non_trainable_weights) == 4
    base.layers[1].trainable = True  # inside a frozen model nothing is trained, as in Keras
    assert len(model.trainable_weights) == 2
    base.trainable = True
    assert len(model.trainable_weights) == 6


def test_symbols_and_arrays_give_the_same_bits():
    x = np.random.default_rng(0).standard_normal((3, 9, 9, 2)).astype("float32")
    conv = layers.Conv2D(4, 3, activation="relu")
    at_once = conv(x)
    traced = fc.function(lambda s: conv(s))(x)
    assert isinstance(at_once, fc.Array)
    assert at_once.numpy().tobytes() == traced.numpy().tobytes()


def test_a_layer_of_ones_own():
    class Scale(layers.Layer):
        def __init__(self, first=1.0, **kwargs):
            super().__init__(**kwargs)
            self.first = first

        def build(self, input_shape):
            self.factor = self.add_weight(
                name="factor", shape=(input_shape[-1],), initializer=fc.initializers.Constant(self.first)
            )

        def call(self, x):
            return x * self.factor

    fc.testing.check_layer(Scale, {"first": 2.0}, (5,))
    scale = Scale(3.0)
    assert scale(np.ones((2, 5), "float32")).numpy().tolist() == [[3.0] * 5] * 2
    assert json.loads(json.dumps(scale.get_config()))["first"] == 3.0


def test_a_block_of_layers_trains_its_inner_weights():
    class Block(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = [layers.Dense(4, activation="relu"), layers.Dense(4)]

        def call(self, x):
            for layer in self.inner:
                x = layer(x)
            return x

    block = Block()
    block(np.ones((1, 3), "float32"))
    assert len(block.trainable_weights) == 4
    fc.testing.check_layer(Block, {}, (3,))


def test_training_argument_reaches_inner_layers():
    class Noisy(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.drop = layers.Dropout(0.5)

        def call(self, x, training=None):
            return self.drop(x)

    x = np.ones((4, 100), "float32")
    noisy = Noisy()
    assert (noisy(x).numpy() == 1).all()
    dropped = noisy(x, training=True).numpy()
    assert set(np.unique(dropped)) == {0.0, 2.0}
    assert (noisy(x, training=True).numpy() != dropped).any()  # the next call draws anew


def test_dropout_of_a_seed_is_the_same_whatever_the_names():
    def masks():
        fc.utils.set_random_seed(3)
        return [layers.Dropout(0.5)(np.ones((2, 50), "float32"), training=True).numpy() for _ in range(2)]

    first, second = masks(), masks()
    assert (first[0] == second[0]).all() and (first[1] == second[1]).all()
    assert (first[0] != first[1]).any()


def test_dropout_asked_for_in_inference_stays():
    x = Input((50,))
    model = Model(x, layers.Dropout(0.5)(x, training=True))
    assert (model.predict(np.ones((2, 50), "float32")) == 0).any()


def test_convolution2d_means_what_keras_2_meant():
    with pytest.warns(FastconvWarning) as caught:
        layer = layers.Convolution2D(32, 3, 3, border_mode="same", input_shape=(8, 8, 3))  # here
    line = line_of(test_convolution2d_means_what_keras_2_meant)
    assert str(caught[0].message) == (
        f"Convolution2D(32, 3, 3) at {HERE}:{line}: taken as Keras 1 and 2 meant it, a 3x3 kernel (Keras 3: stride 3). "
        "Write Conv2D(32, (3, 3))."
    )
    assert (layer.kernel_size, layer.strides, layer.padding) == ((3, 3), (1, 1), "same")


def test_conv2d_with_three_numbers_has_a_stride_and_a_warning():
    with pytest.warns(FastconvWarning) as caught:
        layer = layers.Conv2D(32, 3, 3)  # here
    line = line_of(test_conv2d_with_three_numbers_has_a_stride_and_a_warning)
    assert str(caught[0].message) == (
        f"Conv2D(32, 3, 3) at {HERE}:{line}: taken as in Keras 3, a 3x3 kernel with stride 3. If a 3x3 kernel was meant, "
        "write Conv2D(32, (3, 3)); if the stride, write strides=3."
    )
    assert layer.strides == (3, 3)
    layers.Conv2D(32, 3, strides=3)  # said by name: no warning


def test_old_argument_names():
    layer = layers.Conv2D(
        nb_filter=4, kernel_size=3, subsample=(2, 2), border_mode="same", init="he_normal", bias=False
    )
    assert (layer.filters, layer.strides, layer.padding, layer.use_bias) == (4, (2, 2), "same", False)
    assert layers.Dense(output_dim=3, input_dim=5).batch_input_shape == (None, 5)
    assert layers.Dropout(p=0.25).rate == 0.25


def test_explicit_padding_in_pixels():
    x = np.ones((1, 5, 5, 1), "float32")
    assert layers.Conv2D(1, 3, padding=1)(x).shape == (1, 5, 5, 1)
    assert layers.Conv2D(1, 3, padding=((2, 0), (1, 1)))(x).shape == (1, 5, 5, 1)


def test_operators_between_layers_become_layers():
    x = Input((4,))
    model = Model(x, layers.Dense(2)(x * 2.0 + 1.0))
    assert [type(layer).__name__ for layer in model.layers] == [
        "InputLayer",
        "Operation",
        "Operation",
        "Dense",
    ]
    again = Model.from_config(json.loads(json.dumps(model.get_config())))
    again.set_weights(model.get_weights())
    feed = np.arange(8, dtype="float32").reshape(2, 4)
    assert (again.predict(feed) == model.predict(feed)).all()


# Messages


HUGE = 1 << 40


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: layers.Dense(HUGE), "Dense: expected units"),
        (lambda: layers.Dense(2, input_shape=(HUGE,)), "Dense: expected a shape with sizes"),
        (lambda: layers.Dense(2, input_dim=HUGE), "Dense: expected a shape with sizes"),
        (lambda: layers.Conv2D(HUGE, 3), "Conv2D: expected filters"),
        (lambda: layers.Conv2D(2, HUGE), "kernel_size: expected numbers"),
        (lambda: layers.Conv2D(2, 3, (1, HUGE)), "strides: expected numbers"),
        (lambda: layers.Conv2D(2, 3, dilation_rate=HUGE), "dilation_rate: expected numbers"),
        (lambda: layers.Conv2D(2, 3, padding=HUGE), "padding: expected numbers"),
        (lambda: layers.Conv2D(2, 3, padding=((0, HUGE), 0)), "padding: expected numbers"),
        (lambda: layers.MaxPooling2D(HUGE), "pool_size: expected numbers"),
        (lambda: Input((HUGE, HUGE, 3)), "Input: expected a shape with sizes"),
        (lambda: Input(batch_shape=(None, HUGE)), "Input: expected a shape with sizes"),
        (lambda: Input((4,), batch_size=HUGE), "Input: expected batch_size"),
    ],
)
def test_numbers_that_no_kernel_counts_to(make, what):
    with pytest.raises(ArgumentError) as error:
        make()
    assert message(error) == f"{what} of at most 2147483647; came 1099511627776. Choose a smaller number."


@pytest.mark.parametrize("shape", [(-1, 3), ("a",), (4.5,), 2.0])
def test_shape_of_no_sizes(shape):
    for name, make in (
        ("Input", lambda: Input(shape)),
        ("Flatten", lambda: layers.Flatten(input_shape=shape)),
    ):
        with pytest.raises(ArgumentError) as error:
            make()
        assert message(error) == (
            f"{name}: expected a shape of whole numbers, None for an axis that may vary; came {shape!r}. A picture's is "
            "(height, width, channels)."
        )


@pytest.mark.parametrize("shape", [4, ("a",), (2.5, 2), (-1, -1), (0, -1), (-2, 2)])
def test_target_shape_of_no_sizes(shape):
    with pytest.raises(ArgumentError) as error:
        layers.Reshape(shape)
    assert message(error) == (
        "Reshape: expected target_shape to be whole numbers from 1 up, one of them perhaps -1; came "
        f"{shape!r}. Write Reshape((28, 28, 1))."
    )


def test_weights_that_no_memory_holds():
    def full(shape, dtype):
        raise MemoryError

    for layer, text in (
        (
            layers.Conv2D(2, (1 << 31) - 1, padding="same", name="c"),
            "'kernel' of shape (2147483647, 2147483647, 3, 2) wants 110,680,464,339,178,094,616 bytes",
        ),
        (
            layers.Dense(2, kernel_initializer=full, name="c"),
            "'kernel' of shape (3, 2) wants 24 bytes",
        ),
    ):
        with pytest.raises(OutOfMemory) as error:
            layer(np.zeros((1, 4, 4, 3), "f4"))
        assert message(error).startswith("layer 'c' (")
        assert message(error).endswith(
            f": its weight {text}, more than can be had. Use fewer units or channels, or a smaller input."
        )


@pytest.mark.parametrize("dtype", ["float64", "float16", "mixed_float16", np.float16, {"name": "float32"}])
def test_dtype_of_a_layer_with_weights(dtype):
    for make in (lambda: layers.Dense(2, dtype=dtype), lambda: layers.Conv2D(2, 3, dtype=dtype)):
        with pytest.raises(ArgumentError) as error:
            make()
        assert message(error).split(": ", 1)[1] == (
            f"expected dtype to be 'float32'; came {dtype!r}. Leave it out: layers compute in float32, and other data is "
            "cast to it. For the tensor cores of a GPU call fastconv.set_precision('tf32')."
        )


def test_dtype_of_a_layer_without():
    assert layers.Flatten(dtype="uint8").dtype == "uint8"
    with pytest.raises(ArgumentError) as error:
        layers.Flatten(dtype="bfloat16")
    assert message(error).startswith(
        "Flatten: expected dtype to be 'float32' or 'float64' or 'int32' or 'int64' or 'uint8' or 'bool'; came 'bfloat16'."
    )


def test_unknown_argument():
    with pytest.raises(ArgumentError) as error:
        layers.Dropout(0.5, axis=1)
    assert message(error) == (
        "Dropout: expected arguments of rate, noise_shape, seed; came axis. Check the spelling."
    )
    with pytest.raises(ArgumentError) as error:
        layers.Dropout(0.5, sead=1)
    assert message(error) == (
        "Dropout: expected arguments of rate, noise_shape, seed; came sead. Did you mean 'seed'?"
    )
    with pytest.raises(ArgumentError, match=r"came inputshape\. Did you mean 'input_shape'\?$"):
        layers.Flatten(inputshape=(3,))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: layers.Dropout(1.5),
            "Dropout: expected a rate from 0 up to below 1; came 1.5. 0.5 is usual.",
        ),
        (
            lambda: layers.Dropout("half"),
            "Dropout: expected a rate from 0 up to below 1; came 'half'. 0.5 is usual.",
        ),
        (lambda: layers.Dense(0), "Dense: expected units to be a whole number from 1 up; came 0."),
        (
            lambda: layers.Conv2D(6, 3, groups=4),
            "Conv2D: expected filters that groups divide; came filters=6, groups=4.",
        ),
        (
            lambda: layers.Conv2D(6, (3, 3, 3)),
            "kernel_size: expected a whole number, or two: (rows, columns); came (3, 3, 3).",
        ),
        (
            lambda: layers.MaxPooling2D((2, 0)),
            "pool_size: expected numbers from 1 up; came (2, 0).",
        ),
        (
            lambda: layers.Conv2D(6, 3, data_format="channels_first"),
            "data_format: expected 'channels_last', the only layout here; came 'channels_first'. Turn pictures with "
            "np.moveaxis(x, 1, -1) and drop the argument.",
        ),
        (
            lambda: layers.Dense(6, kernel_regularizer="l2"),
            "kernel_regularizer: expected None, since regularisers and constraints are not supported yet; came 'l2'. "
            "Drop the argument; Dropout is the way to less overfitting here.",
        ),
    ],
    ids=lambda value: "" if callable(value) else value.split(":")[0],
)
def test_bad_arguments(make, text):
    with pytest.raises(ArgumentError) as error:
        make()
    assert message(error) == text


def test_too_many_poolings():
    model = Sequential(name="m")
    model.add(layers.Conv2D(4, (3, 3), input_shape=(34, 34, 3)))
    for _ in range(5):
        model.add(layers.MaxPooling2D((2, 2)))
    with pytest.raises(ShapeError) as error:
        model.add(layers.MaxPooling2D((2, 2)))  # here
    line = line_of(test_too_many_poolings)
    assert message(error) == (
        f"layer 'max_pooling2d_5' ({HERE}:{line}) of model 'm': window 2x2, but 1x1 arrives: 34, 32, 16, 8, 4, 2, 1. "
        "Remove one pooling or enlarge the input."
    )
    frames = [
        frame for frame in error.traceback if "fastconv" in str(frame.path) and HERE not in str(frame.path)
    ]
    assert len(frames) == 1, "one frame of ours, for all that lies between"


def test_kernel_larger_than_the_picture():
    x = Input((4, 4, 3))
    with pytest.raises(ShapeError) as error:
        layers.Conv2D(8, 7)(x)  # here
    line = line_of(test_kernel_larger_than_the_picture)
    assert message(error) == (
        f"layer 'conv2d' ({HERE}:{line}): kernel 7x7 on 4x4. Use padding='same', a smaller kernel, or a larger input."
    )


def test_kernel_larger_when_dilated():
    with pytest.raises(ShapeError, match=r"kernel 3x3 on 6x6\. Use padding"):
        layers.Conv2D(8, 3, dilation_rate=3)(np.ones((1, 6, 6, 1), "float32"))


def test_convolution_behind_flatten():
    with pytest.raises(ShapeError) as error:
        Sequential([layers.Flatten(input_shape=(4, 4, 3)), layers.Conv2D(8, 3)], name="m")  # here
    line = line_of(test_convolution_behind_flatten)
    assert message(error) == (
        f"layer 'conv2d' ({HERE}:{line}) of model 'm': expected pictures (batch, height, width, channels); came "
        "(None, 48). Put it before Flatten()."
    )


def test_other_channels_than_the_weights():
    conv = layers.Conv2D(8, 3)
    conv(np.ones((1, 8, 8, 3), "float32"))
    line = conv._made_at[1]
    with pytest.raises(ShapeError) as error:
        conv(np.ones((1, 8, 8, 1), "float32"))
    assert message(error) == (
        f"layer 'conv2d' ({HERE}:{line}): expected 3 channels on the last axis; came (1, 8, 8, 1). "
        "The pictures are grey. Load them with color_mode='rgb', or make the model for (8, 8, 1)."
    )


def test_sum_of_unlike_maps():
    a, b = Input((8, 8, 64)), Input((8, 8, 256))
    with pytest.raises(ShapeError) as error:
        layers.add([a, b])
    assert message(error).endswith(
        "expected like shapes; came (None, 8, 8, 64) and (None, 8, 8, 256). Put a 1x1 Conv2D(256) on the shortcut."
    )


def test_reshape_to_another_size():
    with pytest.raises(
        ShapeError, match=r"expected 10 elements a sample for \(2, 5\); came 12 in \(None, 12\)"
    ):
        layers.Reshape((2, 5))(Input((12,)))


def test_flatten_of_unknown_sizes():
    with pytest.raises(
        ShapeError, match=r"expected known sizes; came \(None, None, None, 3\)\. Give the model's input"
    ):
        layers.Flatten()(Input((None, None, 3)))


def test_a_symbol_is_no_number():
    with pytest.raises(TypeError, match="has no value yet"):
        bool(Input((3,)))


def test_a_build_that_failed_is_done_again():
    class Fragile(layers.Layer):
        memory = 1

        def build(self, input_shape):
            self.first = self.add_weight((2,), "zeros", name="first")
            self.memory -= 1
            if self.memory == 0:
                raise MemoryError
            self.second = self.add_weight((3,), "ones", name="second")

        def call(self, x):
            return x

    layer = Fragile()
    with pytest.raises(MemoryError):
        layer(np.ones((1, 2), "f4"))
    layer(np.ones((1, 2), "f4"))
    assert [w.shape for w in layer.weights] == [(2,), (3,)]


def test_add_loss_is_told():
    with pytest.raises(ArgumentError) as error:
        layers.Dense(3, name="d").add_loss(1.0)
    assert str(error.value) == (
        "layer 'd': add_loss is not supported. Return what the loss needs as another output of the model, and give compile "
        "a loss for it."
    )


def test_inputs_by_name():
    x = np.ones((2, 3), "float32")
    dense = layers.Dense(4)
    assert (dense(inputs=x).numpy() == dense(x).numpy()).all()
    assert layers.Dense(4)(inputs=Input((3,))).shape == (None, 4)
