"""What every metric is: state, how a batch changes it, and the number that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastconv import ops
from fastconv.compiler import Function
from fastconv.graph import active_trace, is_symbolic
from fastconv.losses.loss import weights_like
from fastconv.ops.values import floats, value
from fastconv.runtime import names
from fastconv.runtime.errors import ArgumentError
from fastconv.runtime.variable import Variable

_TINY = 1e-30  # divides a sum over nothing, which is 0


class Metric:
    """Base of the metrics.  A subclass gives `record(...)`, which calls `accumulate`, and `compute()`.

    `update_state` inside a traced function (a training step) notes writes for its closing block; on arrays it computes
    at once.  The state is float32: counts are exact up to 16.7 million.

    One of your own may be written as for Keras: `add_weight`, `update_state(y_true, y_pred, sample_weight=None)` with
    `assign_add` or `assign`, and `result()`.

    Args:  name: default the class's name in snake case.  dtype: float32, which it is anyway.
    """

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        self.name = name or names.snake_case(type(self).__name__)
        self.variables: list[Variable] = []
        self._functions: dict[tuple[str, str], Function] = {}

    def add_variable(
        self,
        shape: Any = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        name: str = "total",
        **kwargs: Any,
    ) -> Variable:
        """State, which after `reset_state` begins anew with 0.

        Args:  shape: default one number.  initializer: default "zeros".  dtype: default float32.
        """
        from fastconv import initializers

        sizes = (shape,) if isinstance(shape, int) else tuple(shape)
        kind = np.dtype(dtype or "float32").name
        value = initializers.get(initializer or "zeros")(sizes, kind)
        variable = Variable(value, kind, name=f"{self.name}/{name}", trainable=False)
        self.variables.append(variable)
        return variable

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        name: str = "weight",
        **kwargs: Any,
    ) -> Variable:
        """Keras's other name of `add_variable`."""
        if isinstance(shape, str):  # Keras 2: add_weight("total", ...)
            shape, name = (), shape
        return self.add_variable(shape, initializer, dtype, name)

    def record(self, *values: Any) -> None:
        """Adds what a batch changes; gets symbols: y_true, y_pred and perhaps weights."""
        raise NotImplementedError

    def compute(self) -> Any:
        """The number, from the state."""
        raise NotImplementedError

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch in."""
        self._take(y_true, y_pred, sample_weight)

    def _take(self, *values: Any) -> None:
        given = tuple(v for v in values if v is not None)
        if active_trace() is not None or any(is_symbolic(v) for v in given):
            self.record(*given)
        else:
            self._at_once(self.record)(*given)

    def _at_once(self, method: Callable[..., Any]) -> Function:
        """A method that runs on arrays, where the state is now: plans hold the memory that they were made with."""
        key = (method.__name__, self.variables[0].device if self.variables else "")
        if key not in self._functions:
            self._functions[key] = Function(method, name=self.name)
        return self._functions[key]

    def result(self) -> Any:
        """The number so far: an Array; a symbol inside a traced function."""
        return self.compute() if active_trace() is not None else self._at_once(self.compute)()

    def reset_state(self) -> None:
        """Begins anew."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))

    def reset_states(self) -> None:
        """Keras 2's name of `reset_state`."""
        self.reset_state()

    def __call__(self, *values: Any, **keywords: Any) -> Any:
        """`update_state`, then `result`."""
        self.update_state(*values, **keywords)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs to make it again."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """A metric made from what `get_config` gave (or Keras's)."""
        return cls(**{name: v for name, v in config.items() if name != "dtype"})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


def accumulate(variable: Variable, amount: Any) -> None:
    """Notes that the closing block adds `amount` to `variable`; twice in one step adds both."""
    assert active_trace() is not None, "metrics accumulate inside a traced function"
    variable.assign(ops.add(variable, amount))


class Mean(Metric):
    """Mean of all values seen, weighted if wanted.

    Args:  name: default "mean".

    >>> mean = Mean()
    >>> mean.update_state([1.0, 3.0])
    >>> mean.update_state([8.0])
    >>> float(mean.result())
    4.0
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self.total = self.add_variable(name="total")
        self.count = self.add_variable(name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Takes values in: of any shape, weights of one number a sample or of the values' shape."""
        self._take(values, sample_weight)

    def record(self, values: Any, sample_weight: Any = None) -> None:
        self._add(values, sample_weight)

    def _add(self, values: Any, sample_weight: Any) -> None:
        values = floats(values)
        if sample_weight is None:
            accumulate(self.total, ops.sum(values))
            accumulate(self.count, np.float32(ops.size(values)))
            return
        weights = weights_like(sample_weight, values)
        accumulate(self.total, ops.sum(ops.multiply(values, weights)))
        # Each weight counts for all values of its sample.
        repeats = ops.size(values) / max(1, ops.size(weights))
        accumulate(self.count, ops.multiply(ops.sum(weights), repeats))

    def compute(self) -> Any:
        return ops.divide(self.total, ops.maximum(self.count, _TINY))


class MeanOfFunction(Mean):
    """Mean of a function (y_true, y_pred) -> values of samples; what most metrics are.

    Args:  fn: of symbols.  name: default the function's.  More arguments go to the function.
    """

    def __init__(self, fn: Callable[..., Any], name: str | None = None, **arguments: Any) -> None:
        super().__init__(name or getattr(fn, "__name__", "metric"))
        self._fn = fn
        self._arguments = arguments

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Takes a batch in."""
        self._take(y_true, y_pred, sample_weight)

    def record(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        self._add(self._fn(value(y_true), floats(y_pred), **self._arguments), sample_weight)

    def get_config(self) -> dict[str, Any]:
        if type(self) is MeanOfFunction:
            raise ArgumentError(
                f"metric '{self.name}': expected one of fastconv's metrics, which a file can name; it is a function. "
                "Compile again after loading."
            )
        return super().get_config()


MeanMetricWrapper = MeanOfFunction


class Sum(Metric):
    """Sum of all values seen, weighted if wanted.

    Args:  name: default "sum".
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self.total = self.add_variable(name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Takes values in."""
        self._take(values, sample_weight)

    def record(self, values: Any, sample_weight: Any = None) -> None:
        values = floats(values)
        if sample_weight is not None:
            values = ops.multiply(values, weights_like(sample_weight, values))
        accumulate(self.total, ops.sum(values))

    def compute(self) -> Any:
        return ops.add(self.total, 0.0)
