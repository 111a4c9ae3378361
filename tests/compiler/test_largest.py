"""The layers that take the most of a plan's memory."""

from fastconv import graph, primitives
from fastconv.compiler import Function
from fastconv.compiler.largest import largest_by_layer
from fastconv.primitives.base import Spec


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
