"""How convolutions and dense layers multiply on devices that can trade digits for speed."""

from __future__ import annotations

from fastconv.runtime.errors import ArgumentError

_precisions = ("exact", "tf32")
_precision = "exact"


def set_precision(name: str) -> None:
    """Says how products of float32 numbers are made in convolutions and dense layers from now on.

    'exact' (default) multiplies float32 numbers and adds them in float32.  'tf32' lets GPUs round both factors to
    10 bits of mantissa before they multiply them on tensor cores, and adds in float32: several times as fast, each
    product off by at most 2^-10 of itself.  Tensors stay float32 in memory either way.  CPUs always compute exactly.
    It takes effect at the next call of a model, a layer or a training step.

    Args:  name: 'exact' or 'tf32'.
    Raises:  ArgumentError: any other name.
    """
    global _precision
    if name not in _precisions:
        raise ArgumentError(f"set_precision: expected 'exact' or 'tf32'; came {name!r}.")
    _precision = name


def precision() -> str:
    """The precision in use: 'exact' or 'tf32'."""
    return _precision
