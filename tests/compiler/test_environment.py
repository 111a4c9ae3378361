"""What FASTCONV_DUMP, FASTCONV_VERBOSE and FASTCONV_CHECK show."""

import re

import numpy as np
import pytest
from programs import Convnet

from fastconv import compiler, primitives as p
from fastconv.runtime.errors import ArgumentError, NumericsError
from fastconv.testing.notation import read_step, step_notation


@pytest.fixture
def run():
    net = Convnet(channels=16)
    x = np.ones((2, 8, 8, 16), "f4")
    return lambda: compiler.Function(net)(x)


def test_dump_prints_the_graph_after_a_pass(run, monkeypatch, capfd):
    monkeypatch.setenv("FASTCONV_DUMP", "fuse")
    run()
    shown = capfd.readouterr().err
    assert shown.startswith("graph after fuse:\n")
    assert re.search(
        r"%\d+: float32\[2, 4, 4, 8\], %\d+: uint8\[2, 4, 4, 8\] = Conv2dPooled\(.*bias=True\).*# a", shown
    )
    assert "graph after simplify" not in shown


def test_verbose_names_implementation_step_and_layer(run, monkeypatch, capfd):
    monkeypatch.setenv("FASTCONV_VERBOSE", "1")
    run()
    first = capfd.readouterr().err.splitlines()[0]
    assert re.fullmatch(
        r"fastconv: cpu \w+(:\w+)? \| conv2d_pooled 2x8x8x16,3x3x16x8,8 pad_top=1 pad_bottom=1 pad_left=1 "
        r"pad_right=1 bias=True \| \[a\] \d+\.\d{5} s",
        first,
    )


def test_verbose_2_says_why_others_were_refused(run, monkeypatch, capfd):
    monkeypatch.setenv("FASTCONV_VERBOSE", "2")
    run()
    assert "fastconv: a: cpu conv2d_pooled refuses first_layer" in capfd.readouterr().err


@pytest.mark.parametrize(
    "text",
    ["relu 8x28x28x64", "compare 20x1,20x1:int64 relation=less", "reduce_sum 4x5 axes=(0,1) keepdims=True"],
)
def test_the_notation_of_a_step_is_read_back(text):
    primitive, specs = read_step(text)
    assert read_step(step_notation(primitive, specs)) == (primitive, specs)


def test_a_notation_that_is_none():
    with pytest.raises(ArgumentError) as caught:
        read_step("relu")
    assert str(caught.value).startswith(
        "step: expected 'stem shapes attributes', such as 'relu 8x28x28x64'; came 'relu'"
    )


def test_check_stops_at_a_step_that_differs(monkeypatch):
    from fastconv.testing.reference import relu

    monkeypatch.setenv("FASTCONV_CHECK", "1")
    monkeypatch.setattr(relu, "relu", lambda attributes, x: (np.maximum(x, 0.5),))
    with pytest.raises(
        NumericsError, match=r"^FASTCONV_CHECK: cpu relu \w+(:\w+)? in '' differs from its float64"
    ):
        p.Relu()(np.zeros(3, "f4"))
