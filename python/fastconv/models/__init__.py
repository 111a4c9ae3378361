"""Models, with Keras's names."""

from __future__ import annotations

from typing import Any

from fastconv.layers.input_layer import Input
from fastconv.models.model import Model
from fastconv.models.sequential import Sequential
from fastconv.runtime.names import raise_absent

__all__ = [
    "Input",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_config",
    "model_from_json",
    "save_model",
]

_in_saving = ("clone_model", "load_model", "model_from_config", "model_from_json", "save_model")


def __getattr__(name: str) -> Any:
    if name in _in_saving:
        from fastconv.models import saving

        return getattr(saving, name)
    raise_absent(__name__, name, __all__, "A model may be your own: subclass Model.")
