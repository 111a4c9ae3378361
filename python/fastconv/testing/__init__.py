"""Testing: the float64 references, case tables, and `check_layer` for layers of your own."""

from __future__ import annotations

from typing import Any

__all__ = ["check_layer"]


def __getattr__(name: str) -> Any:
    if name == "check_layer":
        from fastconv.testing.layers import check_layer

        return check_layer
    raise AttributeError(f"module 'fastconv.testing' has no attribute {name!r}")
