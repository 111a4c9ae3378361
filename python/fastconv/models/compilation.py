"""What `compile` was told: optimiser, losses, metrics, and their state during an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv import graph, losses, metrics, optimizers, primitives
from fastconv.layers.layer import tick
from fastconv.layers.serialization import registered
from fastconv.layers.structure import leaves
from fastconv.runtime.errors import ArgumentError
from fastconv.runtime.variable import Variable


class LossMean:
    """Mean of the losses of an epoch's batches, weighted by their sizes."""

    def __init__(self, name: str, device: str) -> None:
        self.name = name
        self.sums = Variable(np.zeros(2, np.float32), name=f"{name}/sums", trainable=False, device=device)

    @property
    def variables(self) -> list[Variable]:
        """Its state."""
        return [self.sums]

    def update(self, loss: Any, samples: int) -> None:
        """Inside a traced step: takes a batch in."""
        weighted = primitives.Multiply()(loss, np.float32(samples))
        both = primitives.Add()(
            primitives.Multiply()(weighted, np.array([1, 0], np.float32)), np.array([0, samples], np.float32)
        )
        graph.assign(self.sums, primitives.Add()(graph.as_symbol(self.sums), both))

    def result(self) -> float:
        """The mean so far."""
        total, count = self.sums.numpy()
        return float(total / count) if count else 0.0

    def reset_state(self) -> None:
        """Begins anew."""
        self.sums.assign(np.zeros(2, np.float32))


class Compilation:
    """Optimiser, losses and metrics of a model.

    The losses and metrics are matched with the outputs when these are known: at the first batch.
    """

    def __init__(
        self,
        model: Any,
        optimizer: Any,
        loss: Any,
        metric_list: Any,
        loss_weights: Any,
        weighted_metrics: Any,
    ) -> None:
        self.model_name = model.name
        self.optimizer = optimizers.get(optimizer)
        self.loss = loss
        self.loss_weights = loss_weights
        self.metric_list = metric_list
        self.weighted_metrics = weighted_metrics
        self.losses: list[Any] | None = None if isinstance(loss, (list, tuple, dict)) else [losses.get(loss)]
        if self.losses is None:
            for part in leaves(loss):
                losses.get(part)  # misspelt names are told at once
        for part in [*leaves(metric_list), *leaves(weighted_metrics)]:
            if isinstance(part, str) and part.lower() not in ("accuracy", "acc"):
                metrics.get(part)
        self.at = tick()
        self.trainable: list[Variable] = model.trainable_weights
        self.output_names: list[str] = []
        self.loss_mean: LossMean | None = None
        self.output_means: list[LossMean] = []
        self.metrics: list[tuple[int, bool, Any]] = []  # (output, weighted by sample_weight, metric)
        self._resolved = False

    # Matching with the outputs

    def loss_of_outputs(self, names: Sequence[str]) -> list[Any]:
        """One loss an output, None for outputs without."""
        parts = _per_output(self.loss, names, "loss", self.model_name)
        if len(names) > 1 and not isinstance(self.loss, (list, tuple, dict)):
            found = losses.get(self.loss)
            return [found] * len(names)
        return [losses.get(part) for part in parts]

    def resolve(
        self, names: Sequence[str], y_specs: Sequence[Any], pred_specs: Sequence[Any], device: str
    ) -> None:
        """Makes the state, once outputs and labels are known."""
        if self._resolved:
            return
        self.output_names = list(names)
        self.losses = self.loss_of_outputs(names)
        self.loss_mean = LossMean("loss", device)
        several = len(names) > 1
        if several:
            self.output_means = [LossMean(f"{name}_loss", device) for name in names]
        self.metrics = []
        for weighted, wanted in ((False, self.metric_list), (True, self.weighted_metrics)):
            for i, identifiers in enumerate(_metrics_per_output(wanted, names, self.model_name)):
                for identifier in identifiers:
                    metric = metrics.resolve(identifier, self.losses[i], y_specs[i], pred_specs[i])
                    for variable in metric.variables:
                        variable.to(device)
                    self.metrics.append((i, weighted, metric))
        plain: set[str] = set()
        found = []
        for i, weighted, metric in self.metrics:
            output = f"{names[i]}_" if several else ""
            name = f"{output}{metric.name}"
            if not weighted:
                plain.add(name)
            found.append(f"{output}weighted_{metric.name}" if weighted and name in plain else name)
        self._names_of_metrics = _unique_names(found)
        self._resolved = True

    # Inside a traced step

    def total_loss(
        self, y: Sequence[Any], predictions: Sequence[Any], weights: Sequence[Any]
    ) -> tuple[Any, list[Any]]:
        """The number that training makes small, and the loss of each output."""
        assert self.losses is not None
        shares = _per_output(self.loss_weights, self.output_names, "loss_weights", self.model_name)
        parts = []
        total = None
        for i, (loss, prediction) in enumerate(zip(self.losses, predictions, strict=True)):
            if loss is None:
                continue
            with graph.scope("loss"):
                part = _scalar(loss(y[i], prediction, weights[i]), loss)
            parts.append(part)
            share = 1.0 if shares[i] is None else float(shares[i])
            part = part if share == 1.0 else primitives.Multiply()(part, np.float32(share))
            total = part if total is None else primitives.Add()(total, part)
        if total is None:
            raise ArgumentError(
                f"model '{self.model_name}': expected a loss; compile(loss=...) got none. Use "
                "loss='binary_crossentropy', 'categorical_crossentropy' or 'mse'."
            )
        return total, parts

    def record(
        self,
        total: Any,
        parts: Sequence[Any],
        y: Sequence[Any],
        predictions: Sequence[Any],
        weights: Sequence[Any],
        samples: int,
    ) -> None:
        """Notes the writes of the losses' and metrics' state."""
        assert self.loss_mean is not None and self.losses is not None
        self.loss_mean.update(total, samples)
        with_loss = [m for m, loss in zip(self.output_means, self.losses, strict=False) if loss is not None]
        for mean, part in zip(with_loss, parts, strict=False):
            mean.update(part, samples)
        for i, weighted, metric in self.metrics:
            metric.update_state(y[i], predictions[i], weights[i] if weighted else None)

    # Between steps

    def _parts(self) -> list[Any]:
        parts = [self.loss_mean, *self.output_means, *(metric for _, _, metric in self.metrics)]
        return [part for part in parts if part is not None]

    def state(self) -> list[Variable]:
        """Variables of losses and metrics."""
        return [variable for part in self._parts() for variable in part.variables]

    def reset(self) -> None:
        """Losses and metrics begin anew."""
        for part in self._parts():
            part.reset_state()

    def results(self) -> dict[str, Any]:
        """Losses and metrics so far, by name."""
        if self.loss_mean is None:
            return {}
        found: dict[str, Any] = {"loss": self.loss_mean.result()}
        assert self.losses is not None
        for mean, loss in zip(self.output_means, self.losses, strict=False):
            if loss is not None:
                found[mean.name] = mean.result()
        for name, (_, _, metric) in zip(self._names_of_metrics, self.metrics, strict=True):
            value = np.asarray(metric.result())
            found[name] = float(value) if value.ndim == 0 else value
        return found

    # For files

    def config(self) -> dict[str, Any]:
        """What `compile` was told, as plain data."""
        return {
            "optimizer": optimizers.serialize(self.optimizer),
            "loss": _plain(self.loss, losses),
            "metrics": _plain(self.metric_list, metrics),
            "loss_weights": self.loss_weights,
            "weighted_metrics": _plain(self.weighted_metrics, metrics),
        }


def _scalar(value: Any, loss: Any) -> Any:
    if value.shape == ():
        return value
    if getattr(loss, "reduction", "") == "none":  # training needs one number
        return primitives.ReduceMean(tuple(range(len(value.shape))), False)(value)
    raise ArgumentError(
        f"loss '{loss.name}': expected one number for a batch; came {value.shape}. Reduce it."
    )


def _per_output(given: Any, names: Sequence[str], what: str, model_name: str) -> list[Any]:
    """One entry an output, from a list or from a dict by the outputs' names."""
    if isinstance(given, dict):
        unknown = set(given) - set(names)
        if unknown:
            raise ArgumentError(
                f"model '{model_name}': expected {what} for the outputs {', '.join(names)}; came "
                f"{', '.join(sorted(unknown))}."
            )
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)):
        if len(given) != len(names):
            raise ArgumentError(
                f"model '{model_name}': expected {what} for {len(names)} outputs ({', '.join(names)}); came "
                f"{len(given)}."
            )
        return list(given)
    return [given] * len(names)


def _metrics_per_output(given: Any, names: Sequence[str], model_name: str) -> list[list[Any]]:
    if given is None:
        return [[] for _ in names]
    if isinstance(given, dict):
        return [_as_list(part) for part in _per_output(given, names, "metrics", model_name)]
    given = _as_list(given)
    if any(isinstance(part, (list, tuple)) for part in given):
        return [_as_list(part) for part in _per_output(given, names, "metrics", model_name)]
    return [list(given) for _ in names]


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _unique_names(names: Sequence[str]) -> list[str]:
    counts: dict[str, int] = {}
    unique = []
    for name in names:
        number = counts.get(name, 0)
        counts[name] = number + 1
        unique.append(f"{name}_{number}" if number else name)
    return unique


def _plain(value: Any, module: Any) -> Any:
    """Losses or metrics as data: names, configurations, and {"function": name} for functions."""
    if isinstance(value, (list, tuple)):
        return [_plain(part, module) for part in value]
    if isinstance(value, dict):
        return {name: _plain(part, module) for name, part in value.items()}
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, type):
        return value.__name__
    if hasattr(value, "__name__"):
        return {"function": value.__name__}
    return module.serialize(value)


def revived(config: dict[str, Any], custom_objects: dict[str, Any] | None) -> dict[str, Any]:
    """Arguments of `compile` from what `Compilation.config` gave.

    Raises:  ArgumentError: a function or class of the user's own that was not given.
    """
    given = {name: config.get(name) for name in ("optimizer", "loss_weights")}
    for name, module in (("loss", losses), ("metrics", metrics), ("weighted_metrics", metrics)):
        given[name] = _revived(config.get(name), module, custom_objects or {})
    return given


def _revived(value: Any, module: Any, custom_objects: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_revived(part, module, custom_objects) for part in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"function"}:
        return _found(value["function"], module, custom_objects)
    if set(value) != {"class_name", "config"}:
        return {name: _revived(part, module, custom_objects) for name, part in value.items()}
    cls = _found(value["class_name"], module, custom_objects)
    return cls.from_config(value["config"])


def _found(name: str, module: Any, custom_objects: dict[str, Any]) -> Any:
    own = custom_objects.get(name) or registered(name)
    if own is not None:
        return own
    if name in module.__all__:
        return getattr(module, name)
    raise ArgumentError(
        f"load_model: expected {name!r}, with which the model was compiled and which is not fastconv's. Give "
        f"custom_objects={{{name!r}: ...}}, or compile=False and compile again."
    )
