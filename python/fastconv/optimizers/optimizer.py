"""What every optimiser is: a learning rate, a step counter, state of each weight, and an update."""

from __future__ import annotations

import gc
import re
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv import ops
from fastconv.compiler import Function
from fastconv.graph import active_trace, guard, scope
from fastconv.optimizers.clipping import clipped
from fastconv.optimizers.schedules import LearningRateSchedule
from fastconv.runtime import names
from fastconv.runtime.errors import ArgumentError, NumericsError
from fastconv.runtime.variable import Variable

# Keras's arguments that are accepted with the value that means "no", by name.
_SWITCHED_OFF: dict[str, tuple[Any, ...]] = {
    "use_ema": (False, None),
    "ema_momentum": (0.99, None),
    "ema_overwrite_frequency": (None,),
    "loss_scale_factor": (None,),
    "gradient_accumulation_steps": (None,),
    "jit_compile": (False, True, None),
    "is_legacy_optimizer": (False, True, None),
}


class Optimizer:
    """Base of the optimisers.

    Args:  learning_rate: a number or a schedule; `lr` is the older spelling.  weight_decay: share of each weight, times
        the rate, that is taken off in a step; default none.  clipnorm: longest gradient of one weight.  clipvalue:
        largest number in a gradient.  global_clipnorm: longest gradient of all weights together; one of the three.
        decay: as Keras 2 meant it, rate / (1 + decay * steps) (Keras 3 ignores it).  name: default the class's name.
    Raises:  ArgumentError: an unknown argument, one that is not supported, or more than one way of clipping.

    `learning_rate` (also `lr`) is a float32 variable that may be set at any time; with a schedule or `decay` it is the
    rate that the schedule starts from.  `iterations` counts the steps (int64).
    """

    slots: tuple[str, ...] = ()

    def __init__(
        self,
        learning_rate: Any = 0.01,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
        decay: float | None = None,
        lr: Any = None,
        **others: Any,
    ) -> None:
        self.name = name or names.snake_case(type(self).__name__)
        _refuse_others(type(self).__name__, others)
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.decay = float(decay or 0.0)
        given = {k: v for k, v in self._clipping().items() if v is not None}
        if len(given) > 1:
            raise ArgumentError(
                f"{type(self).__name__}: expected one way of clipping; came {' and '.join(given)}."
            )
        rate = learning_rate if lr is None else lr
        self._undecayed: list[Any] = []  # weights, and regular expressions of names
        self._schedule = rate if isinstance(rate, LearningRateSchedule) else None
        first = self._schedule.initial_learning_rate if self._schedule is not None else rate
        self._rate = Variable(_checked_rate(self.name, first), "float32", "learning_rate", trainable=False)
        self.iterations = Variable(np.zeros((), np.int64), "int64", "iterations", trainable=False)
        self._slots: dict[int, list[Variable]] = {}
        # Steps outside of traced functions, by their weights.
        self._functions: dict[tuple[int, ...], Function] = {}
        self._weights: list[Variable] = []
        self._owner: Any = None

    def _clipping(self) -> dict[str, float | None]:
        return {
            "clipnorm": self.clipnorm,
            "clipvalue": self.clipvalue,
            "global_clipnorm": self.global_clipnorm,
        }

    @property
    def learning_rate(self) -> Any:
        """The rate, a variable; set it to a number, or to a schedule."""
        return self._rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(value, LearningRateSchedule):
            raise ArgumentError(
                f"optimizer '{self.name}': expected a number; came a schedule. Give it to a new optimizer, and compile again."
            )
        if self._schedule is not None:
            raise ArgumentError(
                f"optimizer '{self.name}': expected a learning rate without a schedule, to set it; it follows "
                f"{type(self._schedule).__name__}. Make the optimizer with a number."
            )
        self._rate.assign(_checked_rate(self.name, value))

    @property
    def lr(self) -> Any:
        """Keras 2's name of `learning_rate`."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: Any) -> None:
        self.learning_rate = value

    @property
    def variables(self) -> list[Variable]:
        """All state: step counter, rate, then the slots of each weight in the order of `build`."""
        return [self.iterations, self._rate, *(slot for w in self._weights for slot in self._slots[id(w)])]

    def build(self, variables: Sequence[Variable], owner: Any = None) -> None:
        """Makes the state of the weights that have none yet; what there is, stays.

        Args:  variables: the weights.  owner: the model that they belong to.
        Raises:  ArgumentError: the optimiser already serves another model.
        """
        self._claim(owner)
        for variable in variables:
            if id(variable) in self._slots:
                continue
            slots = [
                Variable(
                    np.zeros(variable.shape, np.float32),
                    name=f"{variable.name}/{slot}",
                    trainable=False,
                    device=variable.device,
                )
                for slot in self.slots
            ]
            self._slots[id(variable)] = slots
            self._weights.append(variable)
        if variables:
            self.iterations.to(variables[0].device)
            self._rate.to(variables[0].device)

    def _claim(self, owner: Any) -> None:
        if owner is None:
            return
        if self._holder() not in (None, owner):
            gc.collect()  # a model that nobody can reach any more may still hang in a cycle
        holder = self._holder()
        if holder not in (None, owner):
            raise ArgumentError(
                f"optimizer '{self.name}': already serves model '{getattr(holder, 'name', holder)}'; expected one of its "
                f"own for '{getattr(owner, 'name', owner)}'. Make another: {type(self).__name__}(...)."
            )
        if holder is None and self._owner is not None:
            self._forget()
        self._owner = weakref.ref(owner)

    def _holder(self) -> Any:
        """The model that it serves; None if there is none any more."""
        return None if self._owner is None else self._owner()

    def _forget(self) -> None:
        """Begins anew, for another model: the one before is gone."""
        self._slots.clear()
        self._functions.clear()
        self._weights.clear()
        self.iterations.assign(np.zeros((), np.int64))

    def exclude_from_weight_decay(
        self, var_list: Sequence[Variable] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Weight decay leaves these weights alone.

        Args:  var_list: weights.  var_names: regular expressions; a weight in whose name one is found is meant.
        Raises:  ArgumentError: the optimizer has begun.
        """
        if self._weights:
            raise ArgumentError(
                f"optimizer '{self.name}': expected exclude_from_weight_decay before the first step; came after it. Call "
                "it before fit, on a new optimizer."
            )
        self._undecayed += [*(var_list or ()), *(var_names or ())]

    def decay_of(self, variable: Variable) -> float:
        """weight_decay of one weight, as the update primitives take it."""
        excluded = any(
            re.search(e, variable.name) if isinstance(e, str) else e is variable for e in self._undecayed
        )
        return 0.0 if excluded else float(self.weight_decay or 0.0)

    def slots_of(self, variable: Variable) -> list[Variable]:
        """The state of one weight, in the order of the class's `slots`."""
        return self._slots[id(variable)]

    def has_state_of(self, variables: Sequence[Variable]) -> bool:
        """Whether `build` has made the state of all these weights."""
        return all(id(variable) in self._slots for variable in variables)

    def apply(self, gradients: Sequence[Any], variables: Sequence[Variable] | None = None) -> None:
        """One step; nothing is written if a gradient is not finite.

        Inside a traced function it notes the writes; gradients that are arrays are applied at once.

        Args:  gradients: one for each weight; None leaves the weight as it is.  variables: the weights, default those
            that `build` was told.
        Raises:  ArgumentError: gradients and weights that are not equally many.
        """
        variables = self._weights if variables is None else list(variables)
        pairs = [
            (g, v) for g, v in zip(_equally_many(self.name, gradients, variables), variables) if g is not None
        ]
        gradients, variables = [gradient for gradient, _ in pairs], [variable for _, variable in pairs]
        self.build(variables)
        if active_trace() is not None:
            self._note_step(gradients, variables)
        elif variables:
            key = tuple(map(id, variables))
            if key not in self._functions:
                self._functions[key] = Function(
                    lambda *given: self._note_step(given, variables), name=self.name
                )
            self._functions[key](
                *gradients, explain=lambda error: _not_finite(self.name, gradients, variables, error)
            )

    def _note_step(self, gradients: Sequence[Any], variables: Sequence[Variable]) -> None:
        guard(*gradients)
        with scope("clipping"):
            gradients = clipped(gradients, **self._clipping())
        step = ops.add(self.iterations, 1)
        rate = self._rate_now()
        for gradient, variable in zip(gradients, variables, strict=True):
            self._update(gradient, variable, rate, step)
        self.iterations.assign(step)

    def apply_gradients(self, grads_and_vars: Sequence[tuple[Any, Variable]]) -> None:
        """Keras's way of giving `apply` its arguments: pairs of gradient and weight."""
        pairs = list(grads_and_vars)
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])

    def _rate_now(self) -> Any:
        """The rate of this step, a symbol."""
        if self._schedule is not None:
            rate = ops.cast(self._schedule(self.iterations), "float32")
            self._rate.assign(rate)
            return rate
        if self.decay:
            steps = ops.cast(self.iterations, "float32")
            return ops.divide(self._rate, ops.add(ops.multiply(steps, self.decay), 1.0))
        return self._rate

    def _update(self, gradient: Any, variable: Variable, rate: Any, step: Any) -> None:
        slots = self.slots_of(variable)
        updated = self.update(variable, gradient, slots, rate, step)
        updated = updated if isinstance(updated, tuple) else (updated,)
        for target, symbol in zip([variable, *slots], updated, strict=True):
            target.assign(symbol)

    def update(self, variable: Any, gradient: Any, slots: Sequence[Any], rate: Any, step: Any) -> Any:
        """The new value of the weight and of its slots, as symbols."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs to make it again (without state)."""
        rate: Any = float(self._rate.numpy())
        if self._schedule is not None:
            rate = names.configuration(self._schedule)
        return {
            "name": self.name,
            "learning_rate": rate,
            "weight_decay": self.weight_decay,
            **self._clipping(),
            "decay": self.decay,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Optimizer:
        """An optimiser made from what `get_config` gave (or Keras's)."""
        from fastconv.optimizers import schedules

        config = dict(config)
        rate = config.get("learning_rate")
        if isinstance(rate, dict):
            config["learning_rate"] = schedules.get(rate)
        return cls(**config)


def _equally_many(name: str, gradients: Sequence[Any], variables: Sequence[Variable]) -> list[Any]:
    found = list(gradients)
    if len(found) != len(variables):
        raise ArgumentError(
            f"optimizer '{name}': expected a gradient for each of {len(variables)} weights; came {len(found)}. "
            "Give apply() gradients and weights in the same order."
        )
    return found


def _not_finite(
    name: str, gradients: Sequence[Any], variables: Sequence[Variable], error: NumericsError
) -> NumericsError:
    for gradient, variable in zip(gradients, variables, strict=True):
        if not np.isfinite(np.asarray(gradient)).all():
            return NumericsError(
                f"optimizer '{name}': expected finite gradients; that of '{variable.name}' holds values that are not. "
                "No weight was changed. Lower the learning rate, or look at the loss."
            )
    return error


def _checked_rate(name: str, rate: Any) -> np.ndarray:
    if callable(rate):
        raise ArgumentError(
            f"optimizer '{name}': expected learning_rate to be a number or a schedule of fastconv.optimizers.schedules; "
            "came a function. Use callbacks.LearningRateScheduler(function)."
        )
    value = np.asarray(np.nan if isinstance(rate, str) else rate, np.float32).reshape(())
    if not value >= 0:
        raise ArgumentError(
            f"optimizer '{name}': expected a learning rate of 0 or more; came {rate!r}. 0.001 is usual."
        )
    return value


def _refuse_others(who: str, others: dict[str, Any]) -> None:
    for argument, value in others.items():
        if argument not in _SWITCHED_OFF:
            known = [
                "learning_rate",
                "weight_decay",
                "clipnorm",
                "clipvalue",
                "global_clipnorm",
                "decay",
                "momentum",
            ]
            near = names.nearest(argument, known)
            raise ArgumentError(
                f"{who}: unknown argument {argument!r}{f'; did you mean {near!r}?' if near else '.'}"
            )
        if value not in _SWITCHED_OFF[argument]:
            raise ArgumentError(f"{who}: {argument}={value!r} is not supported yet. Leave it out.")
