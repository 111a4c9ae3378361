"""Optimisers: trajectories against float64 and against Keras, clipping, schedules, state, mistakes."""

import numpy as np
import pytest

from fastconv import compiler, function, grad, ops, optimizers
from fastconv.graph import as_symbol
from fastconv.optimizers import schedules
from fastconv.runtime.errors import ArgumentError, NumericsError
from fastconv.runtime.variable import Variable

rng = np.random.default_rng(11)
STEPS = 12
FIRST = [rng.normal(size=(5, 3)).astype(np.float32), rng.normal(size=(3,)).astype(np.float32)]
GRADIENTS = [[rng.normal(size=w.shape).astype(np.float32) for w in FIRST] for _ in range(STEPS)]

CASES = [
    ("SGD", {}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"learning_rate": 0.1, "weight_decay": 0.01}),
    ("SGD", {"learning_rate": 0.1, "clipnorm": 1.0}),
    ("SGD", {"learning_rate": 0.1, "clipvalue": 0.5}),
    ("SGD", {"learning_rate": 0.1, "global_clipnorm": 1.5}),
    ("SGD", {"learning_rate": 0.1, "clipnorm": 100.0}),
    ("RMSprop", {}),
    ("RMSprop", {"learning_rate": 0.01, "rho": 0.8, "momentum": 0.5}),
    ("RMSprop", {"learning_rate": 0.01, "centered": True}),
    ("RMSprop", {"learning_rate": 0.01, "centered": True, "momentum": 0.5}),
    ("Adam", {}),
    ("Adam", {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3}),
    ("Adam", {"learning_rate": 0.01, "weight_decay": 0.1}),
    ("Adam", {"learning_rate": 0.01, "amsgrad": True, "beta_2": 0.5, "weight_decay": 0.1}),
    ("AdamW", {"learning_rate": 0.01}),
]


def weights_of(values=FIRST):
    return [Variable(v, name=f"w{i}") for i, v in enumerate(values)]


def run(optimizer, weights, gradients=GRADIENTS):
    """Weights after each step."""
    function = compiler.Function(lambda *g: optimizer.apply(g, weights), training=True)
    trajectory = []
    for step in gradients:
        function(*step)
        trajectory.append([w.numpy() for w in weights])
    return trajectory


def in_float64(name, c):
    """Keras's formulas, written out once more, in float64."""
    rate = c.get("learning_rate", {"SGD": 0.01}.get(name, 0.001))
    decay = c.get("weight_decay", 0.004 if name == "AdamW" else 0.0)
    weights = [w.astype(np.float64) for w in FIRST]
    first, second, third = ([np.zeros(w.shape) for w in weights] for _ in range(3))
    for t, gradients in enumerate(GRADIENTS, 1):
        gradients = clipped([g.astype(np.float64) for g in gradients], c)
        for i, g in enumerate(gradients):
            w = weights[i] * (1 - decay * rate)
            if name == "SGD":
                m = c.get("momentum", 0.0)
                first[i] = m * first[i] - rate * g
                weights[i] = w + (m * first[i] - rate * g if c.get("nesterov") else first[i])
            elif name == "RMSprop":
                rho, m = c.get("rho", 0.9), c.get("momentum", 0.0)
                first[i] = rho * first[i] + (1 - rho) * g * g
                spread = first[i] + 1e-7
                if c.get("centered"):
                    third[i] = rho * third[i] + (1 - rho) * g
                    spread = spread - third[i] ** 2
                second[i] = m * second[i] + rate * g / np.sqrt(spread)
                weights[i] = w - second[i]
            else:
                b1, b2 = c.get("beta_1", 0.9), c.get("beta_2", 0.999)
                first[i] += (1 - b1) * (g - first[i])
                second[i] += (1 - b2) * (g * g - second[i])
                alpha = rate * np.sqrt(1 - b2**t) / (1 - b1**t)
                third[i] = np.maximum(third[i], second[i])
                square = third[i] if c.get("amsgrad") else second[i]
                weights[i] = w - alpha * first[i] / (np.sqrt(square) + c.get("epsilon", 1e-7))
    return weights


def clipped(gradients, c):
    if "clipvalue" in c:
        return [np.clip(g, -c["clipvalue"], c["clipvalue"]) for g in gradients]
    if "clipnorm" in c:
        return [g * min(1.0, c["clipnorm"] / np.linalg.norm(g)) for g in gradients]
    if "global_clipnorm" in c:
        norm = np.sqrt(sum((g * g).sum() for g in gradients))
        return [g * min(1.0, c["global_clipnorm"] / norm) for g in gradients]
    return gradients


def bound(name, c):
    """Twelve steps, each of some 20 roundings of numbers not above 4 (3 in a weight, 1 in all steps together).

    `centered` divides by the root of a difference of near numbers: up to 1/(1-rho) times more at the first steps.
    """
    return STEPS * 20 * 4 * 2.0**-24 * (10 if c.get("centered") else 1)


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=str)
class TestTrajectory:
    def test_against_float64(self, name, arguments):
        weights = weights_of()
        found = run(getattr(optimizers, name)(**arguments), weights)[-1]
        for ours, exact in zip(found, in_float64(name, arguments), strict=True):
            assert np.abs(ours - exact).max() <= bound(name, arguments)

    def test_against_keras(self, name, arguments, peer):
        keras = peer("keras")
        theirs = getattr(keras.optimizers, name)(**arguments)
        variables = [keras.Variable(w) for w in FIRST]
        ours = run(getattr(optimizers, name)(**arguments), weights_of())
        for step, gradients in enumerate(GRADIENTS):
            theirs.apply(list(gradients), variables)
            for a, b in zip(ours[step], variables, strict=True):
                assert np.abs(a - np.asarray(b)).max() <= 2 * bound(name, arguments)

    def test_configuration(self, name, arguments):
        optimizer = getattr(optimizers, name)(**arguments)
        again = optimizers.get(optimizers.serialize(optimizer))
        assert again.get_config() == optimizer.get_config()
        assert all(
            (a == b).all() for a, b in zip(run(again, weights_of())[-1], run(optimizer, weights_of())[-1])
        )

    def test_keras_configuration_is_read(self, name, arguments, peer):
        config = getattr(peer("keras").optimizers, name)(**arguments).get_config()
        ours = getattr(optimizers, name).from_config(config)
        expected = getattr(optimizers, name)(**arguments).get_config()
        found = ours.get_config()
        assert found.pop("name") == config["name"]
        expected.pop("name")
        assert found == expected


class TestAtOnce:
    """`apply` on arrays, outside of a traced function."""

    def test_the_same_bits_as_in_a_traced_function(self):
        for name, arguments in CASES:
            expected = run(getattr(optimizers, name)(**arguments), weights_of())[-1]
            optimizer, weights = getattr(optimizers, name)(**arguments), weights_of()
            for gradients in GRADIENTS:
                optimizer.apply_gradients(zip(gradients, weights, strict=True))
            assert all((w.numpy() == e).all() for w, e in zip(weights, expected, strict=True))
            assert int(optimizer.iterations.numpy()) == STEPS

    def test_weights_that_build_was_told_and_a_weight_without_gradient(self):
        optimizer, weights = optimizers.SGD(0.5), weights_of()
        optimizer.build(weights)
        optimizer.apply([None, np.ones(3)])
        assert (weights[0].numpy() == FIRST[0]).all()
        assert (weights[1].numpy() == FIRST[1] - np.float32(0.5)).all()

    def test_what_is_not_finite_is_named(self):
        optimizer, weights = optimizers.SGD(), weights_of()
        with pytest.raises(NumericsError) as caught:
            optimizer.apply([np.zeros((5, 3)), np.array([1, np.nan, 1])], weights)
        assert str(caught.value) == (
            "optimizer 'sgd': expected finite gradients; that of 'w1' holds values that are not. No weight was changed. "
            "Lower the learning rate, or look at the loss."
        )
        assert (weights[1].numpy() == FIRST[1]).all()

    def test_weights_without_decay(self):
        optimizer, weights = optimizers.SGD(1.0, weight_decay=0.5), weights_of()
        optimizer.exclude_from_weight_decay(var_names=["1"])
        optimizer.apply([np.zeros((5, 3)), np.zeros(3)], weights)
        assert (weights[0].numpy() == FIRST[0] / 2).all() and (weights[1].numpy() == FIRST[1]).all()


class TestState:
    def test_counts_steps(self):
        optimizer = optimizers.Adam()
        run(optimizer, weights_of())
        assert optimizer.iterations.dtype == "int64"
        assert int(optimizer.iterations.numpy()) == STEPS

    def test_stopped_and_taken_up_again_is_the_same(self):
        whole, weights = optimizers.Adam(0.01), weights_of()
        expected = run(whole, weights)[-1]
        first, half = optimizers.Adam(0.01), weights_of()
        run(first, half, GRADIENTS[:5])
        second, rest = optimizers.Adam(), weights_of([w.numpy() for w in half])
        second.build(rest)
        assert [v.name for v in second.variables] == [v.name for v in first.variables]
        for target, source in zip(second.variables, first.variables, strict=True):
            target.assign(source.numpy())
        found = run(second, rest, GRADIENTS[5:])[-1]
        assert all((a == b).all() for a, b in zip(found, expected, strict=True))

    def test_unfreezing_keeps_the_state_of_the_head(self):
        optimizer, weights = optimizers.RMSprop(), weights_of()
        run(optimizer, weights[:1], [g[:1] for g in GRADIENTS])
        before = optimizer.slots_of(weights[0])[0].numpy()
        optimizer.build(weights)
        assert (optimizer.slots_of(weights[0])[0].numpy() == before).all()
        assert not optimizer.slots_of(weights[1])[0].numpy().any()

    def test_a_gradient_that_is_not_finite_changes_nothing(self):
        optimizer, weights = optimizers.Adam(clipnorm=1.0), weights_of()
        run(optimizer, weights, GRADIENTS[:2])
        before = [v.numpy() for v in (*weights, *optimizer.variables)]
        bad = [GRADIENTS[2][0].copy(), GRADIENTS[2][1]]
        bad[0][1, 1] = np.nan
        with pytest.raises(NumericsError):
            run(optimizer, weights, [bad])
        after = [v.numpy() for v in (*weights, *optimizer.variables)]
        assert all((a == b).all() for a, b in zip(before, after, strict=True))

    def test_pairs(self):
        optimizer, weights = optimizers.SGD(0.5), weights_of()
        function = compiler.Function(
            lambda *g: optimizer.apply_gradients(zip(map(as_symbol, g), weights, strict=True)), training=True
        )
        function(*GRADIENTS[0])
        assert np.abs(weights[1].numpy() - (FIRST[1] - 0.5 * GRADIENTS[0][1])).max() <= 4 * 2.0**-24


class TestLearningRate:
    def test_may_be_set_while_training(self):
        optimizer, weights = optimizers.SGD(0.1), weights_of()
        function = compiler.Function(lambda *g: optimizer.apply(g, weights), training=True)
        optimizer.learning_rate = 0.0
        function(*GRADIENTS[0])
        assert (weights[0].numpy() == FIRST[0]).all()
        optimizer.lr = 1.0
        function(*GRADIENTS[0])
        assert np.abs(weights[0].numpy() - (FIRST[0] - GRADIENTS[0][0])).max() <= 4 * 2.0**-24
        assert float(optimizer.learning_rate.numpy()) == 1.0
        assert optimizer.learning_rate.dtype == "float32"

    def test_older_spelling(self):
        assert float(optimizers.RMSprop(lr=2e-5).learning_rate.numpy()) == np.float32(2e-5)

    def test_decay_as_keras_2_meant_it(self):
        optimizer, weights = optimizers.SGD(lr=0.1, decay=0.5), weights_of()
        expected = FIRST[1].astype(np.float64)
        for t, g in enumerate(GRADIENTS):
            expected = expected - 0.1 / (1 + 0.5 * t) * g[1]
        assert np.abs(run(optimizer, weights)[-1][1] - expected).max() <= bound("SGD", {})

    @pytest.mark.parametrize(
        ("name", "arguments"),
        [
            ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}),
            (
                "ExponentialDecay",
                {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5, "staircase": True},
            ),
            ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}),
            ("PiecewiseConstantDecay", {"boundaries": [2, 5], "values": [0.1, 0.01, 0.001]}),
        ],
    )
    def test_schedules(self, name, arguments, peer):
        theirs = getattr(peer("keras").optimizers.schedules, name)(**arguments)
        ours = getattr(schedules, name)(**arguments)
        for step in range(9):
            # exp and log lose up to |exponent| roundings; 16 is above both libraries' together.
            assert abs(float(ours(step)) - float(theirs(step))) <= 16 * 2.0**-24 * 0.1
        optimizer = optimizers.SGD(ours)
        run(optimizer, weights_of())
        rate = float(optimizer.learning_rate.numpy())  # that of the last step
        assert abs(rate - float(theirs(STEPS - 1))) <= 16 * 2.0**-24 * 0.1
        again = optimizers.get(optimizers.serialize(optimizer))
        assert again.get_config() == optimizer.get_config()


class TestMistakes:
    def refused(self, message, make):
        with pytest.raises(ArgumentError) as caught:
            make()
        assert str(caught.value) == message

    def test_one_optimizer_for_two_models(self):
        class Model:
            def __init__(self, name):
                self.name = name

        a, b = Model("a"), Model("b")
        optimizer = optimizers.Adam()
        optimizer.build(weights_of(), a)
        optimizer.build(weights_of(), a)
        self.refused(
            "optimizer 'adam': already serves model 'a'; expected one of its own for 'b'. Make another: Adam(...).",
            lambda: optimizer.build(weights_of(), b),
        )
        optimizer.iterations.assign(7)
        del a
        optimizer.build(weights_of(), b)
        assert int(optimizer.iterations.numpy()) == 0
        assert len(optimizer.variables) == 2 + 2 * len(FIRST)

    def test_misspelt(self):
        self.refused("optimizer 'rmspro': unknown; did you mean 'rmsprop'?", lambda: optimizers.get("rmspro"))
        self.refused(
            "Adam: unknown argument 'learnign_rate'; did you mean 'learning_rate'?",
            lambda: optimizers.Adam(learnign_rate=0.1),
        )

    def test_no_optimizer(self):
        self.refused(
            "optimizer: expected a name or an optimizer; came None. Use 'rmsprop', 'adam' or 'sgd'.",
            lambda: optimizers.get(None),
        )

    def test_two_ways_of_clipping(self):
        self.refused(
            "SGD: expected one way of clipping; came clipnorm and clipvalue.",
            lambda: optimizers.SGD(clipnorm=1, clipvalue=1),
        )

    def test_not_supported(self):
        self.refused(
            "Adam: use_ema=True is not supported yet. Leave it out.", lambda: optimizers.Adam(use_ema=True)
        )

    def test_gradients_and_weights_of_other_number(self):
        self.refused(
            "optimizer 'sgd': expected a gradient for each of 2 weights; came 1. Give apply() gradients and weights in the "
            "same order.",
            lambda: optimizers.SGD().apply([FIRST[0]], weights_of()),
        )

    def test_absent_schedule(self):
        with pytest.raises(AttributeError) as caught:
            getattr(schedules, "Cosine" + "Decay")
        assert str(caught.value) == (
            "fastconv.optimizers.schedules: no 'CosineDecay' here; there are ExponentialDecay, InverseTimeDecay, "
            "LearningRateSchedule, PiecewiseConstantDecay, get. Use one of these, a schedule of your own (subclass "
            "LearningRateSchedule), or callbacks.LearningRateScheduler."
        )

    def test_rates(self):
        self.refused(
            "optimizer 'sgd': expected a learning rate of 0 or more; came -1. 0.001 is usual.",
            lambda: optimizers.SGD(-1),
        )
        self.refused(
            "optimizer 'sgd': expected learning_rate to be a number or a schedule of fastconv.optimizers.schedules; "
            "came a function. Use callbacks.LearningRateScheduler(function).",
            lambda: optimizers.SGD(lambda step: 0.1),
        )
        optimizer = optimizers.SGD(schedules.ExponentialDecay(0.1, 10, 0.5))
        with pytest.raises(ArgumentError) as caught:
            optimizer.learning_rate = 0.1
        assert str(caught.value) == (
            "optimizer 'sgd': expected a learning rate without a schedule, to set it; it follows ExponentialDecay. "
            "Make the optimizer with a number."
        )

    def test_momentum(self):
        self.refused(
            "SGD: expected momentum from 0 to 1; came 1.5. 0.9 is usual.",
            lambda: optimizers.SGD(momentum=1.5),
        )


def test_a_build_that_failed_is_done_again(monkeypatch):
    """Memory for the second weight's slots is not there at first."""
    optimizer, weights = optimizers.Adam(), weights_of()
    made = []

    def variable(*arguments, **options):
        made.append(arguments)
        if len(made) == 3:
            raise MemoryError
        return Variable(*arguments, **options)

    monkeypatch.setattr(optimizers.optimizer, "Variable", variable)
    with pytest.raises(MemoryError):
        optimizer.build(weights)
    optimizer.build(weights)
    slots = [v.shape for v in optimizer.variables[2:]]
    assert slots == [(5, 3)] * 2 + [(3,)] * 2


def test_weights_are_assigned_to_behind_a_step():
    weight, sgd = Variable(np.float32([5, 5]), name="w"), optimizers.SGD(1.0)

    def step(x):
        loss = ops.sum(weight * x)
        sgd.apply(grad(loss, [weight]), [weight])
        weight.assign(ops.minimum(weight, 3.5))
        return loss

    function(step)(np.float32([1, 2]))
    assert weight.numpy().tolist() == [3.5, 3]


def test_two_steps_in_one_function():
    weight, sgd = Variable(np.float32([4]), name="w"), optimizers.SGD(0.25)

    def step(x):
        old = ops.sum(weight * weight * x)
        sgd.apply(grad(old, [weight]), [weight])  # 4 - 8 / 4
        again = grad(old, [weight])  # of the weight that `old` has read
        new = ops.sum(weight * weight * x)
        sgd.apply(grad(new, [weight]), [weight])  # 2 - 4 / 4
        return again[0]

    assert function(step)(np.float32([1])).numpy().tolist() == [8]
    assert weight.numpy().tolist() == [1]
    assert sgd.iterations.numpy() == 2


def test_weight_decay_is_decided_before_the_first_step():
    weight, sgd = Variable(np.float32([4]), name="dense/kernel"), optimizers.SGD(1.0, weight_decay=0.5)
    sgd.exclude_from_weight_decay(var_names=["kernel$"])
    sgd.apply([np.float32([0])], [weight])
    assert weight.numpy() == 4
    with pytest.raises(ArgumentError) as error:
        sgd.exclude_from_weight_decay([weight])
    assert str(error.value) == (
        "optimizer 'sgd': expected exclude_from_weight_decay before the first step; came after it. Call it before fit, on "
        "a new optimizer."
    )
