"""What the tests of the optimisers' updates share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from fastconv import _core
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


class UpdateTests(PrimitiveTests):
    """The tests of a primitive, and: all outputs over their inputs; steps as Keras takes them."""

    batched = ()
    # (update, Keras's class, its arguments besides the rate)
    as_in_keras: ClassVar[list[tuple[Any, str, dict[str, Any]]]] = []

    def test_all_outputs_in_place(self, case: Case, implementation: str) -> None:
        """Every output may lie over the input of its meaning: the variables of a closing block."""
        expected = run(case, implementation)
        assert next(row for row in candidates(case) if row.name == implementation).in_place
        plan = _core.Plan("cpu")
        buffers = []
        for values in case.values():
            buffers.append(_core.Buffer("cpu", values.dtype.name, values.shape))
            buffers[-1].write(values)
        slots = [plan.add_variable(buffer) for buffer in buffers]
        own = [0, *range(2, len(expected) + 1)]  # all but the gradient, which is input 1
        plan.add_step(
            _core.Part.closing, "cpu", case.stem, implementation, case.primitive.attributes(), slots,
            [slots[i] for i in own], 0, 0, 0, case.label,
        )  # fmt: skip
        plan.finish()
        plan.run([], [])
        for i, values in zip(own, expected, strict=True):
            assert same_bits(buffers[i].numpy(), values), f"output over input {i}"

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
