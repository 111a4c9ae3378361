"""The table that `model.summary()` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fastconv import graph, ops, optimizers
from fastconv.compiler import Function, grad
from fastconv.layers import context
from fastconv.layers.structure import leaves
from fastconv.models.input_checks import shape_text
from fastconv.primitives.base import ITEM_BYTES, Spec
from fastconv.runtime.device import get_device
from fastconv.runtime.errors import DeviceError
from fastconv.runtime.variable import Variable


def print_summary(
    model: Any,
    line_length: int | None,
    print_fn: Callable[[str], Any],
    nested: bool,
    batch_size: int,
    show_trainable: bool,
) -> None:
    """Layers, output shapes, numbers of parameters; totals and the memory of a batch."""
    rows = list(_rows(model, nested, 0))
    names = [row[0] for row in rows] + ["Layer (type)"]
    shapes = [row[1] for row in rows] + ["Output Shape"]
    first, second = max(map(len, names)) + 2, max(map(len, shapes)) + 2
    total = max(line_length or 0, first + second + 12)
    first += max(0, total - first - second - 12)
    print_fn(f'Model: "{model.name}"')
    print_fn("_" * total)
    print_fn(f"{'Layer (type)':<{first}}{'Output Shape':<{second}}{'Param #':>12}")
    print_fn("=" * total)
    for name, shape, count, frozen in rows:
        mark = "  frozen" if frozen and show_trainable else ""
        print_fn(f"{name:<{first}}{shape:<{second}}{count:>12,}{mark}")
    print_fn("=" * total)
    for line in _totals(model, batch_size):
        print_fn(line)


def _rows(model: Any, nested: bool, depth: int) -> Iterator[tuple[str, str, int, bool]]:
    for layer in model.layers:
        name = f"{'  ' * depth}{layer.name} ({type(layer).__name__})"
        yield name, _output_text(layer), layer.count_params(), not layer.trainable and bool(layer.weights)
        if nested and layer.is_model:
            yield from _rows(layer, nested, depth + 1)


def _output_text(layer: Any) -> str:
    if layer.is_model and layer._graph is not None:
        symbols = layer.outputs
    elif layer._calls:
        symbols = list(leaves(layer._calls[-1].outputs))
    else:
        return "?"
    return ", ".join(shape_text(symbol.shape) for symbol in symbols)


def _totals(model: Any, batch_size: int) -> Iterator[str]:
    trainable = sum(v.size for v in model.trainable_weights)
    everything = model.count_params()
    yield f"Total params: {everything:,} ({_size_text(4 * everything)})"
    yield f"Trainable params: {trainable:,}"
    yield f"Non-trainable params: {everything - trainable:,}"
    activations = _activation_bytes(model, batch_size)
    if activations is not None:
        yield f"Activations of a batch of {batch_size}: {_size_text(activations)}"
        yield _memory_text(model, batch_size)


def _memory_text(model: Any, batch_size: int) -> str:
    try:
        peaks = [f"{_size_text(peak)} {purpose}" for purpose, peak in _peaks(model, batch_size)]
    except DeviceError as error:  # kernels for GPUs take fewer than 2^31 elements
        return f"A batch of {batch_size} cannot be run. {error}"
    return f"Memory for a batch of {batch_size}, weights included: {', '.join(peaks)}"


def _activation_bytes(model: Any, batch_size: int) -> int | None:
    """Bytes of all layers' outputs for a batch, what a training step keeps at most; None if sizes are not known."""
    if model._graph is None:
        return None
    count = 0
    for call in model._graph.calls:
        for symbol in leaves(call.outputs):
            size = batch_size * ITEM_BYTES[symbol.dtype]
            for axis in symbol.shape[1:]:
                if axis is None:
                    return None
                size *= axis
            count += size
    return count


def _peaks(model: Any, batch_size: int) -> Iterator[tuple[str, int]]:
    """What plans for a batch take on the model's device, all in all: variables (weights, the optimiser's state), the
    arena, and what a plan keeps for itself.  Known from the plans alone; nothing is built and nothing runs."""
    specs = [Spec(s.dtype, (batch_size, *s.shape[1:])) for s in model._graph.input_symbols]

    def predict(*inputs: Any) -> Any:
        return model._forward(list(inputs))

    variables, optimizer = model.trainable_weights, model.optimizer
    state = 0
    if optimizer is None or not optimizer.has_state_of(variables):
        # The state is made by the first step, not to be described.
        state = len(optimizer.slots) * sum(v.buffer.bytes for v in variables) if optimizer else 0
        optimizer = optimizers.SGD()

    def train(*inputs: Any) -> None:
        # The loss is not known before `compile`, nor is it what takes memory.
        with context.random_key(Variable(np.zeros(2, np.int64), trainable=False, device=model._device())):
            total = sum(ops.mean(output) for output in leaves(model._forward(list(inputs))))
        graph.guard(total)
        optimizer.apply(grad(total, variables), variables)

    def needed(function: Function) -> int:
        plan = function.described(specs)
        return get_device(model._device()).needed_bytes(plan) + plan.bytes_in("variable")

    if variables:
        yield "to train", needed(Function(train, True, model._device())) + state
    yield "to predict", needed(Function(predict, False, model._device()))


def _size_text(size: float) -> str:
    """Bytes for people."""
    for unit in ("B", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"
