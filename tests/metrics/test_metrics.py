"""Metrics: against NumPy and Keras, over several batches, weighted, and inside a training step."""

import numpy as np
import pytest

from fastconv import Sequential, compiler, layers, losses, metrics, ops
from fastconv.primitives.base import Spec
from fastconv.runtime.errors import ArgumentError, ShapeError

UNIT = 2.0**-24
rng = np.random.default_rng(5)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return (e / e.sum(-1, keepdims=True)).astype(np.float32)


BATCHES = (9, 4)
CLASSES = [rng.integers(0, 8, n) for n in BATCHES]
ONE_HOT = [np.eye(8, dtype=np.float32)[c] for c in CLASSES]
ROWS = [softmax(rng.normal(size=(n, 8))) for n in BATCHES]
YES_NO = [(rng.uniform(size=(n, 3)) < 0.5).astype(np.float32) for n in BATCHES]
PROBABILITIES = [rng.uniform(size=(n, 3)).astype(np.float32) for n in BATCHES]
WEIGHTS = [rng.uniform(0.2, 2.0, n).astype(np.float32) for n in BATCHES]

CASES = [
    ("BinaryAccuracy", {}, YES_NO, PROBABILITIES),
    ("BinaryAccuracy", {"threshold": 0.3}, YES_NO, PROBABILITIES),
    ("CategoricalAccuracy", {}, ONE_HOT, ROWS),
    ("SparseCategoricalAccuracy", {}, CLASSES, ROWS),
    ("TopKCategoricalAccuracy", {"k": 3}, ONE_HOT, ROWS),
    ("SparseTopKCategoricalAccuracy", {"k": 3}, CLASSES, ROWS),
    ("MeanSquaredError", {}, YES_NO, PROBABILITIES),
    ("RootMeanSquaredError", {}, YES_NO, PROBABILITIES),
    ("MeanAbsoluteError", {}, YES_NO, PROBABILITIES),
    ("BinaryCrossentropy", {}, YES_NO, PROBABILITIES),
    ("CategoricalCrossentropy", {}, ONE_HOT, ROWS),
    ("SparseCategoricalCrossentropy", {}, CLASSES, ROWS),
    ("Precision", {}, YES_NO, PROBABILITIES),
    ("Recall", {}, YES_NO, PROBABILITIES),
    ("AUC", {}, YES_NO, PROBABILITIES),
]


@pytest.mark.parametrize(
    ("name", "arguments", "labels", "predictions"), CASES, ids=lambda v: v if isinstance(v, str) else None
)
class TestAgainstKeras:
    # Sums of at most 39 values and products of 200 counts, each rounded a few times; Keras rounds as often.
    TOLERANCE = 2 * (39 + 200) * UNIT

    @pytest.mark.parametrize("weighted", [False, True])
    def test_batches(self, name, arguments, labels, predictions, weighted, peer):
        keras = peer("keras")
        theirs = getattr(keras.metrics, name)(**arguments)
        ours = getattr(metrics, name)(**arguments)
        for y, p, w in zip(labels, predictions, WEIGHTS, strict=True):
            # Element-wise metrics want, in Keras, weights of their shape.
            wide = name in ("BinaryAccuracy", "Precision", "Recall", "AUC")
            weights = np.repeat(w[:, None], p.shape[1], 1) if wide else w
            theirs.update_state(y, p, weights if weighted else None)
            ours.update_state(y, p, w if weighted else None)
            assert abs(float(ours.result()) - float(theirs.result())) <= self.TOLERANCE

    def test_configuration_and_reset(self, name, arguments, labels, predictions):
        metric = getattr(metrics, name)(**arguments)
        empty = float(metric.result())
        metric.update_state(labels[0], predictions[0])
        first = float(metric.result())
        again = metrics.get(metrics.serialize(metric))
        assert type(again) is type(metric)
        assert again.get_config() == metric.get_config()
        assert float(again(labels[0], predictions[0])) == first
        metric.reset_state()
        assert float(metric.result()) == empty == 0.0


class TestInsideAStep:
    def test_results_hold_what_the_step_has_added(self):
        metric = metrics.BinaryAccuracy()

        def step(y, p):
            before = metric.result()
            metric.update_state(y, p)
            return before, metric.result()

        function = compiler.Function(step)
        y, p = np.array([[1.0], [0.0]], np.float32), np.array([[0.9], [0.8]], np.float32)
        assert tuple(map(float, function(y, p))) == (0.0, 0.5)
        assert float(metric.result()) == 0.5
        assert tuple(map(float, function(y, np.float32([[0.9], [0.1]])))) == (0.5, 0.75)

    def test_a_mean_that_adds_more(self):
        class More(metrics.Mean):
            def update_state(self, values, sample_weight=None):
                super().update_state(values)
                self.total.assign_add(100.0)

        mean = More()
        compiler.Function(lambda x: mean.update_state(x))(np.array([1.0, 3.0], np.float32))
        assert float(mean.result()) == 52.0

    def test_two_updates_in_one_step_both_count(self):
        mean = metrics.Mean()

        def step(x):
            mean.update_state(x)
            mean.update_state(ops.add(x, 2.0))

        compiler.Function(step)(np.array([1.0, 3.0], np.float32))
        assert float(mean.result()) == 3.0
        assert float(mean.count.numpy()) == 4.0

    def test_same_number_as_at_once(self):
        inside, outside = metrics.CategoricalAccuracy(), metrics.CategoricalAccuracy()
        compiler.Function(lambda y, p: inside.update_state(y, p))(ONE_HOT[0], ROWS[0])
        outside.update_state(ONE_HOT[0], ROWS[0])
        assert float(inside.result()) == float(outside.result())


class TestMean:
    def test_on_another_device(self):
        mean = metrics.Mean()
        mean.update_state([1.0, 5.0])
        assert float(mean.result()) == 3.0
        for variable in mean.variables:
            variable.to("reference")
        mean.update_state([6.0])
        assert float(mean.result()) == 4.0

    def test_weights(self):
        mean = metrics.Mean()
        mean.update_state([1.0, 5.0], [3.0, 1.0])
        assert float(mean.result()) == 2.0
        mean.update_state(10.0, 4.0)
        assert float(mean.result()) == 6.0

    def test_one_weight_for_all_values_of_a_sample(self):
        mean = metrics.Mean()
        mean.update_state(np.array([[1.0, 1.0], [4.0, 4.0]]), [2.0, 1.0])
        assert float(mean.result()) == 2.0

    def test_sum(self):
        total = metrics.Sum()
        total.update_state([1.0, 2.0], [2.0, 3.0])
        assert float(total.result()) == 8.0


class TestAccuracies:
    def test_equal_predictions(self):
        assert float(metrics.Accuracy()([1, 2, 3, 4], [0, 2, 3, 4])) == 0.75

    def test_labels_in_a_column(self):
        metric = metrics.SparseCategoricalAccuracy()
        assert float(metric(CLASSES[0][:, None], ROWS[0])) == np.mean(
            ROWS[0].argmax(-1) == CLASSES[0], dtype=np.float32
        )

    def test_one_hot_labels_are_refused(self):
        with pytest.raises(ShapeError) as caught:
            metrics.SparseCategoricalAccuracy()(ONE_HOT[0], ROWS[0])
        assert str(caught.value) == (
            "sparse_categorical_accuracy: expected labels of shape (9,); came (9, 8). "
            "For one-hot labels use the metric without 'sparse'."
        )

    def test_no_number_is_never_right(self):
        assert float(metrics.BinaryAccuracy()([1.0], [np.nan])) == 0.0


class TestResolve:
    BINARY = losses.BinaryCrossentropy()

    @pytest.mark.parametrize("word", ["accuracy", "acc"])
    @pytest.mark.parametrize(
        ("loss", "labels", "predictions", "expected"),
        [
            (losses.BinaryCrossentropy(), (None, 10), (None, 10), metrics.BinaryAccuracy),
            (losses.CategoricalCrossentropy(), (None, 10), (None, 10), metrics.CategoricalAccuracy),
            (losses.SparseCategoricalCrossentropy(), (None,), (None, 10), metrics.SparseCategoricalAccuracy),
            (losses.MeanSquaredError(), (None, 1), (None, 1), metrics.BinaryAccuracy),
            (losses.MeanSquaredError(), (None, 10), (None, 10), metrics.CategoricalAccuracy),
            (losses.MeanSquaredError(), (None, 1), (None, 10), metrics.SparseCategoricalAccuracy),
            (None, (None,), (None, 10), metrics.SparseCategoricalAccuracy),
        ],
    )
    def test_accuracy(self, word, loss, labels, predictions, expected):
        found = metrics.resolve(word, loss, Spec("float32", labels), Spec("float32", predictions))
        assert type(found) is expected
        assert found.name == word

    def test_logits_count_from_0(self):
        found = metrics.resolve("accuracy", losses.BinaryCrossentropy(from_logits=True))
        assert float(found([1.0, 0.0], [0.2, -3.0])) == 1.0
        found.reset_state()
        step = compiler.Function(
            lambda y, x: found.update_state(y, ops.sigmoid(x))
        )  # a sigmoid although from_logits
        step(np.array([1.0, 0.0], np.float32), np.array([0.2, -3.0], np.float32))
        assert float(found.result()) == 1.0

    def test_a_function_is_in_no_file(self):
        with pytest.raises(ArgumentError) as caught:
            metrics.serialize(metrics.get(lambda y_true, y_pred: y_pred))
        assert str(caught.value) == (
            "metric '<lambda>': expected one of fastconv's metrics, which a file can name; it is a function. "
            "Compile again after loading."
        )

    def test_other_names(self):
        assert metrics.resolve("mae").name == "mae"
        assert metrics.resolve("AUC").name == "auc"
        assert type(metrics.resolve(metrics.Precision)) is metrics.Precision
        own = metrics.resolve(lambda y_true, y_pred: ops.absolute(y_pred - y_true))
        assert float(own([1.0, 2.0], [2.0, 4.0])) == 1.5

    def test_misspelt(self):
        with pytest.raises(ArgumentError) as caught:
            metrics.resolve("binary_acuracy")
        assert str(caught.value) == "metric 'binary_acuracy': unknown; did you mean 'binary_accuracy'?"

    def test_limits(self):
        with pytest.raises(ArgumentError) as caught:
            metrics.AUC(curve="PR")
        assert str(caught.value) == "AUC: expected curve='ROC', the only one here; came 'PR'."
        with pytest.raises(ArgumentError) as caught:
            metrics.Precision(thresholds=[0.5, 0.6])
        assert (
            str(caught.value) == "Precision: expected one threshold; came [0.5, 0.6]. Make a metric for each."
        )


class RootMeanSquare(metrics.Metric):
    """As books write one for Keras."""

    def __init__(self, name="rms", **kwargs):
        super().__init__(name=name, **kwargs)
        self.squares = self.add_weight(name="squares", initializer="zeros")
        self.samples = self.add_weight(name="samples", initializer="zeros", dtype="int32")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.squares.assign_add(ops.sum(ops.square(y_true - y_pred)))
        self.samples.assign_add(ops.shape(y_pred)[0])

    def result(self):
        return ops.sqrt(self.squares / ops.cast(self.samples, "float32"))


class Hits(metrics.Metric):
    """Assigns its state, and compares with ==."""

    def __init__(self):
        super().__init__(name="hits", dtype="float32")
        self.hits = self.add_variable(shape=(), initializer="zeros", name="hits")

    def update_state(self, y_true, y_pred, sample_weight=None):
        same = ops.argmax(y_true, axis=-1) == ops.argmax(y_pred, axis=-1)
        self.hits.assign(self.hits + ops.sum(ops.cast(same, "float32")))

    def result(self):
        return self.hits.value


class TestOnesOfOnesOwn:
    def test_on_arrays(self):
        rms, hits = RootMeanSquare(), Hits()
        for y, p in zip(ONE_HOT, ROWS, strict=True):
            rms.update_state(y, p)
            hits.update_state(y, p)
        wanted = np.sqrt(sum(((y - p) ** 2).sum() for y, p in zip(ONE_HOT, ROWS, strict=True)) / sum(BATCHES))
        # 13 * 8 terms of at most 1, then a root.
        assert abs(float(rms.result()) - wanted) <= 110 * UNIT * wanted
        same = [(y.argmax(-1) == p.argmax(-1)).sum() for y, p in zip(ONE_HOT, ROWS, strict=True)]
        assert float(np.asarray(hits.result())) == sum(same)
        rms.reset_state()
        assert rms.samples.dtype == "int32" and not rms.samples.numpy()

    def test_in_training(self):
        x, y = np.concatenate(ROWS), np.concatenate(ONE_HOT)
        model = Sequential([layers.Dense(8, activation="softmax", input_shape=(8,))])
        model.compile("sgd", "categorical_crossentropy", metrics=[RootMeanSquare(), Hits()])
        history = model.fit(x, y, batch_size=5, epochs=2, verbose=0).history
        assert len(history["rms"]) == len(history["hits"]) == 2
        _, rms, hits = model.evaluate(x, y, batch_size=4, verbose=0)
        predicted = model.predict(x)
        wanted = np.sqrt(((predicted - y) ** 2).sum() / len(y))
        assert abs(rms - wanted) <= 110 * UNIT * wanted
        assert hits == (predicted.argmax(-1) == y.argmax(-1)).sum()
