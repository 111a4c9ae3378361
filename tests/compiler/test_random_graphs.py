"""Random graphs: compiled for the CPU, they give what the float64 interpreter gives."""

import numpy as np
from hypothesis import HealthCheck, example, given, settings, strategies as st
from programs import pool, same_conv, total

from fastconv import compiler, primitives as p
from fastconv.compiler import grad
from fastconv.runtime.variable import Variable

OPERATIONS = ("relu", "sigmoid", "add", "multiply", "conv", "bias", "pool", "reshape")
programs = st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 100)), min_size=1, max_size=12)


def build(program, x, filters, bias):
    """Runs a program on a stack of tensors (n, h, w, 4): each operation takes one or two that exist."""
    made = [x]
    for name, which in program:
        a = made[which % len(made)]
        b = made[(which // 7) % len(made)]
        if name == "relu":
            made.append(p.Relu()(a))
        elif name == "sigmoid":
            made.append(p.Sigmoid()(a))
        elif name in ("add", "multiply") and a.shape == b.shape:
            made.append((p.Add() if name == "add" else p.Multiply())(a, b))
        elif name == "conv":
            made.append(same_conv(a, filters))
        elif name == "bias":
            made.append(a + bias)
        elif name == "pool" and a.shape[1] > 1:
            made.append(pool(a))
        elif name == "reshape":
            made.append(p.Reshape(tuple(a.shape))(p.Reshape((0, -1))(a)))
    return made


def run(program, device, shaken=0.0):
    random = np.random.default_rng(len(program))
    x = random.standard_normal((2, 8, 8, 4)).astype("f4")
    filters = Variable(random.standard_normal((3, 3, 4, 4)).astype("f4") / 6, device=device)
    bias = Variable(random.standard_normal(4).astype("f4"), device=device)
    x *= 1 + np.float32(shaken) * random.choice([-1, 1], x.shape).astype("f4")

    def function(x):
        made = build(program, x, filters, bias)
        loss = total(p.Sigmoid()(made[-1]))
        for other in made[1:-1:3]:
            loss = loss + total(p.Sigmoid()(other))
        results = [made[-1], loss, *grad(loss, [x, filters, bias])]
        if (
            len(program) % 2
        ):  # what lies between and its reshapes are results as well, and nothing there can be fused
            results += [*made[1:], *(p.Reshape((0, -1))(tensor) for tensor in made[1:])]
        return results

    return [r.numpy() for r in compiler.Function(function, device=device)(x)]


# The same programs in every run: a change is judged by what it does, not by what was drawn.
@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs)
@example([("multiply", which) for which in (0, 7, 50, 23)] + [("conv", 24)])  # a sigmoid of sums of x^12
def test_compiled_graphs_agree_with_the_interpreter(program):
    results = (run(program, *how) for how in (("cpu",), ("reference",), ("reference", 1e-6)))
    for ours, exact, shaken in zip(*results, strict=True):
        # A product of a dozen steps, each a sum of at most 36 terms: 1e-4 of the largest value is far above its
        # rounding and far below any wrong operand.  Powers magnify what is rounded, and what is shaken alike.
        scale = max(1.0, float(np.abs(exact).max()))
        assert np.abs(ours - exact).max() <= 1e-4 * scale + 10 * np.abs(shaken - exact).max()
