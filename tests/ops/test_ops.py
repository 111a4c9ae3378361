"""Functions of `ops` and activations: NumPy's and Keras's values, on arrays and, with the same bits, on symbols."""

import numpy as np
import pytest

from fastconv import activations, compiler, ops
from fastconv.graph import placeholder
from fastconv.runtime.errors import AbsentName, ArgumentError, ShapeError
from fastconv.runtime.variable import Variable

UNIT = 2.0**-24
rng = np.random.default_rng(2)
X = rng.normal(0, 2, (3, 4)).astype(np.float32)
Y = rng.normal(0, 2, (3, 4)).astype(np.float32)
POSITIVE = np.abs(X) + 0.1

CASES = [
    ("add", (X, Y), {}),
    ("add", (X, Y[0]), {}),
    ("subtract", (X, 2.5), {}),
    ("subtract", (2.5, X), {}),
    ("multiply", (X, Y), {}),
    ("divide", (X, POSITIVE), {}),
    ("maximum", (X, Y), {}),
    ("minimum", (X, 0.0), {}),
    ("clip", (X, -1.0, 1.5), {}),
    ("negative", (X,), {}),
    ("square", (X,), {}),
    ("sqrt", (POSITIVE,), {}),
    ("absolute", (X,), {}),
    ("exp", (X,), {}),
    ("log", (POSITIVE,), {}),
    ("tanh", (X,), {}),
    ("sigmoid", (X,), {}),
    ("softmax", (X,), {}),
    ("relu", (X,), {}),
    ("relu6", (3 * X,), {}),
    ("leaky_relu", (X,), {}),
    ("softplus", (X,), {}),
    ("softsign", (X,), {}),
    ("silu", (X,), {}),
    ("hard_sigmoid", (3 * X,), {}),
    ("elu", (X,), {}),
    ("sum", (X,), {}),
    ("sum", (X,), {"axis": 1, "keepdims": True}),
    ("mean", (X,), {"axis": (0, 1)}),
    ("mean", (X,), {"axis": -1}),
    ("argmax", (X,), {"axis": -1}),
    ("argmax", (X,), {"axis": 0}),
    ("equal", (X, X), {}),
    ("not_equal", (X, Y), {}),
    ("less", (X, Y), {}),
    ("less_equal", (X, 0.0), {}),
    ("greater", (X, Y), {}),
    ("greater_equal", (X, Y), {}),
    ("reshape", (X, (2, 6)), {}),
    ("reshape", (X, (-1, 3)), {}),
    ("expand_dims", (X, 1), {}),
    ("expand_dims", (X, -1), {}),
    ("squeeze", (X[:, None],), {}),
    ("matmul", (X, Y.T.copy()), {}),
    ("transpose", (X,), {}),
    ("one_hot", (np.array([0, 3, 1]), 4), {}),
    ("conv", (X.reshape(1, 3, 4, 1), rng.normal(size=(2, 2, 1, 3)).astype(np.float32)), {}),
    (
        "conv",
        (X.reshape(1, 3, 4, 1), rng.normal(size=(3, 3, 1, 2)).astype(np.float32)),
        {"strides": 2, "padding": "same"},
    ),
    ("max_pool", (X.reshape(1, 3, 4, 1), 2), {}),
    ("max_pool", (X.reshape(1, 3, 4, 1), 2), {"strides": 1, "padding": "same"}),
]


@pytest.mark.parametrize(
    ("name", "operands", "arguments"), CASES, ids=lambda v: v if isinstance(v, str) else None
)
class TestValues:
    def test_against_keras(self, name, operands, arguments, peer):
        theirs = getattr(peer("keras").ops, name)
        expected = np.asarray(theirs(*operands, **arguments))
        found = np.asarray(getattr(ops, name)(*operands, **arguments))
        assert found.shape == expected.shape
        # Sums of at most 12 products; functions of one number within a few roundings, on both sides.
        scale = max(1.0, float(np.abs(expected).max()))
        assert np.abs(found.astype(float) - expected).max() <= 2 * (12 + 4) * UNIT * scale

    def test_same_bits_on_symbols(self, name, operands, arguments):
        arrays = [v for v in operands if isinstance(v, np.ndarray)]

        def traced(*symbols):
            rest = iter(symbols)
            given = [next(rest) if isinstance(v, np.ndarray) else v for v in operands]
            return getattr(ops, name)(*given, **arguments)

        at_once = np.asarray(getattr(ops, name)(*operands, **arguments))
        assert (np.asarray(compiler.Function(traced)(*arrays)) == at_once).all()


class TestDtypes:
    def test_whole_numbers_and_fractions(self):
        assert np.asarray(ops.multiply(np.array([1, 3]), 0.5)).tolist() == [0.5, 1.5]
        assert np.asarray(ops.add(np.array([1, 3]), np.array([0.5, 0.5]))).tolist() == [1.5, 3.5]
        assert ops.add(np.array([1, 3]), 2).dtype == np.int64

    def test_cast(self):
        assert np.asarray(ops.cast([1.7, -1.7], "int64")).tolist() == [1, -1]
        assert np.asarray(ops.cast([0.0, 2.0], "bool")).tolist() == [False, True]
        assert np.asarray(ops.logical_not([True, False])).tolist() == [False, True]

    def test_a_variable_is_read(self):
        assert np.asarray(ops.add(Variable([1.0, 2.0]), 1.0)).tolist() == [2.0, 3.0]

    def test_convert(self):
        assert ops.convert_to_tensor([1, 2], "float32").dtype == np.float32
        assert ops.convert_to_numpy(ops.convert_to_tensor([1, 2])).tolist() == [1, 2]
        assert ops.shape(placeholder((None, 3))) == (None, 3)
        assert ops.size(X) == 12

    def test_not_a_number_passes(self):
        bad = np.array([np.nan], np.float32)
        for name in (
            "relu",
            "relu6",
            "sigmoid",
            "tanh",
            "softplus",
            "silu",
            "elu",
            "hard_sigmoid",
            "leaky_relu",
        ):
            assert np.isnan(np.asarray(getattr(ops, name)(bad))).all(), name


class TestUnknownSizes:
    def test_shapes(self):
        x = placeholder((None, None, None, 1))
        assert ops.squeeze(x, -1).shape == (None, None, None)
        assert ops.expand_dims(placeholder((None, 3)), -1).shape == (None, 3, 1)
        assert ops.mean(x).shape == ()


class TestMistakes:
    def test_axes(self):
        with pytest.raises(ArgumentError) as caught:
            ops.sum(X, 2)
        assert str(caught.value) == "sum: expected an axis of -2..1, as x is (3, 4); came 2."
        with pytest.raises(ArgumentError) as caught:
            ops.softmax(X, 0)
        assert str(caught.value) == "softmax: expected the last axis; came axis 0 of (3, 4)."

    def test_matrices(self):
        with pytest.raises(ShapeError) as caught:
            ops.matmul(X, X[0])
        assert str(caught.value) == "matmul: expected two matrices; came (3, 4) and (4,). Reshape them."

    def test_channels_first(self):
        with pytest.raises(ShapeError) as caught:
            ops.max_pool(X, 2, data_format="channels_first")
        assert str(caught.value) == (
            "max_pool: expected channels last, (n, height, width, channels); came 'channels_first'. "
            "Turn the pictures once: np.moveaxis(x, 1, -1)."
        )


class TestActivations:
    def test_all(self):
        names = {}
        exec("from fastconv.activations import *", names)
        assert names["relu"] is activations.relu
        assert sorted(activations.__all__) == sorted(
            {*activations._by_name, "deserialize", "get", "serialize"}
        )
        with pytest.raises(AbsentName, match="nearest 'relu'"):
            activations.rellu  # noqa: B018

    def test_get(self):
        assert activations.get("ReLU") is activations.relu
        assert activations.get(None) is activations.linear
        assert activations.get(activations.tanh) is activations.tanh
        assert activations.serialize(activations.get("softmax")) == "softmax"
        assert activations.serialize(activations.get("swish")) == "silu"

    def test_misspelt(self):
        with pytest.raises(ArgumentError) as caught:
            activations.get("sigmoyd")
        assert str(caught.value) == "activation 'sigmoyd': unknown; did you mean 'sigmoid'?"

    def test_of_ones_own(self):
        def mine(x):
            return x

        assert activations.get(mine) is mine
        with pytest.raises(ArgumentError) as caught:
            activations.serialize(mine)
        assert str(caught.value) == (
            "activation 'mine': expected one of fastconv's, which a file can name; came a function of your own. "
            "Put it into a layer of your own."
        )

    def test_softplus_does_not_overflow(self):
        assert np.asarray(ops.softplus([1000.0, -1000.0])).tolist() == [1000.0, 0.0]
