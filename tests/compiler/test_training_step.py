"""A training step as a plan: the same on both devices, whatever pass is left out, and nothing on error."""

import gc
import math

import numpy as np
import pytest
from programs import Convnet, pool, same_conv, total

from fastconv import _core, compiler, primitives as p
from fastconv.compiler import fuse, grad
from fastconv.graph import assign, guard
from fastconv.runtime.errors import NumericsError
from fastconv.runtime.variable import Variable


def batch(n=4):
    random = np.random.default_rng(3)
    return random.standard_normal((n, 8, 8, 3)).astype("f4"), random.standard_normal((n, 1)).astype("f4")


def train(device="cpu", steps=5):
    net = Convnet(device)
    step = compiler.Function(net.step, training=True)
    losses = [float(step(*batch())) for _ in range(steps)]
    return losses, [w.numpy() for w in net.weights]


def test_the_reference_device_learns_the_same():
    losses, weights = train()
    exact_losses, exact_weights = train("reference")
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(losses, exact_losses, rtol=1e-4)
    for weight, exact in zip(weights, exact_weights, strict=True):
        assert np.linalg.norm(weight - exact) <= 1e-5 * np.linalg.norm(exact) * 5


@pytest.mark.parametrize("skipped", ["simplify", "fuse"])
def test_each_pass_alone_changes_no_meaning(monkeypatch, skipped):
    losses, _ = train()
    monkeypatch.setenv("FASTCONV_SKIP", skipped)
    np.testing.assert_allclose(train()[0], losses, rtol=1e-4)


def test_equal_bits_for_any_number_of_threads():
    results = []
    before = _core.thread_count()
    try:
        for threads in (1, 2, 8):
            _core.set_thread_count(threads)
            losses, weights = train()
            results.append((losses, [w.tobytes() for w in weights]))
    finally:
        _core.set_thread_count(before)
    assert results[0] == results[1] == results[2]


def test_a_poisoned_arena_changes_nothing(monkeypatch):
    losses, _ = train()
    monkeypatch.setenv("FASTCONV_POISON", "1")
    assert train()[0] == losses


def test_every_step_passes_its_check(monkeypatch):
    monkeypatch.setenv("FASTCONV_CHECK", "1")
    train(steps=2)


def test_a_step_that_is_not_finite_changes_nothing():
    net = Convnet()
    step = compiler.Function(net.step, training=True)
    x, y = batch()
    step(x, y)
    before = [v.numpy() for v in (*net.weights, *net.velocities)]
    x[1, 2, 3, 0] = np.inf
    with pytest.raises(
        NumericsError,
        match=r"^output of 'a' \(conv2d\) holds \d+ values that are not finite \(NaN\)|^output of 'a'",
    ):
        step(x, y)
    for variable, value in zip((*net.weights, *net.velocities), before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
    assert np.isfinite(float(step(*batch())))


def stems(function, *shapes, training=False):
    compiled = compiler.Function(function, training=training).compiled([p.Spec("float32", s) for s in shapes])
    return [step.primitive.stem for step in compiled.description.steps]


def test_a_layer_with_its_pooling_is_one_step():
    assert stems(Convnet(channels=16), (2, 8, 8, 16)) == ["conv2d_pooled", "conv2d_pooled", "dense"]


def test_a_convolution_that_another_reads_is_pooled_apart():
    net = Convnet()

    def both(x):
        y = p.Relu()(same_conv(x, net.filters[0]) + net.biases[0])
        return y, pool(y)

    assert stems(both, (2, 8, 8, 3)) == ["conv2d", "max_pool2d"]


def test_the_gradient_before_the_pooling_never_exists():
    made = stems(Convnet(channels=16).step, (2, 8, 8, 16), (2, 1), training=True)
    assert "conv2d_pooled_filter_gradient" in made
    assert not {"relu_gradient", "max_pool2d_gradient", "conv2d_filter_gradient"} & set(made)


def test_without_pooled_kernels_the_mask_of_a_relu_goes_into_the_gradient_of_its_pooling(monkeypatch):
    monkeypatch.setattr(
        fuse, "_cost", lambda device, primitive, *_: math.inf if "Pooled" in repr(primitive) else 1.0
    )
    made = stems(Convnet().step, (2, 8, 8, 3), (2, 1), training=True)
    assert made.count("max_pool2d_gradient") == 2
    assert "relu_gradient" not in made


def test_state_is_written_in_place_in_the_closing_block():
    net = Convnet()
    specs = [p.Spec("float32", (2, 8, 8, 3)), p.Spec("float32", (2, 1))]
    steps = compiler.Function(net.step, training=True).compiled(specs).description.steps
    closing = [s.primitive.stem for s in steps if s.part == "closing"]
    assert closing == ["sgd_update"] * 5


def test_two_variables_that_swap_their_values():
    a, b = Variable(np.float32(1)), Variable(np.float32(2))

    def swap():
        old_a, old_b = p.Add()(a, 0.0), p.Add()(b, 0.0)
        assign(a, old_b)
        assign(b, old_a)

    function = compiler.Function(swap)
    function()
    assert (float(a.numpy()), float(b.numpy())) == (2.0, 1.0)


def test_an_effect_that_others_read_sees_the_old_value():
    count = Variable(np.float32(0))

    def step(x):
        new = count + 1.0
        assign(count, new)
        return x * count, x * new

    function = compiler.Function(step)
    for i in range(3):
        old, new = function(np.ones(2, "f4"))
        assert (float(old[0]), float(new[0])) == (i, i + 1)


def test_work_on_weights_alone_is_done_once_until_they_change():
    weight = Variable(np.ones((3, 3, 2, 2), "f4"))
    ran = []
    function = compiler.Function(lambda x: same_conv(x, weight * 2.0))
    compiled = function.compiled([p.Spec("float32", (1, 4, 4, 2))])
    assert [s.part for s in compiled.description.steps] == ["prologue", "step"]
    x = np.ones((1, 4, 4, 2), "f4")

    def run():
        outputs = [compiled.device.new_buffer(s.dtype, s.shape) for s in compiled.output_specs]
        compiled.executable.run([x], outputs, lambda i, after: ran.append(i) if after else None)
        return outputs[0].numpy().max()

    assert run() == 36.0
    assert run() == 36.0
    weight.assign(np.zeros((3, 3, 2, 2)))
    assert run() == 0.0
    assert ran == [0, 1, 1, 0, 1]


def test_results_that_need_no_computing_are_copied_out():
    weight = Variable(np.arange(3, dtype="f4"))
    function = compiler.Function(lambda x: (x, weight, p.Reshape((2, 1))(x), x))
    same, value, column, again = function(np.array([5, 6], "f4"))
    assert same.numpy().tolist() == again.numpy().tolist() == [5, 6]
    assert value.numpy().tolist() == [0, 1, 2]
    assert column.numpy().tolist() == [[5], [6]]


def test_gradients_of_what_the_loss_does_not_see_are_zero():
    a, b = Variable(np.ones(2, "f4")), Variable(np.ones(3, "f4"))
    da, db = compiler.Function(lambda: tuple(grad(total(a * a), [a, b])))()
    assert da.numpy().tolist() == [2, 2]
    assert db.numpy().tolist() == [0, 0, 0]


def test_nothing_is_leaked():
    function = compiler.Function(lambda x: (same_conv(x, np.ones((3, 3, 2, 4), "f4")), guard()))
    function(np.ones((1, 4, 4, 2), "f4"))
    gc.collect()
    before = _core.allocated_bytes()
    for _ in range(50):
        function(np.ones((1, 4, 4, 2), "f4"))
    assert _core.allocated_bytes() == before
