"""The layers that take the most of a plan's memory."""

import numpy as np
import pytest

from fastconv import graph, primitives
from fastconv.compiler import Function
from fastconv.compiler.largest import largest_by_layer
from fastconv.primitives.base import Spec
from fastconv.runtime.errors import OutOfMemory
from fastconv.runtime.native import NativeDevice


def test_the_largest_tensor_of_each_layer_largest_first():
    def chain(x):
        with graph.scope("small"):
            y = primitives.ReduceSum((1,), True)(x)
        with graph.scope("large"):
            z = primitives.Add()(x, y)
            z = primitives.Exp()(primitives.Multiply()(z, x))
        return primitives.ReduceSum((0,), False)(z)  # of no layer

    description = Function(chain).described([Spec("float32", (50, 40))])
    assert largest_by_layer(description) == [("large", 50 * 40 * 4), ("small", 50 * 4)]
    assert largest_by_layer(description, 1) == [("large", 50 * 40 * 4)]


def test_a_plan_that_is_too_large_names_them(monkeypatch):
    def no_memory(self, plan):
        raise OutOfMemory("nothing left")

    monkeypatch.setattr(NativeDevice, "build", no_memory)
    monkeypatch.setattr(NativeDevice, "available_bytes", lambda self: 60_000_000)

    def step(x):
        with graph.scope("conv2d_1"):
            y = primitives.Exp()(x)
        with graph.scope("conv2d_2"):
            z = primitives.ReduceSum((1,), False)(y)
        return primitives.ReduceSum((0,), False)(z)

    with pytest.raises(OutOfMemory) as caught:
        Function(step, device="cpu", name="train step of 'cats'")(np.zeros((100, 250_000, 1), "f4"))
    assert str(caught.value) == (
        "train step of 'cats': a batch of 100 needs 100 MB on 'cpu'; 60 MB are free. Biggest: 'conv2d_1' 100 MB. A batch "
        "of 59 would fit, or free other models and programs."
    )
