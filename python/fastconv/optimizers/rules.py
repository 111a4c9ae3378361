"""The optimisers: gradient descent, RMSprop, Adam, with Keras's formulas and defaults."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fastconv import ops, primitives
from fastconv.optimizers.optimizer import Optimizer
from fastconv.runtime.errors import ArgumentError


class SGD(Optimizer):
    """Gradient descent: w - rate * g; with momentum v = momentum * v - rate * g and w + v.

    Args:  learning_rate: default 0.01.  momentum: 0 to 1, default 0.  nesterov: looks ahead by the momentum.
        The rest: see Optimizer.
    Raises:  ArgumentError: a momentum outside 0..1.
    """

    def __init__(
        self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **arguments: Any
    ) -> None:
        super().__init__(learning_rate, **arguments)
        _in_unit("SGD", "momentum", momentum)
        self.momentum = float(momentum)
        self.nesterov = bool(nesterov)
        self.slots = ("momentum",) if self.momentum else ()

    def update(self, variable: Any, gradient: Any, slots: Sequence[Any], rate: Any, step: Any) -> Any:
        rule = primitives.SgdUpdate(
            momentum=self.momentum,
            nesterov=self.nesterov and self.momentum > 0,
            weight_decay=self.decay_of(variable),
        )
        return rule(variable, gradient, *slots, rate)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}


class RMSprop(Optimizer):
    """Gradients divided by the root of their running mean square: w - rate * g / sqrt(s + epsilon).

    Args:  learning_rate: default 0.001.  rho: share of the old mean square that stays, default 0.9.  momentum: default
        0.  epsilon: default 1e-7, inside the root as in Keras 3 (Keras 2: outside).  centered: divides by the deviation
        instead.  The rest: see Optimizer.
    Raises:  ArgumentError: rho or momentum outside 0..1.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float | None = 1e-7,
        centered: bool = False,
        **arguments: Any,
    ) -> None:
        super().__init__(learning_rate, **arguments)
        _in_unit("RMSprop", "rho", rho)
        _in_unit("RMSprop", "momentum", momentum)
        self.rho, self.momentum = float(rho), float(momentum)
        self.epsilon = 1e-7 if epsilon is None else float(epsilon)
        self.centered = bool(centered)
        momentum_slot = ("momentum",) if self.momentum else ()
        self.slots = ("velocity", *momentum_slot, *(("average_gradient",) if centered else ()))

    def update(self, variable: Any, gradient: Any, slots: Sequence[Any], rate: Any, step: Any) -> Any:
        rule = primitives.RmspropUpdate(
            rho=self.rho,
            momentum=self.momentum,
            epsilon=self.epsilon,
            centered=self.centered,
            weight_decay=self.decay_of(variable),
        )
        return rule(variable, gradient, *slots, rate)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }


class Adam(Optimizer):
    """Steps from the running means of the gradients and of their squares (Kingma, Ba 2015).

    Args:  learning_rate: default 0.001.  beta_1, beta_2: shares of the old means that stay, default 0.9 and 0.999.
        epsilon: added to the root, default 1e-7.  amsgrad: divides by the largest mean square so far (Reddi,
        Kale, Kumar 2018).  The rest: see Optimizer.
    Raises:  ArgumentError: a beta outside 0..1.
    """

    slots: tuple[str, ...] = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float | None = 1e-7,
        amsgrad: bool = False,
        **arguments: Any,
    ) -> None:
        super().__init__(learning_rate, **arguments)
        _in_unit(type(self).__name__, "beta_1", beta_1)
        _in_unit(type(self).__name__, "beta_2", beta_2)
        self.beta_1, self.beta_2 = float(beta_1), float(beta_2)
        self.epsilon = 1e-7 if epsilon is None else float(epsilon)
        self.amsgrad = bool(amsgrad)
        if amsgrad:
            self.slots = ("momentum", "velocity", "max_velocity")

    def update(self, variable: Any, gradient: Any, slots: Sequence[Any], rate: Any, step: Any) -> Any:
        if self.amsgrad:
            return self._by_largest(variable, gradient, slots, rate, step)
        rule = primitives.AdamUpdate(
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
            weight_decay=self.decay_of(variable),
        )
        return rule(variable, gradient, *slots, rate, step)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }

    def _by_largest(self, variable: Any, gradient: Any, slots: Sequence[Any], rate: Any, step: Any) -> Any:
        """amsgrad's update, of single operations: it is rare, and has no kernel of its own."""
        momentum, velocity, largest = slots
        momentum = momentum + (gradient - momentum) * (1 - self.beta_1)
        velocity = velocity + (gradient * gradient - velocity) * (1 - self.beta_2)
        largest = ops.maximum(largest, velocity)
        steps = ops.cast(step, "float32")
        missing_1, missing_2 = (
            1.0 - ops.exp(steps * math.log(max(beta, 1e-30))) for beta in (self.beta_1, self.beta_2)
        )
        pace = rate * ops.sqrt(missing_2) / missing_1
        kept = variable * (1.0 - rate * self.decay_of(variable))
        return kept - momentum * pace / (ops.sqrt(largest) + self.epsilon), momentum, velocity, largest


class AdamW(Adam):
    """Adam whose weights are shrunk apart from the gradient (Loshchilov, Hutter 2019).

    Args:  weight_decay: default 0.004.  The rest: see Adam.
    """

    def __init__(self, learning_rate: Any = 0.001, weight_decay: float = 0.004, **arguments: Any) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay, **arguments)


def _in_unit(who: str, argument: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ArgumentError(f"{who}: expected {argument} from 0 to 1; came {value}. 0.9 is usual.")
