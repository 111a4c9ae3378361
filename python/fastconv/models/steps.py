"""The compiled steps of a model: forward pass, losses, metrics, gradients and the optimiser's update, as one graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv import graph, primitives
from fastconv.compiler import Function, grad
from fastconv.layers import context
from fastconv.layers.layer import Layer
from fastconv.layers.structure import leaves
from fastconv.models import batches as data
from fastconv.models.batches import Batch
from fastconv.models.compilation import Compilation
from fastconv.models.layer_graph import LayerGraph
from fastconv.runtime.errors import ArgumentError, DataError
from fastconv.runtime.variable import Variable

InputKeys = tuple[str, ...] | None
Form = tuple[int, int, int, InputKeys]


class Steps(Layer):
    """What a model is trained, tested and asked with: one function for each number of inputs, labels and weights."""

    stop_training: bool
    history: Any
    optimizer: Any
    class_names: list[str] | None
    _graph: LayerGraph | None
    _compilation: Compilation | None
    _epochs_done: int
    _key: Variable | None
    _steps: dict[Any, Function]
    _largest_trained: float | None

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs."""
        raise NotImplementedError

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs."""
        raise NotImplementedError

    def _init_training(self) -> None:
        vars(self).update(
            _compilation=None,
            _epochs_done=0,
            _key=None,
            _steps={},
            _largest_trained=None,
            stop_training=False,
            history=None,
            optimizer=None,
        )

    def _compiled(self, where: str) -> Compilation:
        if self._compilation is None:
            raise ArgumentError(
                f"{where}: model '{self.name}' is not compiled; compile(optimizer=, loss=) first."
            )
        return self._compilation

    def _forget_steps(self) -> None:
        self._steps.clear()

    def _training_variables(self) -> list[Variable]:
        found = [self._key] if self._key is not None else []
        if self._compilation is not None:
            found += [*self._compilation.state(), *self._compilation.optimizer.variables]
        return found

    def _step(self, kind: str, form: Form) -> Function:
        """The compiled step for so many inputs, labels and weights: "train", "test" or "predict"."""
        key = (kind, form)
        found = self._steps.get(key)
        if found is None:
            made = {"train": self._train_step, "test": self._test_step, "predict": self._predict_step}[kind]

            def step(*symbols: Any) -> Any:
                return made(*_split(symbols, form))

            found = Function(step, kind == "train", self._device(), f"{kind} step of '{self.name}'")
            self._steps[key] = found
        return found

    def _device(self) -> str | None:
        weights = self.weights
        return weights[0].device if weights else None

    def _run_step(self, kind: str, batch: Batch, explain: Any = None) -> Any:
        return self._step(kind, form_of(batch))(*data.tensors(batch), explain=explain)

    def _forward(self, x: list[Any], input_keys: InputKeys = None) -> Any:
        return self._extend((as_called(x, input_keys),), {})

    def _losses(
        self, x: list[Any], y: list[Any], weights: list[Any], input_keys: InputKeys
    ) -> tuple[Any, tuple[Any, ...]]:
        compilation = self._compilation
        assert compilation is not None
        predictions = list(leaves(self._forward(x, input_keys)))
        names = self._names_of_outputs(len(predictions))
        check_count("y", y, names, self.name)
        _check_samples(x, [*y, *weights], self.name)
        weights = weights or [None] * len(names)
        weights = weights * len(names) if len(weights) == 1 else weights
        compilation.resolve(
            names, [s.spec for s in y], [s.spec for s in predictions], self._device() or "cpu"
        )
        total, parts = compilation.total_loss(y, predictions, weights)
        return total, (total, parts, y, predictions, weights, x[0].shape[0])

    def _train_step(self, x: list[Any], y: list[Any], weights: list[Any], input_keys: InputKeys) -> None:
        compilation = self._compilation
        assert compilation is not None and self._key is not None
        with context.random_key(self._key):
            total, seen = self._losses(x, y, weights, input_keys)
        variables = compilation.trainable
        gradients = grad(total, variables)
        graph.guard(total, *gradients)
        compilation.optimizer.apply(gradients, variables)
        graph.assign(self._key, primitives.Add()(graph.as_symbol(self._key), np.array([0, 1], np.int64)))
        compilation.record(*seen)

    def _test_step(self, x: list[Any], y: list[Any], weights: list[Any], input_keys: InputKeys) -> None:
        assert self._compilation is not None
        _, seen = self._losses(x, y, weights, input_keys)
        self._compilation.record(*seen)

    def _predict_step(self, x: list[Any], y: list[Any], weights: list[Any], input_keys: InputKeys) -> Any:
        return self._forward(x, input_keys)

    def _names_of_outputs(self, count: int) -> list[str]:
        names = self.output_names
        return list(names) if len(names) == count else [f"output_{i + 1}" for i in range(count)]


def form_of(batch: Batch) -> Form:
    """How many inputs, labels and weights a batch has, and the keys of its inputs."""
    return len(batch.x), len(batch.y or ()), len(batch.weights or ()), batch.input_keys


def as_called(x: list[Any], input_keys: InputKeys) -> Any:
    """The inputs in the form that `call` gets: one, several, or by name."""
    if input_keys is not None:
        return dict(zip(input_keys, x, strict=True))
    return x[0] if len(x) == 1 else x


def _split(symbols: Sequence[Any], form: Form) -> tuple[list[Any], list[Any], list[Any], InputKeys]:
    x, y, _, input_keys = form
    return list(symbols[:x]), list(symbols[x : x + y]), list(symbols[x + y :]), input_keys


def check_count(what: str, values: Sequence[Any], names: Sequence[str], model_name: str) -> None:
    if len(values) != len(names):
        raise ArgumentError(
            f"model '{model_name}': expected {what} for {len(names)} outputs ({', '.join(names)}); came {len(values)}."
        )


def _check_samples(x: Sequence[Any], others: Sequence[Any], model_name: str) -> None:
    samples = x[0].shape[0]
    for other in others:
        if other.shape[:1] != (samples,):
            raise DataError(
                f"model '{model_name}': expected a label, and a weight if any, for each of the {samples} samples of a batch; "
                f"came an array {tuple(other.shape)}. Give each image its own entry."
            )
