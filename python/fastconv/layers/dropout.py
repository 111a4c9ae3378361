"""Random zeros in training."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv import graph, primitives
from fastconv.layers import context
from fastconv.layers.layer import Layer, with_old_names
from fastconv.runtime import keys
from fastconv.runtime.device import default_device
from fastconv.runtime.errors import ArgumentError
from fastconv.runtime.variable import Variable


@with_old_names
class Dropout(Layer):
    """In training, sets each value to 0 with probability `rate` and scales the others by 1 / (1 - rate).

    What is dropped follows from the seed, the place of the layer in the model and the step: the same for any number
    of threads and on every device, and after saving and loading.  Keras draws anew each time.

    Args:  rate: from 0 up to, not including, 1.  seed: default follows `utils.set_random_seed`.
    Raises:  ArgumentError: a rate outside of that.
    """

    config_names = ("rate", "seed")

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(rate, (int, float, np.number)) or not 0 <= rate < 1:
            raise ArgumentError(
                f"Dropout: expected a rate from 0 up to below 1; came {rate!r}. 0.5 is usual."
            )
        if noise_shape is not None:
            raise ArgumentError(
                f"Dropout: noise_shape is not supported; came {noise_shape}. Drop the argument."
            )
        self.rate = float(rate)
        self.seed = seed

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        if not training or self.rate == 0:
            return inputs
        trace = graph.active_trace()
        assert trace is not None
        # By place, not by name: the second model of a session draws what the first one drew.
        own = 0 if self.seed is None else 2 * int(self.seed) + 1
        path = trace.random_path("dropout") | (own & 0x7FFF_FFFF) << 32
        return primitives.Dropout(self.rate, path, True)(self._cast(inputs), _key())


_lock = threading.Lock()
_process_key: Variable | None = None
_key_of = -1  # keys.times_set() when the key was last begun


def _key() -> Any:
    """The running model's key, or that of layers called outside of a model's training."""
    key = context.current_key()
    if key is not None:
        return key
    trace = graph.active_trace()
    key = _shared_key()
    if trace is not None:  # the key follows whoever draws
        key.to(next((v.device for v in trace.variables if v is not key), default_device()))
    if trace is not None and all(variable is not key for variable, _ in trace.effects):
        graph.assign(key, primitives.Add()(graph.as_symbol(key), np.array([0, 1], np.int64)))
    return key


def _shared_key() -> Variable:
    global _process_key, _key_of
    with _lock:
        if _process_key is None:
            _process_key = Variable(np.zeros(2, np.int64), name="random_key", trainable=False)
        if _key_of != keys.times_set():
            _key_of = keys.times_set()
            _process_key.assign(np.array([keys.get_seed(), 0], np.int64))
        return _process_key
