"""Functions follow variables that move to another device, and the default device."""

import numpy as np
import pytest

import fastconv as fc
from fastconv import graph, primitives
from fastconv.runtime.device import get_device
from fastconv.runtime.errors import OutOfMemory


@pytest.fixture(autouse=True)
def on_the_cpu():
    yield
    fc.set_device("cpu")


def test_a_function_sees_a_variable_after_its_move():
    variable = fc.Variable(np.float32(1.0), name="v", device="cpu")
    function = fc.function(lambda x: x + variable)
    x = np.zeros(2, np.float32)
    assert function(x).numpy().tolist() == [1.0, 1.0]
    variable.to("reference")
    variable.assign(np.float32(5.0))
    assert function(x).numpy().tolist() == [5.0, 5.0]
    assert function(x).device == "reference"


def test_a_move_to_where_it_is_already_copies_nothing(cuda_device):
    variable = fc.Variable(np.float32(1.0), device=cuda_device)
    array = fc.Array.from_numpy(np.ones(2, np.float32), cuda_device)
    before = variable.buffer
    for name in ("cuda", "gpu", cuda_device):
        variable.to(name)
        assert variable.buffer is before
        assert array.to(name) is array


def test_an_assigned_variable_is_written_where_it_is_now():
    variable = fc.Variable(np.zeros(2, np.float32), name="v", device="cpu")
    write = fc.function(lambda x: _assign(variable, x))
    write(np.ones(2, np.float32))
    variable.to("reference")
    write(np.full(2, 3.0, np.float32))
    assert variable.numpy().tolist() == [3.0, 3.0]


def _assign(variable, value):
    graph.assign(variable, value)
    return value


def test_without_variables_the_default_device_counts():
    function = fc.function(lambda x: x * 2.0)
    x = np.ones(3, np.float32)
    assert function(x).device == "cpu"
    fc.set_device("reference")
    assert function(x).device == "reference"


def test_dropout_of_layers_called_by_hand_follows_the_device():
    layer = fc.layers.Dropout(0.5)
    x = np.ones((4, 3), np.float32)
    layer(x, training=True)
    fc.set_device("reference")
    model = fc.Sequential([fc.Input((3,)), fc.layers.Dense(2), fc.layers.Dropout(0.5)])
    assert model(x, training=True).device == "reference"


def test_out_of_memory_where_the_first_axis_is_no_batch(monkeypatch):
    device = type(get_device("cpu"))
    monkeypatch.setattr(device, "available_bytes", lambda self: 0)
    monkeypatch.setattr(device, "build", _no_memory)
    product = fc.function(lambda a, b: primitives.Dense(bias=False, activation="none")(a, b))
    square = np.ones((64, 64), np.float32)
    with pytest.raises(OutOfMemory) as caught:
        product(square, square)
    assert "Use smaller inputs, or free other models and programs." in str(caught.value)


def _no_memory(self, plan):
    raise OutOfMemory("no memory")
