"""What every loss is, and how the losses of samples become one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastconv import ops
from fastconv.compiler import Function
from fastconv.graph import is_symbolic
from fastconv.ops.values import floats, value
from fastconv.runtime import names
from fastconv.runtime.errors import ArgumentError, ShapeError

REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none")


class Loss:
    """Base of the losses: a subclass gives `call(y_true, y_pred)`, the loss of each sample.

    Called on symbols it extends the graph; called on arrays it computes at once and returns an Array.

    Args:  name: default the class's name in snake case.  reduction: "sum_over_batch_size" (default) divides the sum by
        the number of losses; "sum", "mean_with_sample_weight" (by the sum of the weights), "none" (no reduction).
    Raises:  ArgumentError: an unknown reduction.
    """

    # What labels the loss wants: "binary", "categorical", "sparse", "regression"; empty for losses of one's own.
    family = ""
    from_logits = False

    def __init__(self, name: str | None = None, reduction: str | None = "sum_over_batch_size") -> None:
        reduction = "none" if reduction is None else reduction
        if reduction not in REDUCTIONS:
            raise ArgumentError(
                f"{type(self).__name__}: expected reduction to be one of {', '.join(map(repr, REDUCTIONS))}; "
                f"came {reduction!r}. The default is 'sum_over_batch_size'."
            )
        self.name = name or names.snake_case(type(self).__name__)
        self.reduction = reduction
        self._at_once: Function | None = None

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample."""
        raise NotImplementedError

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch: a scalar (or one number a sample with reduction "none")."""
        operands = (y_true, y_pred) if sample_weight is None else (y_true, y_pred, sample_weight)
        if any(is_symbolic(operand) for operand in operands):
            return self._reduced(*operands)
        if self._at_once is None:
            self._at_once = Function(self._reduced, name=self.name)
        return self._at_once(*operands)

    def _reduced(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        losses = self.call(value(y_true), floats(y_pred))
        return reduced(losses, sample_weight, self.reduction)

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs to make it again."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """A loss made from what `get_config` gave (or Keras's, whose `fn` and `dtype` say nothing new here)."""
        return cls(**{name: v for name, v in config.items() if name not in ("fn", "dtype")})


class FunctionLoss(Loss):
    """A function (y_true, y_pred) -> losses as a loss.

    Args:  fn: of symbols, written with `fastconv.ops` and Python's operators.  name: default the function's.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        **arguments: Any,
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", "loss"), reduction)
        self.fn = fn
        self._arguments = arguments

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.fn(y_true, y_pred, **self._arguments)

    def get_config(self) -> dict[str, Any]:
        raise ArgumentError(
            f"loss '{self.name}': expected one of fastconv's losses, which a file can name; it is a function of your "
            "own. Save the weights alone, or compile again after loading."
        )


def reduced(losses: Any, sample_weight: Any, reduction: str) -> Any:
    """Losses of samples (n, ...), weighted, as one number."""
    weights = None if sample_weight is None else weights_like(sample_weight, losses)
    if weights is not None:
        losses = ops.multiply(losses, weights)
    if reduction == "none" or not losses.shape:
        return losses
    if reduction == "sum":
        return ops.sum(losses)
    if reduction == "mean_with_sample_weight" and weights is not None:
        return ops.divide(ops.sum(losses), ops.sum(weights))
    return ops.mean(losses)


def weights_like(sample_weight: Any, values: Any) -> Any:
    """Weights in float32, with as many axes as the values: one number a sample counts for all of the sample's values.

    Raises:  ShapeError: they fit no axis of the values.
    """
    weights = floats(sample_weight)
    rank = len(values.shape)
    if len(weights.shape) == rank + 1 and weights.shape[-1] == 1:
        weights = ops.squeeze(weights, -1)
    if len(weights.shape) > rank:
        raise ShapeError(
            f"sample_weight: expected at most {rank} axes, as the losses are {tuple(values.shape)}; "
            f"came {tuple(weights.shape)}. Give one weight a sample."
        )
    if weights.shape and len(weights.shape) < rank:
        weights = ops.reshape(weights, (*weights.shape, *(1,) * (rank - len(weights.shape))))
    return weights
