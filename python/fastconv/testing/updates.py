"""What the tests of the optimisers' updates share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pytest

from fastconv import _core
from fastconv.testing import suite
from fastconv.testing.cases import UNIT_ROUNDOFF, Case, Fill, Input, evaluate
from fastconv.testing.suite import PrimitiveTests, candidates, run, same_bits


def update(
    label: str,
    primitive: Any,
    shape: tuple[int, ...],
    states: Sequence[Fill] = (),
    gradient: Fill = "normal",
    step: int = 3,
) -> Case:
    """A case of an update: parameter, gradient and states of one shape, a rate of 0.01, and the step if it counts."""
    tensors = [Input(shape, fill) for fill in ("normal", gradient, *states)]
    numbers = [np.array(0.01, np.float32), np.array(step)][: len(primitive.scalars())]
    return Case(label, primitive, *tensors, *numbers, differentiable=False)


def check_in_one_plan(case: Case, implementation: str, device: str, copies: int) -> None:
    """Several updates of variables of their own in one closing block, each written over what it reads."""
    expected = run(case, implementation, device=device)
    own = [0, *range(2, len(expected) + 1)]  # all but the gradient, which is input 1
    tensors = len(expected) + 1
    plan = _core.Plan(device)

    def variable(values: Any) -> tuple[Any, int]:
        buffer = _core.Buffer(device, values.dtype.name, values.shape)
        buffer.write(values)
        return buffer, plan.add_variable(buffer)

    numbers = [variable(values)[1] for values in case.values()[tensors:]]
    updated = []
    for _ in range(copies):
        buffers, slots = zip(*map(variable, case.values()[:tensors]), strict=True)
        updated.append(buffers)
        plan.add_step(
            _core.Part.closing, device, case.stem, implementation, case.primitive.attributes(), [*slots, *numbers],
            [slots[i] for i in own], 0, 0, 0, case.label,
        )  # fmt: skip
    plan.finish()
    plan.run([], [])
    for copy, buffers in enumerate(updated):
        for i, values in zip(own, expected, strict=True):
            assert same_bits(buffers[i].numpy(), values), f"copy {copy}, output over input {i}"


class UpdateTests(PrimitiveTests):
    """The tests of a primitive, and: all outputs over their inputs; steps as Keras takes them."""

    batched = ()
    # (update, Keras's class, its arguments besides the rate)
    as_in_keras: ClassVar[list[tuple[Any, str, dict[str, Any]]]] = []

    def test_all_outputs_in_place(self, case: Case, implementation: str) -> None:
        """Every output may lie over the input of its meaning: the variables of a closing block."""
        assert next(row for row in candidates(case) if row.name == implementation).in_place
        check_in_one_plan(case, implementation, "cpu", copies=1)

    def test_cuda_group(self, case: Case, implementation: str) -> None:
        """Updates of several variables are one launch, with the bits of one update alone."""
        device = suite.cuda_device
        assert device is not None
        from fastconv import _cuda

        before = _cuda.launches()
        check_in_one_plan(case, implementation, device, copies=3)
        # The single update to compare with, and the three.
        assert _cuda.launches() - before == (2 if case.values()[0].size else 0)

    def test_cuda_group_beyond_one_table(self) -> None:
        """More variables than the table of one launch takes are a few launches."""
        if suite.cuda_device is None:
            pytest.skip("no CUDA device to test on")
        from fastconv import _cuda

        before = _cuda.launches()
        check_in_one_plan(self.cases[0], "chunks", suite.cuda_device, copies=130)
        assert 1 + 2 <= _cuda.launches() - before <= 1 + 4

    def test_as_keras(self, peer: Any) -> None:
        """Seven steps of the reference end where Keras's optimiser does, up to float32's roundings."""
        keras = peer("keras")
        random = np.random.default_rng(0)
        start, *gradients = random.standard_normal((8, 50)).astype(np.float32)
        for primitive, name, arguments in self.as_in_keras:
            optimizer = getattr(keras.optimizers, name)(0.01, **arguments)
            variable = keras.Variable(start)
            optimizer.build([variable])
            p, states = start, [np.zeros(50) for _ in range(primitive.state_count())]
            for step, gradient in enumerate(gradients, 1):
                optimizer.apply([gradient], [variable])
                numbers = [float(np.float32(0.01)), step][: len(primitive.scalars())]
                p, *states = evaluate(primitive, p, gradient, *states, *numbers)
            # Each step rounds p and its change some four times.
            limit = 4 * len(gradients) * UNIT_ROUNDOFF * np.abs(start).max()
            np.testing.assert_allclose(np.asarray(variable), p, rtol=0, atol=limit, err_msg=str(primitive))
