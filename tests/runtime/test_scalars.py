"""Tensors without axes: counters, learning rates, losses."""

import numpy as np

from fastconv.runtime.array import Array
from fastconv.runtime.variable import Variable


def test_a_variable_may_be_a_scalar():
    variable = Variable(0.5)
    variable.assign(np.float32(0.25))
    assert variable.shape == ()
    assert float(variable.numpy()) == 0.25


def test_an_array_may_be_a_scalar():
    array = Array.from_numpy(3)
    assert array.shape == ()
    assert array.item() == 3
