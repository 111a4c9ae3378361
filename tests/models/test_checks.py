"""What `fit` says about data, loss and last layer that do not fit each other.  Messages are compared whole."""

import types
import warnings

import numpy as np
import pytest

from fastconv.models.checks import check_fit, split_batch
from fastconv.models.output_checks import activation_name
from fastconv.primitives.base import Spec
from fastconv.runtime.errors import DataError, FastconvWarning, ShapeError


def layer_of(kind, name, activation=None):
    made = type(kind, (), {})()
    made.name = name
    if activation is not None:
        made.activation = activation
    return made


def loss_of(name, family, from_logits=False):
    return types.SimpleNamespace(name=name, family=family, from_logits=from_logits)


BINARY = loss_of("binary_crossentropy", "binary")
CATEGORICAL = loss_of("categorical_crossentropy", "categorical")
SPARSE = loss_of("sparse_categorical_crossentropy", "sparse")
MSE = loss_of("mean_squared_error", "regression")


class Model:
    name = "cats"

    def __init__(self, *layers):
        self.layers = layers


def check(y, loss, units=1, activation="sigmoid", x=None, output=None, **keywords):
    y = np.asarray(y) if not isinstance(y, list) else y
    x = np.zeros((len(y), 4), np.float32) if x is None else x
    last = layer_of("Dense", "dense_2", activation)
    spec = Spec("float32", output or (None, units))
    model = Model(layer_of("MaxPooling2D", "max_pooling2d_4"), last)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_fit(model, x, y, None, loss, spec, last, **keywords)
    assert all(w.category is FastconvWarning for w in caught)
    return [str(w.message) for w in caught]


def one_hot(labels, classes):
    return np.eye(classes, dtype=np.float32)[labels]


def refused(error, message, *arguments, **keywords):
    with pytest.raises(error) as caught:
        check(*arguments, **keywords)
    assert str(caught.value) == message


class TestAccepted:
    """What is right is silent."""

    @pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "bool"])
    @pytest.mark.parametrize("shape", [(4,), (4, 1)])
    def test_binary(self, dtype, shape):
        assert check(np.array([0, 1, 1, 0], dtype).reshape(shape), BINARY) == []

    def test_categorical(self):
        assert check(one_hot([0, 2, 1], 3), CATEGORICAL, 3, "softmax") == []

    def test_categorical_smoothed(self):
        assert check(one_hot([0, 2, 1], 3) * 0.9 + 0.033, CATEGORICAL, 3, "softmax") == []

    @pytest.mark.parametrize("y", [[0, 4, 2], [[0], [4], [2]], [0.0, 4.0, 2.0]])
    def test_sparse(self, y):
        assert check(np.array(y), SPARSE, 5, "softmax") == []

    def test_a_list_of_labels_is_one_array(self):
        assert check([0, 1, 1], BINARY) == []
        assert check(list(np.array([0, 1, 1])), BINARY) == []

    def test_regression(self):
        assert check(np.array([0.5, 2.5]), MSE, 1, "linear") == []

    def test_several_labels_at_once(self):
        y = np.array([[1, 1, 0], [0, 0, 0], [0, 1, 0]])
        assert check(y, BINARY, 3, "sigmoid") == []

    def test_from_logits(self):
        loss = loss_of("binary_crossentropy", "binary", from_logits=True)
        assert check(np.array([0, 1]), loss, 1, "linear") == []

    def test_a_loss_of_the_users_own(self):
        assert check(np.array([3, 7]), lambda y_true, y_pred: y_pred, 4, "linear") == []

    def test_masks(self):
        y = np.zeros((2, 4, 4, 1), np.uint8)
        assert check(y, BINARY, output=(None, 4, 4, 1)) == []
        assert check(y, SPARSE, activation="softmax", output=(None, 4, 4, 3)) == []


class TestSamples:
    def test_other_length(self):
        refused(
            DataError,
            "fit: expected as many samples everywhere; x has 2,000 samples, y 1,990. Give each image its own entry.",
            np.zeros(1990),
            BINARY,
            x=np.zeros((2000, 4), np.float32),
        )

    def test_nan(self):
        x = np.zeros((5, 2, 2, 3), np.float32)
        x[3, 0] = np.nan
        refused(
            DataError,
            "fit: expected finite numbers in x; x[3] ('cats/3.jpg') holds 6 NaN. "
            "Remove the sample, or find out where it became so (a division by 0 in the rescaling?).",
            np.zeros(5),
            BINARY,
            x=x,
            files=[f"cats/{i}.jpg" for i in range(5)],
        )

    def test_infinite_in_a_late_chunk(self, monkeypatch):
        monkeypatch.setattr("fastconv.models.checks._CHUNK_BYTES", 64)
        x = np.zeros((50, 4), np.float32)
        x[41, 2] = -np.inf
        refused(
            DataError,
            "fit: expected finite numbers in x; x[41] holds 1 infinite values. "
            "Remove the sample, or find out where it became so (a division by 0 in the rescaling?).",
            np.zeros(50),
            BINARY,
            x=x,
        )

    def test_large_numbers_are_finite(self):
        x = np.full((4, 4), 3e38, np.float32)
        assert check(np.zeros(4), BINARY, x=x) == []

    def test_images_of_several_sizes(self):
        x = np.empty(3, object)
        x[:] = [np.zeros((2, 2)), np.zeros((3, 2)), np.zeros((2, 2))]
        message = (
            "fit: expected x to be one array of images of one size; came dtype object, images of 2 sizes. "
            "Resize them, e.g. load_img(path, target_size=(150, 150))."
        )
        refused(DataError, message, np.zeros(3), BINARY, x=x)
        refused(
            DataError,
            message.replace("dtype object, images", "a list of images"),
            np.zeros(3),
            BINARY,
            x=list(x),
        )

    def test_generator_without_labels(self):
        with pytest.raises(DataError) as caught:
            split_batch(np.zeros((20, 150, 150, 3)))
        assert str(caught.value) == (
            "fit: expected a generator that yields (x, y) or (x, y, weights); it yielded one array (20, 150, 150, 3). "
            "Labels are missing: with flow_from_directory use class_mode='binary' or 'categorical'."
        )

    def test_generator_of_tuples_of_its_own(self):
        class Batch(tuple):
            pass

        with pytest.raises(DataError, match=r"it yielded a tuple of 1\. Labels are missing"):
            split_batch(Batch((np.zeros(3),)))

    def test_generator_with_weights(self):
        assert split_batch((1, 2, 3)) == (1, 2, 3)
        assert split_batch((1, 2)) == (1, 2, None)


class TestLabels:
    def test_text(self):
        refused(
            DataError,
            "fit: expected y to hold numbers; came text ('cat', 'dog'). Map them: np.unique(y, return_inverse=True)[1].",
            np.array(["cat", "dog", "cat"]),
            BINARY,
        )

    def test_one_hot_for_one_unit(self):
        refused(
            DataError,
            "fit: expected labels (n, 1), as layer 'dense_2' has 1 unit; labels are one-hot of 2. "
            "Either class_mode='binary' (labels y.argmax(-1)), or Dense(2, activation='softmax') with "
            "loss='categorical_crossentropy'.",
            one_hot([0, 1, 1], 2),
            BINARY,
        )

    def test_beyond_classes(self):
        y = np.zeros(20, int)
        y[17] = 9
        refused(
            DataError,
            "fit: expected labels 0..4, as layer 'dense_2' has 5 units; y holds 9 (sample 17). "
            "Give the layer 10 units, or correct the label.",
            y,
            SPARSE,
            5,
            "softmax",
        )

    def test_negative(self):
        refused(
            DataError,
            "fit: expected labels 0..4, as layer 'dense_2' has 5 units; y holds -1 (sample 1). Correct the label.",
            np.array([0, -1, 4]),
            SPARSE,
            5,
            "softmax",
        )

    def test_from_one(self):
        refused(
            DataError,
            "fit: expected labels 0..9, as layer 'dense_2' has 10 units; y is 1..10. Use y - 1.",
            np.arange(1, 11),
            SPARSE,
            10,
            "softmax",
        )

    def test_mask_of_255(self):
        refused(
            DataError,
            "fit: expected labels 0..1, as layer 'dense_2' has 2 units; y holds 0 and 255. Use y // 255.",
            np.array([[[0], [255]]]),
            SPARSE,
            activation="softmax",
            output=(None, 2, 1, 2),
            x=np.zeros((1, 2)),
        )

    def test_integers_with_categorical_loss(self):
        refused(
            DataError,
            "fit: loss categorical_crossentropy expects one-hot labels (n, 10); y is integers (n,). "
            "Use sparse_categorical_crossentropy, or to_categorical(y, 10).",
            np.arange(10),
            CATEGORICAL,
            10,
            "softmax",
        )

    def test_one_hot_with_sparse_loss(self):
        refused(
            DataError,
            "fit: loss sparse_categorical_crossentropy expects integers (n,); y is one-hot (n, 10). "
            "Use categorical_crossentropy.",
            one_hot(np.arange(10), 10),
            SPARSE,
            10,
            "softmax",
        )

    def test_sparse_with_one_unit(self):
        refused(
            DataError,
            "fit: loss sparse_categorical_crossentropy expects one unit a class; layer 'dense_2' has 1 unit. "
            "Use Dense(1, activation='sigmoid') with binary_crossentropy, or Dense(2, activation='softmax').",
            np.array([0, 1]),
            SPARSE,
        )

    def test_sparse_with_fractions(self):
        refused(
            DataError,
            "fit: loss sparse_categorical_crossentropy expects whole numbers; y holds 0.5. "
            "Give the number of the class, or use mean_squared_error for quantities.",
            np.array([0, 0.5]),
            SPARSE,
            3,
            "softmax",
        )

    @pytest.mark.parametrize(
        ("labels", "came", "remedy"),
        [
            ([-1, 1], "holds -1 and 1", "Use (y + 1) / 2."),
            ([1, 2], "holds 1 and 2", "Use y - 1."),
            ([0, 255], "holds 0 and 255", "Use y // 255."),
            ([0, 3], "holds 0 and 3", "Use (y == 3)."),
            ([0.0, 0.5, 7.5], "is 0..7.5", "Rescale them to 0..1."),
            (
                [0, 1, 2],
                "is 0..2",
                "For 3 classes use Dense(3, activation='softmax') with sparse_categorical_crossentropy.",
            ),
        ],
    )
    def test_binary_range(self, labels, came, remedy):
        refused(
            DataError,
            f"fit: loss binary_crossentropy expects labels 0 and 1; y {came}. {remedy}",
            labels,
            BINARY,
        )

    def test_flatten_forgotten(self):
        refused(
            ShapeError,
            "fit: expected one output a label; the output is (n, 4, 4, 1), the labels are (n,). "
            "After 'max_pooling2d_4' add Flatten() or GlobalAveragePooling2D().",
            np.array([0, 1]),
            BINARY,
            output=(None, 4, 4, 1),
        )

    def test_number_of_units(self):
        refused(
            ShapeError,
            "fit: loss categorical_crossentropy expects labels of the output's shape (n, 5); y is (n, 3). "
            "The labels are one-hot of 3: give layer 'dense_2' 3 units.",
            one_hot([0, 1, 2], 3),
            CATEGORICAL,
            5,
            "softmax",
        )

    def test_classes_with_binary_loss(self):
        refused(
            ShapeError,
            "fit: loss binary_crossentropy expects labels of the output's shape (n, 2); y is (n,). "
            "For classes that exclude each other use softmax with sparse_categorical_crossentropy.",
            np.array([0, 1]),
            BINARY,
            2,
            "softmax",
        )


class TestLastLayer:
    def test_softmax_on_one_unit(self):
        assert check(np.array([0, 1]), BINARY, 1, "softmax") == [
            "layer 'dense_2': expected softmax over 2 or more units; it has 1 unit, whose softmax is always 1. "
            "Use activation='sigmoid'."
        ]

    def test_no_activation(self):
        assert check(np.array([0, 1]), BINARY, 1, "linear") == [
            "layer 'dense_2': loss binary_crossentropy expects numbers in 0..1; the layer has no activation and gives "
            "any number. Add activation='sigmoid', or give the loss from_logits=True."
        ]

    def test_sigmoid_and_from_logits(self):
        loss = loss_of("binary_crossentropy", "binary", from_logits=True)
        assert check(np.array([0, 1]), loss, 1, "sigmoid") == [
            "layer 'dense_2': loss binary_crossentropy with from_logits=True expects any number; the layer already "
            "applies sigmoid. Remove one of them."
        ]

    def test_softmax_with_binary_loss(self):
        assert check(one_hot([0, 1], 2), BINARY, 2, "softmax") == [
            "layer 'dense_2': loss binary_crossentropy expects independent units; softmax makes 2 that exclude each "
            "other. It works, but accuracy counts each unit; use categorical_crossentropy."
        ]

    def test_sigmoids_for_exclusive_classes(self):
        expected = [
            "layer 'dense_2': expected softmax for classes that exclude each other (one-hot labels); came 10 sigmoids, "
            "which sum to no probability. Use activation='softmax' and categorical_crossentropy."
        ]
        assert check(one_hot([0, 1], 10), CATEGORICAL, 10, "sigmoid") == expected
        assert check(one_hot(np.arange(10), 10), BINARY, 10, "sigmoid") == expected

    def test_relu(self):
        assert check(one_hot([0, 1], 2), CATEGORICAL, 2, "relu") == [
            "layer 'dense_2': loss categorical_crossentropy expects probabilities; relu gives exact zeros, and anything "
            "above 1. Use activation='softmax'."
        ]

    def test_mse_for_classes(self):
        assert check(one_hot([0, 1], 2), MSE, 2, "softmax") == [
            "fit: loss mean_squared_error expects quantities; y is one-hot (n, 2), from which it learns slowly. "
            "categorical_crossentropy is meant for it."
        ]

    def test_once_a_model(self):
        last = layer_of("Dense", "dense_2", "linear")
        model = Model(last)
        arguments = (np.zeros((2, 4)), np.array([0, 1]), None, BINARY, Spec("float32", (None, 1)), last)
        with pytest.warns(FastconvWarning):
            check_fit(model, *arguments)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check_fit(model, *arguments)
        with pytest.warns(FastconvWarning):
            check_fit(Model(last), *arguments)

    def test_unknown_layers_are_not_judged(self):
        last = layer_of("Reshape", "reshape")
        assert activation_name(last) is None
        assert activation_name(layer_of("Softmax", "softmax")) == "softmax"
        assert activation_name(layer_of("Dense", "dense", np.tanh)) == "tanh"


class TestSeveralOutputs:
    def test_a_list_of_one_is_that_one(self):
        last = layer_of("Dense", "dense_2", "sigmoid")
        with pytest.raises(DataError) as caught:
            check_fit(
                Model(last),
                [np.zeros((3, 4))],
                [np.array([0, 1, 2])],
                None,
                [BINARY],
                [Spec("float32", (None, 1))],
                [last],
            )
        assert str(caught.value).startswith(
            "fit: loss binary_crossentropy expects labels 0 and 1; y is 0..2. "
        )

    def test_by_name(self):
        x = np.zeros((3, 4), np.float32)
        specs = {"kind": Spec("float32", (None, 3)), "age": Spec("float32", (None, 1))}
        layers = {"kind": layer_of("Dense", "kind", "softmax"), "age": layer_of("Dense", "age", "linear")}
        losses = {"age": MSE, "kind": SPARSE}
        labels = {"age": np.array([1.0, 2.5, 3.0]), "kind": np.array([0, 1, 3])}
        with pytest.raises(DataError) as caught:
            check_fit(Model(), x, labels, None, losses, specs, layers)
        assert str(caught.value) == (
            "fit: expected labels 0..2, as layer 'kind' has 3 units; y holds 3 (sample 2). "
            "Give the layer 4 units, or correct the label."
        )

    def test_length_names_the_output(self):
        labels = {"age": np.zeros(3), "kind": np.zeros(2)}
        with pytest.raises(DataError) as caught:
            check_fit(Model(), np.zeros((3, 4)), labels)
        assert str(caught.value) == (
            "fit: expected as many samples everywhere; x has 3 samples, y['kind'] 2. Give each image its own entry."
        )
