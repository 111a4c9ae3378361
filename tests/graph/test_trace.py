"""Tracing: what a function on symbols leaves behind."""

import numpy as np
import pytest

from fastconv import primitives as p
from fastconv.compiler import Function
from fastconv.graph import Graph, active_trace, as_symbol, assign, placeholder, rewrite, scope, tracing
from fastconv.runtime.errors import SymbolError
from fastconv.runtime.variable import Variable


def test_symbols_have_shapes_and_no_values():
    x = placeholder((None, 8), name="x")
    y = p.Relu()(x)
    assert (y.shape, y.dtype, y.ndim) == ((None, 8), "float32", 2)
    with pytest.raises(SymbolError, match="a symbol has no value yet: `if` and `while`"):
        bool(y)
    with pytest.raises(SymbolError, match="has no value yet: NumPy and TensorFlow functions cannot take it"):
        np.asarray(y)
    for use in (np.square, float, int, list):
        with pytest.raises(SymbolError, match=r"Use fastconv\.ops, or call the model on arrays"):
            use(y)


def test_a_graph_in_which_nothing_is_replaced_stays_the_same():
    x = placeholder((2,))
    graph = Graph((x,), (p.Relu()(x),))
    assert rewrite(graph, lambda *_: None) is graph
    changed = rewrite(graph, lambda node, inputs, _: p.Tanh()(*inputs).node.outputs)
    assert [node.stem for node in changed.nodes()] == ["placeholder", "tanh"]


def test_scopes_name_nodes():
    with tracing(), scope("vgg"), scope("block1"):
        y = p.Relu()(placeholder((2,)))
    assert y.node.label == "vgg/block1"
    assert active_trace() is None


def test_a_variable_is_read_once():
    variable = Variable(np.zeros(2, "f4"))
    with tracing() as trace:
        assert as_symbol(variable) is as_symbol(variable)
    assert trace.variables == [variable]


def test_random_paths_differ_by_place_and_by_count_and_repeat():
    def paths():
        with tracing() as trace:
            with scope("a"):
                first = [trace.random_path(), trace.random_path()]
            with scope("b"):
                return [*first, trace.random_path()]

    assert len(set(paths())) == 3
    assert paths() == paths()


def test_assign_checks_shape_and_dtype():
    variable = Variable(np.zeros(2, "f4"), name="w")
    with (
        tracing(),
        pytest.raises(ValueError, match=r"assign to 'w': expected float32 \(2,\); came float32 \(3,\)"),
    ):
        assign(variable, placeholder((3,)))
    with pytest.raises(RuntimeError, match=r"outside a traced function; use variable.assign\(value\)"):
        assign(variable, placeholder((2,)))


def test_rewriting_replaces_and_keeps():
    x = placeholder((4,))
    kept = p.Relu()(x)
    graph = Graph((x,), (p.Add()(p.Relu()(kept), kept),))

    def drop_double_relu(node, inputs, new):
        if node.stem == "relu" and inputs[0].node.stem == "relu":
            return (inputs[0],)
        return None

    after = rewrite(graph, drop_double_relu)
    assert [n.stem for n in after.nodes()] == ["placeholder", "relu", "add"]
    assert after.outputs[0].node.inputs == (kept, kept)
    assert rewrite(graph, lambda *_: None).outputs == graph.outputs


def test_assigned_variables_are_read_as_assigned():
    total, count = (
        Variable(np.zeros((), "float32"), name="total"),
        Variable(np.zeros((), "int32"), name="count"),
    )

    def step(x):
        total.assign_add(x)
        total.assign_add(1.0)
        count.assign_add(3)
        return total * 2.0

    function = Function(step)
    assert float(function(np.float32(5))) == 12
    assert float(function(np.float32(1))) == 16
    assert (total.numpy().item(), count.numpy().item()) == (8, 6)


def test_slices_are_told():
    with pytest.raises(SymbolError) as error:
        placeholder((None, 8), name="x")[:, 0]
    assert str(error.value) == (
        "symbol 'x' (None, 8) cannot be cut: slices are not supported yet. Cut the arrays before they go into the model, or "
        "give it several inputs."
    )


def test_numbers_and_variables_are_assigned_at_each_run():
    total, copy = Variable(np.float32(5), name="total"), Variable(np.float32(0), name="copy")

    def step(x):
        copy.assign(total)
        total.assign(0)
        total.assign_add(x)
        return x

    function = Function(step)
    for x in (1, 2, 3):
        function(np.float32(x))
    assert (float(total.numpy()), float(copy.numpy())) == (3, 2)
