"""Python's operators, and NumPy's functions, on what layers return."""

import numpy as np
import pytest

from fastconv.graph import placeholder
from fastconv.graph.symbol import Symbol
from fastconv.runtime.array import Array
from fastconv.runtime.errors import ArgumentError
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


def test_variables_are_added_to():
    total = Variable(np.zeros(2), name="total")
    total.assign_add([1.0, 2.0])
    total.assign_sub(0.5)
    assert total.value.numpy().tolist() == [0.5, 1.5]
