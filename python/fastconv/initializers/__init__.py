"""Initialisers: first values of weights, with Keras's names, formulas and defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastconv.initializers.base import Initializer
from fastconv.initializers.constant import Constant, Ones, Zeros
from fastconv.initializers.random import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)
from fastconv.runtime import names

_classes = (
    Zeros,
    Ones,
    Constant,
    RandomUniform,
    RandomNormal,
    TruncatedNormal,
    VarianceScaling,
    GlorotUniform,
    GlorotNormal,
    HeUniform,
    HeNormal,
    LecunUniform,
    LecunNormal,
)
_by_name: dict[str, Any] = {names.snake_case(cls.__name__): cls for cls in _classes}
_by_name.update(uniform=RandomUniform, normal=RandomNormal, zero=Zeros, one=Ones)
_absent = names.Absent(
    ("identity", "identity_initializer", "orthogonal", "orthogonal_initializer", "stft", "stft_initializer"),
    "An initializer may be your own function (shape, dtype) -> array.",
)

# Keras's older spelling: `initializers.he_normal(seed=1)`.
zeros, ones, constant = Zeros, Ones, Constant
random_uniform, random_normal, truncated_normal = RandomUniform, RandomNormal, TruncatedNormal
variance_scaling = VarianceScaling
glorot_uniform, glorot_normal = GlorotUniform, GlorotNormal
he_uniform, he_normal = HeUniform, HeNormal
lecun_uniform, lecun_normal = LecunUniform, LecunNormal


def get(identifier: Any) -> Any:
    """The initialiser that is meant.

    Args:  identifier: a name ("he_normal", "HeNormal"), a configuration, an initialiser, its class, a function
        (shape, dtype) -> values, or None.
    Raises:  ArgumentError: an unknown name.
    """
    return names.resolve("initializer", identifier, _by_name, _absent)


def serialize(initializer: Initializer) -> dict[str, Any]:
    """The configuration of an initialiser, which `get` takes."""
    return names.configuration(initializer)


deserialize = get  # Keras's name, for configurations


__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "random_normal",
    "random_uniform",
    "serialize",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]

if not TYPE_CHECKING:
    __getattr__ = names.absent_names(__name__, __all__, _absent)
