"""Names of layers: given by the user, or made from the class, unique in the process until `clear_session`."""

from __future__ import annotations

import collections
import re
import threading

_lock = threading.Lock()
_counts: collections.Counter[str] = collections.Counter()


def unique_name(base: str) -> str:
    """`base`, then base_1, base_2, ... as Keras counts them."""
    with _lock:
        number = _counts[base]
        _counts[base] += 1
    return f"{base}_{number}" if number else base


def snake_case(class_name: str) -> str:
    """Conv2D -> conv2d, MaxPooling2D -> max_pooling2d, ReLU -> re_lu, as Keras names layers."""
    name = re.sub(r"\W+", "", class_name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def clear_names() -> None:
    """Counting begins anew (`utils.clear_session`)."""
    with _lock:
        _counts.clear()
