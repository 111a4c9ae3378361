"""Losses: against formulas in float64, against Keras, and from logits wherever probabilities were made here."""

import numpy as np
import pytest

from fastconv import compiler, losses, ops
from fastconv.graph import placeholder
from fastconv.runtime.errors import ArgumentError, ShapeError

UNIT = 2.0**-24  # float32 rounding


def bound(values, *, roundings=12):
    """A plain float32 sum of as many terms, each with some roundings of its own; twice, as the peer errs too."""
    return 2 * (np.size(values) + roundings) * UNIT * max(1.0, float(np.mean(np.abs(values))))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


rng = np.random.default_rng(3)
PROBABILITIES = rng.uniform(0.02, 0.98, (7, 5)).astype(np.float32)
LOGITS = rng.normal(0, 3, (7, 5)).astype(np.float32)
ROWS = softmax(LOGITS.astype(np.float64)).astype(np.float32)
YES_NO = (rng.uniform(size=(7, 5)) < 0.5).astype(np.float32)
CLASSES = rng.integers(0, 5, 7)
ONE_HOT = np.eye(5, dtype=np.float32)[CLASSES]
WEIGHTS = rng.uniform(0.1, 2.0, 7).astype(np.float32)

CASES = [
    ("BinaryCrossentropy", {}, YES_NO, PROBABILITIES),
    ("BinaryCrossentropy", {"from_logits": True}, YES_NO, LOGITS),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}, YES_NO, PROBABILITIES),
    ("CategoricalCrossentropy", {}, ONE_HOT, ROWS),
    ("CategoricalCrossentropy", {}, ONE_HOT, PROBABILITIES),  # rows that do not sum to 1
    ("CategoricalCrossentropy", {"from_logits": True}, ONE_HOT, LOGITS),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, ONE_HOT, ROWS),
    ("SparseCategoricalCrossentropy", {}, CLASSES, ROWS),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, CLASSES, LOGITS),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, CLASSES[:, None], LOGITS),
    ("MeanSquaredError", {}, YES_NO, LOGITS),
    ("MeanAbsoluteError", {}, YES_NO, LOGITS),
]


def label(value):
    return value if isinstance(value, str) else None


def in_float64(name, arguments, y, p):
    """The losses of the samples by the formula."""
    y, p = y.astype(np.float64), p.astype(np.float64)
    smooth = arguments.get("label_smoothing", 0.0)
    if name == "BinaryCrossentropy":
        y = y * (1 - smooth) + smooth / 2
        p = 1 / (1 + np.exp(-p)) if arguments.get("from_logits") else p
        return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(-1)
    if "Categorical" in name:
        if name.startswith("Sparse"):
            y = np.eye(p.shape[-1])[y.astype(int).reshape(len(p))]
        y = y * (1 - smooth) + smooth / p.shape[-1]
        p = softmax(p) if arguments.get("from_logits") else p / p.sum(-1, keepdims=True)
        return -(y * np.log(p)).sum(-1)
    return np.square(y - p).mean(-1) if "Squared" in name else np.abs(y - p).mean(-1)


@pytest.mark.parametrize(("name", "arguments", "y", "p"), CASES, ids=label)
class TestValues:
    @pytest.mark.parametrize("weighted", [False, True])
    def test_against_the_formula(self, name, arguments, y, p, weighted):
        expected = in_float64(name, arguments, y, p)
        weights = WEIGHTS if weighted else None
        found = float(getattr(losses, name)(**arguments)(y, p, weights))
        expected = expected * (WEIGHTS if weighted else 1.0)
        assert abs(found - expected.mean()) <= bound(expected)

    @pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight", "none"])
    def test_against_keras(self, name, arguments, y, p, reduction, peer):
        keras = peer("keras")
        expected = np.asarray(getattr(keras.losses, name)(reduction=reduction, **arguments)(y, p, WEIGHTS))
        found = np.asarray(getattr(losses, name)(reduction=reduction, **arguments)(y, p, WEIGHTS))
        assert found.shape == expected.shape
        scale = len(y) if reduction == "sum" else 1
        assert np.abs(found - expected).max() <= scale * bound(in_float64(name, arguments, y, p))

    def test_the_function_gives_the_losses_of_samples(self, name, arguments, y, p):
        function = getattr(
            losses, {"MeanSquaredError": "mse", "MeanAbsoluteError": "mae"}.get(name) or _snake(name)
        )
        found = np.asarray(function(y, p, **arguments))
        assert np.abs(found - in_float64(name, arguments, y, p)).max() <= bound(np.ones(5))

    def test_configuration(self, name, arguments, y, p):
        loss = getattr(losses, name)(name="mine", **arguments)
        again = losses.get(losses.serialize(loss))
        assert type(again) is type(loss)
        assert again.get_config() == loss.get_config()


def _snake(name):
    return name[0].lower() + "".join(f"_{c.lower()}" if c.isupper() else c for c in name[1:])


class TestFromLogitsTogether:
    """A sigmoid or softmax and its loss are one: gradients stay right where probabilities are 0 or 1."""

    EXTREME = np.array([[80.0, -80.0], [-200.0, 5.0]], np.float32)

    def gradient(self, loss, activation, y):
        def step(logits):
            return compiler.grad(loss(y, activation(logits)), [logits])[0]

        return compiler.Function(step)(self.EXTREME).numpy()

    def test_sigmoid(self):
        y = np.array([[0.0, 1.0], [1.0, 1.0]], np.float32)
        found = self.gradient(losses.BinaryCrossentropy(), ops.sigmoid, y)
        expected = (1 / (1 + np.exp(-self.EXTREME.astype(np.float64))) - y) / 4
        assert np.abs(found - expected).max() <= 4 * UNIT

    @pytest.mark.parametrize("sparse", [False, True])
    def test_softmax(self, sparse):
        classes = np.array([1, 0])
        y = classes if sparse else np.eye(2, dtype=np.float32)[classes]
        loss = losses.SparseCategoricalCrossentropy() if sparse else losses.CategoricalCrossentropy()
        found = self.gradient(loss, ops.softmax, y)
        expected = (softmax(self.EXTREME.astype(np.float64)) - np.eye(2)[classes]) / 2
        assert np.abs(found - expected).max() <= 4 * UNIT

    def stems(self, y_shape, activation, reshape, loss, labels="float32"):
        logits = placeholder((6, 4))
        total = loss(placeholder(y_shape, labels), reshape(activation(logits)))
        found, todo = set(), [total.node]
        while todo:
            node = todo.pop()
            found.add(node.stem)
            todo.extend(s.node for s in node.inputs)
        return found

    def test_through_a_reshape(self):
        loss = losses.BinaryCrossentropy()
        stems = self.stems((24, 1), ops.sigmoid, lambda p: ops.reshape(p, (24, 1)), loss)
        assert "sigmoid_cross_entropy" in stems
        assert "sigmoid" not in stems

    def test_softmax_keeps_its_rows(self):
        loss = losses.CategoricalCrossentropy()
        assert "softmax_cross_entropy" in self.stems(
            (3, 2, 4), ops.softmax, lambda p: ops.reshape(p, (3, 2, 4)), loss
        )
        other = self.stems((12, 2), ops.softmax, lambda p: ops.reshape(p, (12, 2)), loss)
        assert "softmax_cross_entropy" not in other
        assert "categorical_cross_entropy" in other

    def test_other_activations_are_left_alone(self):
        assert "binary_cross_entropy" in self.stems(
            (6, 4), ops.softmax, lambda p: p, losses.BinaryCrossentropy()
        )
        assert "categorical_cross_entropy" in self.stems(
            (6, 4), ops.sigmoid, lambda p: p, losses.CategoricalCrossentropy()
        )

    def test_the_bits_are_those_of_from_logits(self):
        y = np.array([[0.0, 1.0], [1.0, 1.0]], np.float32)
        x = np.array([[0.3, -2.0], [1.5, 0.0]], np.float32)
        loss, given = losses.BinaryCrossentropy(), losses.BinaryCrossentropy(from_logits=True)
        assert float(compiler.Function(lambda v: loss(y, ops.sigmoid(v)))(x)) == float(given(y, x))

    @pytest.mark.parametrize("name", ["BinaryCrossentropy", "CategoricalCrossentropy"])
    def test_from_logits_over_an_activation_means_its_logits(self, name):
        y = np.array([[0.0, 1.0], [1.0, 0.0]], np.float32)
        loss = getattr(losses, name)(from_logits=True)
        activation = ops.sigmoid if name.startswith("Binary") else ops.softmax
        assert float(compiler.Function(lambda v: loss(y, activation(v)))(self.EXTREME)) == float(
            loss(y, self.EXTREME)
        )


class TestShapes:
    @pytest.mark.parametrize(
        ("y", "p"), [((4,), (4, 1)), ((4, 1), (4,)), ((4, 2, 1), (4, 2)), ((4, 2), (4, 2, 1))]
    )
    def test_an_axis_of_size_1(self, y, p):
        labels, predictions = rng.uniform(size=y), rng.uniform(size=p)
        expected = np.square(labels.ravel() - predictions.ravel()).mean()
        assert abs(float(losses.MeanSquaredError()(labels, predictions)) - expected) < bound(labels)

    def test_others_are_refused(self):
        with pytest.raises(ShapeError) as caught:
            losses.BinaryCrossentropy()(np.zeros((4, 2)), np.zeros((4, 1)))
        assert str(caught.value) == (
            "binary_crossentropy: expected labels of the predictions' shape (4, 1); came (4, 2). Look at the last layer."
        )

    def test_sparse_labels_with_columns_are_refused(self):
        with pytest.raises(ShapeError) as caught:
            losses.SparseCategoricalCrossentropy()(ONE_HOT, ROWS)
        assert str(caught.value) == (
            "sparse_categorical_crossentropy: expected labels of shape (7,); came (7, 5). "
            "For one-hot labels use categorical_crossentropy."
        )

    @pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float64"])
    def test_dtypes_of_labels(self, dtype):
        expected = float(losses.BinaryCrossentropy()(YES_NO, PROBABILITIES))
        assert float(losses.BinaryCrossentropy()(YES_NO.astype(dtype), PROBABILITIES)) == expected

    def test_weights_of_samples_count_for_their_pixels(self):
        y, p = np.zeros((3, 2, 2, 1)), np.ones((3, 2, 2, 1))
        assert float(losses.MeanSquaredError()(y, p, [1.0, 2.0, 6.0])) == 3.0
        with pytest.raises(ShapeError) as caught:
            losses.MeanSquaredError()(np.zeros((3, 1)), np.zeros((3, 1)), np.ones((3, 2)))
        assert str(caught.value) == (
            "sample_weight: expected at most 1 axes, as the losses are (3,); came (3, 2). Give one weight a sample."
        )

    def test_a_batch_that_is_not_known_yet(self):
        loss = losses.BinaryCrossentropy()(placeholder((None, 1)), placeholder((None, 1)))
        assert loss.shape == ()


class TestGet:
    def test_spellings(self):
        for name in ("mse", "mean_squared_error", "MeanSquaredError", losses.mse, losses.MeanSquaredError):
            found = losses.get(name)
            assert isinstance(found, losses.MeanSquaredError)
            assert found.name == "mean_squared_error"
        assert losses.get(None) is None
        loss = losses.BinaryCrossentropy()
        assert losses.get(loss) is loss

    def test_misspelt(self):
        with pytest.raises(ArgumentError) as caught:
            losses.get("binary_crossentrophy")
        assert (
            str(caught.value) == "loss 'binary_crossentrophy': unknown; did you mean 'binary_crossentropy'?"
        )

    def test_no_loss_at_all(self):
        with pytest.raises(ArgumentError) as caught:
            losses.get(3)
        assert str(caught.value) == "loss: expected a name, an object or a function; came int 3."

    def test_a_function_of_ones_own(self):
        def cube(y_true, y_pred):
            missing = y_pred - y_true
            return ops.mean(missing * missing * missing, -1)

        loss = losses.get(cube)
        assert loss.name == "cube"
        assert float(loss(np.zeros((2, 2)), np.array([[1.0, 2.0], [0.0, 0.0]]))) == 2.25

    def test_reductions(self):
        with pytest.raises(ArgumentError) as caught:
            losses.MeanSquaredError(reduction="avg")
        assert str(caught.value) == (
            "MeanSquaredError: expected reduction to be one of 'sum_over_batch_size', 'mean', 'sum', "
            "'mean_with_sample_weight', 'none'; came 'avg'. The default is 'sum_over_batch_size'."
        )

    def test_smoothing(self):
        with pytest.raises(ArgumentError) as caught:
            losses.BinaryCrossentropy(label_smoothing=1.5)
        assert str(caught.value) == (
            "BinaryCrossentropy: expected label_smoothing from 0 to 1; came 1.5. 0.1 is usual."
        )

    def test_a_label_that_names_no_class_is_no_number(self):
        assert np.isnan(float(losses.SparseCategoricalCrossentropy()([5], ROWS[:1])))
