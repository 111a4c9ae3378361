"""Keras 3's place of what loads and saves models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastconv.models.saving import load_model, save_model
from fastconv.runtime.names import absent_names
from fastconv.utils.session import register_keras_serializable

__all__ = ["load_model", "register_keras_serializable", "save_model"]

if not TYPE_CHECKING:
    __getattr__ = absent_names(__name__, __all__, "Models are saved by model.save().")
