"""fastconv.function: a Python function becomes one native call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastconv.compiler.function import Function


def function(
    fn: Callable[..., Any] | None = None, *, training: bool = False, device: str | None = None
) -> Any:
    """Traces a function on symbols at its first call, compiles it, and runs the plan from then on.

    Inside, layers, losses, `fastconv.ops` and `fastconv.grad` build the graph, and `variable.assign(symbol)`
    notes what is to be written at the end.  For another set of shapes the function is traced again.

    Args:  fn: takes and returns symbols.  training: whether dropout drops.  device: default that of the variables.

    >>> import fastconv as fc
    >>> import numpy as np
    >>> @fc.function
    ... def slope(x):
    ...     return fc.grad(fc.ops.sum(x * x), [x])[0]
    >>> slope(np.array([1.0, 2.0], "float32")).numpy()
    array([2., 4.], dtype=float32)
    """
    if fn is None:
        return lambda inner: function(inner, training=training, device=device)
    return Function(fn, training, device, getattr(fn, "__name__", "function"))
