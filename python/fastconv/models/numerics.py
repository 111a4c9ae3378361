"""What a training step says that met numbers that are not finite: where, what came, what to try."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from fastconv.models.batches import Batch
from fastconv.runtime.errors import DataError, NonFiniteData, NumericsError, ShapeError


def explained(model: Any, error: NumericsError, batch: Batch, epoch: int | None) -> NumericsError:
    """The plan's error with step, epoch, cause and remedy; NonFiniteData where the batch is the cause.

    The cause is looked for in this order: the batch (its samples are named, by their files where it has some), the
    weights as they were before the step, and the first tensor of the step, which the plan has found.
    """
    optimizer = model.optimizer
    done = int(optimizer.iterations.numpy())
    where = f"step {done + 1}" + (f", epoch {epoch + 1}" if epoch is not None else "")
    kept = f"Weights are those of step {done}."
    if bad := _bad_batch(model, where, batch):
        return NonFiniteData(f"{bad} {kept}")
    if bad := _bad_weight(model):
        return NumericsError(
            f"{where}: expected finite numbers; {bad} already before this step. Build the model again, or load "
            "weights that are finite."
        )
    what = str(error).removesuffix(" Nothing of this step was kept.").rstrip(".")
    rate = float(optimizer.learning_rate.numpy())
    return NumericsError(
        f"{where}: expected finite numbers; {what}; rate {rate:g}. {kept} Try {_remedy(optimizer, rate)}."
    )


def _bad_batch(model: Any, where: str, batch: Batch) -> str | None:
    """What the checks of the first batch say of this one: a generator's later batches were not looked at before."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model._check_data(where, batch, batch, model._build_for(batch))
    except (DataError, ShapeError) as error:
        return str(error)
    return None


def _bad_weight(model: Any) -> str | None:
    for variable in model.weights:
        values = variable.numpy()
        if values.dtype.kind == "f" and not (fine := np.isfinite(values)).all():
            return f"weight '{variable.name}' holds {int((~fine).sum())} values that are not finite of {values.size}"
    return None


def _remedy(optimizer: Any, rate: float) -> str:
    """A tenth of the rate; clipping where there is none yet."""
    clips = any(value is not None for value in optimizer._clipping().values())
    return f"{rate / 10:g}" + ("" if clips else " or clipnorm=1")
