"""Which layers are running on this thread: for messages, and for the `training` argument that inner layers inherit."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any


class _Running(threading.local):
    def __init__(self) -> None:
        self.layers: list[tuple[Any, bool | None]] = []
        self.keys: list[Any] = []
        self.bytes_left: int | None = None


_running = _Running()


@contextlib.contextmanager
def running(layer: Any, training: bool | None = None) -> Iterator[None]:
    """Notes that `layer` is at work; `training` as its caller asked for it, None if the caller said nothing."""
    if training is None and _running.layers:
        training = _running.layers[-1][1]
    _running.layers.append((layer, training))
    try:
        yield
    finally:
        _running.layers.pop()


def asked_training() -> bool | None:
    """What the layers around were called with; None if nobody said."""
    return _running.layers[-1][1] if _running.layers else None


def enclosing_model() -> Any | None:
    """The innermost model that is running or being built."""
    return next((layer for layer, _ in reversed(_running.layers) if layer.is_model), None)


def is_nested() -> bool:
    """True inside another layer's call."""
    return bool(_running.layers)


@contextlib.contextmanager
def random_key(key: Any) -> Iterator[None]:
    """Dropout inside draws with this variable ([seed, step])."""
    _running.keys.append(key)
    try:
        yield
    finally:
        _running.keys.pop()


def current_key() -> Any | None:
    """The key that a model has given, if any."""
    return _running.keys[-1] if _running.keys else None


@contextlib.contextmanager
def loading(weight_bytes: int) -> Iterator[None]:
    """Inside, weights are made for a file that holds so many bytes: they begin with 0, and not one byte more is taken,
    whatever an architecture asks for."""
    before, _running.bytes_left = _running.bytes_left, weight_bytes
    try:
        yield
    finally:
        _running.bytes_left = before


def is_loading() -> bool:
    """True while a file is being loaded."""
    return _running.bytes_left is not None


def take_bytes(count: int) -> bool:
    """Whether the file that is being loaded holds so many bytes more."""
    assert _running.bytes_left is not None
    _running.bytes_left -= count
    return _running.bytes_left >= 0
