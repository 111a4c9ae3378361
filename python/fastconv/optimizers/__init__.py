"""Optimisers, with Keras's names, arguments, formulas and defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastconv.optimizers import schedules
from fastconv.optimizers.optimizer import Optimizer
from fastconv.optimizers.rules import SGD, Adam, AdamW, RMSprop
from fastconv.runtime import names
from fastconv.runtime.errors import ArgumentError

_by_name: dict[str, Any] = {"sgd": SGD, "rmsprop": RMSprop, "adam": Adam, "adamw": AdamW}
_absent = names.Absent(
    (
        "adadelta", "adafactor", "adagrad", "adamax", "ftrl", "lamb", "lion", "loss_scale_optimizer",
        "multi_optimizer", "muon", "nadam", "schedule_free_adamw",
    ),
    "Use one of these; Adam comes near most others.",
)  # fmt: skip


def get(identifier: Any) -> Optimizer:
    """The optimiser that is meant.

    Args:  identifier: a name ("rmsprop", "RMSprop"), a configuration, an optimiser, or its class.
    Raises:  ArgumentError: an unknown name (the message names the nearest), or no optimiser at all.
    """
    if isinstance(identifier, Optimizer):
        return identifier
    found = names.resolve("optimizer", identifier, _by_name, _absent)
    if not isinstance(found, Optimizer):
        raise ArgumentError(
            f"optimizer: expected a name or an optimizer; came {identifier!r}. Use 'rmsprop', 'adam' or 'sgd'."
        )
    return found


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """The configuration of an optimiser, which `get` takes."""
    return names.configuration(optimizer)


deserialize = get  # Keras's name, for configurations


__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "deserialize", "get", "schedules", "serialize"]

if not TYPE_CHECKING:
    __getattr__ = names.absent_names(__name__, __all__, _absent)
