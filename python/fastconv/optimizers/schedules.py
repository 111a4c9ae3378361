"""Learning rates as functions of the step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastconv import ops
from fastconv.runtime import names
from fastconv.runtime.errors import ArgumentError


class LearningRateSchedule:
    """Base of the schedules: `schedule(step)` is the rate of a step; steps count from 0.

    On symbols it extends the graph, on numbers it computes at once.
    """

    initial_learning_rate: float = 0.0

    def __call__(self, step: Any) -> Any:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs to make it again."""
        raise NotImplementedError

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """A schedule made from what `get_config` gave."""
        return cls(**config)


class _Decay(LearningRateSchedule):
    """What the decays share."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ) -> None:
        if not decay_steps > 0:
            raise ArgumentError(f"{type(self).__name__}: expected decay_steps above 0; came {decay_steps}.")
        self.initial_learning_rate = float(initial_learning_rate)
        self.decay_steps = decay_steps
        self.decay_rate = float(decay_rate)
        self.staircase = staircase
        self.name = name or type(self).__name__

    def _progress(self, step: Any) -> Any:
        """steps / decay_steps, whole if it is a staircase."""
        progress = ops.multiply(ops.cast(step, "float32"), 1.0 / self.decay_steps)
        return ops.cast(ops.cast(progress, "int64"), "float32") if self.staircase else progress

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


class ExponentialDecay(_Decay):
    """initial_learning_rate * decay_rate^(step / decay_steps).

    Args:  initial_learning_rate, decay_steps, decay_rate: see the formula.  staircase: whole exponents only.
    Raises:  ArgumentError: a decay_rate or decay_steps that is not above 0.

    >>> round(float(ExponentialDecay(0.1, 100, 0.5)(200)), 6)
    0.025
    """

    def __call__(self, step: Any) -> Any:
        if not self.decay_rate > 0:
            raise ArgumentError(f"ExponentialDecay: expected decay_rate above 0; came {self.decay_rate}.")
        power = ops.exp(ops.multiply(self._progress(step), math.log(self.decay_rate)))
        return ops.multiply(power, self.initial_learning_rate)


class InverseTimeDecay(_Decay):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps).

    Args:  initial_learning_rate, decay_steps, decay_rate: see the formula.  staircase: whole steps only.
    """

    def __call__(self, step: Any) -> Any:
        divisor = ops.add(ops.multiply(self._progress(step), self.decay_rate), 1.0)
        return ops.divide(self.initial_learning_rate, divisor)


class PiecewiseConstantDecay(LearningRateSchedule):
    """One rate up to each boundary (included), the last one behind them.

    Args:  boundaries: steps, ascending.  values: rates, one more than boundaries.
    Raises:  ArgumentError: the numbers of boundaries and values do not fit.
    """

    def __init__(self, boundaries: Sequence[int], values: Sequence[float], name: str | None = None) -> None:
        if len(values) != len(boundaries) + 1:
            raise ArgumentError(
                f"PiecewiseConstantDecay: expected {len(boundaries) + 1} values for {len(boundaries)} boundaries; "
                f"came {len(values)}."
            )
        self.boundaries = list(boundaries)
        self.values = [float(v) for v in values]
        self.initial_learning_rate = self.values[0]
        self.name = name or type(self).__name__

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32")
        rate: Any = self.values[0]
        for boundary, before, behind in zip(self.boundaries, self.values, self.values[1:], strict=False):
            passed = ops.cast(ops.greater(step, float(boundary)), "float32")
            rate = ops.add(ops.multiply(passed, behind - before), rate)
        return rate

    def get_config(self) -> dict[str, Any]:
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}


_by_name: dict[str, Any] = {
    "exponential_decay": ExponentialDecay,
    "inverse_time_decay": InverseTimeDecay,
    "piecewise_constant_decay": PiecewiseConstantDecay,
}


def get(identifier: Any) -> LearningRateSchedule:
    """A schedule of a configuration."""
    return names.resolve("schedule", identifier, _by_name)


__all__ = [
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "get",
]

if not TYPE_CHECKING:
    __getattr__ = names.absent_names(
        __name__,
        __all__,
        "Use one of these, a schedule of your own (subclass LearningRateSchedule), or callbacks.LearningRateScheduler.",
    )
