"""Python's operators, and NumPy's functions, on what layers return."""

import numpy as np
import pytest

from fastconv.graph import placeholder
from fastconv.graph.symbol import Symbol
from fastconv.runtime.array import Array
from fastconv.runtime.errors import ArgumentError, ShapeError
from fastconv.runtime.variable import Variable

X = np.arange(6, dtype="float32").reshape(2, 3)


def test_numpy_on_the_left():
    for result in (X + Array.from_numpy(X), np.float32(2) * Array.from_numpy(X)):
        assert isinstance(result, Array)
        assert (np.asarray(result) == X + X).all()
    assert isinstance(X * placeholder((2, 3)), Symbol)


def test_numpy_s_functions_take_arrays():
    array = Array.from_numpy(X)
    assert (np.exp(array) == np.exp(X)).all()
    assert (np.maximum(array, 2) == np.maximum(X, 2)).all()
    assert np.add.reduce(array).tolist() == [3, 5, 7]
    total = X.copy()
    total += array
    assert type(total) is np.ndarray and (total == X + X).all()


def test_powers():
    assert (np.asarray(Array.from_numpy(X) ** 2) == X * X).all()
    assert (np.asarray(Array.from_numpy(X) ** 0.5) == np.sqrt(X)).all()
    with pytest.raises(ArgumentError) as error:
        placeholder((2, 3)) ** 3
    assert str(error.value) == (
        "**: expected the exponent 2 or 0.5; came 3. Multiply, or use ops.exp(3 * ops.log(x))."
    )


def test_equality_is_of_the_values():
    ours, other = Array.from_numpy(X), Array.from_numpy(X % 2)
    assert np.asarray(ours == other).tolist() == (X == X % 2).tolist()
    assert np.asarray(ours != 3.0).tolist() == (X != 3).tolist()
    assert isinstance(placeholder((2, 3)) == placeholder((2, 3)), Symbol)
    assert (ours == None) is False and (ours != "x") is True  # noqa: E711
    assert len({ours, other, ours}) == 2  # sets and dicts go by identity
    assert np.asarray(ours == X.astype("int64")).all() and np.asarray(ours == X).all()
    symbols = (placeholder((2, 3)) == X, placeholder((2, 3)) != X)
    assert [(symbol.node.stem, symbol.dtype) for symbol in symbols] == [("compare", "bool")] * 2


def test_whole_numbers_against_a_fraction():
    ours, counter = Array.from_numpy(np.arange(3)), Variable(np.arange(3, dtype="int32"))
    assert np.asarray(ours == 0.5).tolist() == [False] * 3 and np.asarray(counter != 0.5).all()
    assert np.asarray(ours > 0.5).tolist() == np.asarray(ours > 0.5).tolist() == [False, True, True]
    assert np.asarray(ours < float("inf")).all() and np.asarray(ours == 1.0).tolist() == [False, True, False]
    assert [v.dtype for v in (placeholder((3,), "int64") >= 0.5).node.inputs] == ["float32", "float32"]


def test_variables_whose_shapes_do_not_fit_are_not_equal():
    kernel, bias, other = (Variable(np.zeros(shape)) for shape in ((2, 3), (4,), (5,)))
    assert bias in [kernel, bias] and [kernel, bias].index(bias) == 1 and other not in [kernel, bias]
    assert (bias == kernel) is False and (bias != kernel) is True
    with pytest.raises(ShapeError):  # as a metric would meet them
        kernel == Array.from_numpy(np.zeros(4))  # noqa: B015
    assert np.asarray(bias == Variable(np.zeros(4))).all()


def test_variables_are_added_to():
    total = Variable(np.zeros(2), name="total")
    total.assign_add([1.0, 2.0])
    total.assign_sub(0.5)
    assert total.value.numpy().tolist() == [0.5, 1.5]
