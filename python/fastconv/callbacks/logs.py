"""Names of losses and metrics in logs: `acc` and `accuracy` find each other, with or without `val_`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_TWINS = (("acc", "accuracy"), ("mse", "mean_squared_error"), ("mae", "mean_absolute_error"))
# What `metrics=['accuracy']` became; Keras 2.0 called all of them acc.
_ACCURACIES = (
    "accuracy",
    "acc",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
)


def find(name: str, known: Iterable[str]) -> str | None:
    """The name among `known` that is meant; None if there is none.

    >>> find("val_acc", ["loss", "accuracy", "val_loss", "val_accuracy"])
    'val_accuracy'
    """
    known = list(known)
    if name in known:
        return name
    prefix, plain = ("val_", name[4:]) if name.startswith("val_") else ("", name)
    for twins in _TWINS:
        if plain in twins:
            for twin in twins:
                if prefix + twin in known:
                    return prefix + twin
    if plain in ("acc", "accuracy"):
        return next((prefix + n for n in _ACCURACIES if prefix + n in known), None)
    return next((other for other in known if other.lower() == name.lower()), None)  # AUC is auc in Keras 2


class Logs(dict):
    """Values by name; a name that is another spelling of one that is there finds it.

    >>> logs = Logs(loss=0.5, accuracy=0.9)
    >>> logs["acc"], logs.get("val_acc"), "acc" in logs, list(logs)
    (0.9, None, True, ['loss', 'accuracy'])
    """

    def __missing__(self, name: str) -> Any:
        found = find(name, self.keys()) if isinstance(name, str) else None
        if found is None:
            there = ", ".join(map(str, self)) or "nothing"
            raise KeyError(f"{name!r}; there are {there}")
        return self[found]

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and find(name, self.keys()) is not None
