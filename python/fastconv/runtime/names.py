"""Things that users ask for by name: losses, metrics, optimisers, initialisers, activations."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from fastconv.runtime.errors import ArgumentError


def snake_case(name: str) -> str:
    """The name as functions are written.

    >>> snake_case("GlorotUniform"), snake_case("RMSprop")
    ('glorot_uniform', 'rmsprop')
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", name)
    return parted.lower()


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant; None where nothing is near."""
    found = difflib.get_close_matches(str(name).lower(), list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def look_up(kind: str, name: str, known: Mapping[str, Any]) -> Any:
    """The value of `name`, in either spelling ("he_normal", "HeNormal").

    Raises:  ArgumentError: unknown; the message names the nearest.
    """
    joined = {key.replace("_", ""): value for key, value in known.items()}
    found = joined.get(name.lower().replace("_", ""))
    if found is not None:
        return found
    near = nearest(snake_case(name), known)
    remedy = f"did you mean {near!r}?" if near else f"there are {', '.join(sorted(known))}."
    raise ArgumentError(f"{kind} {name!r}: unknown; {remedy}")


def resolve(kind: str, identifier: Any, known: Mapping[str, Any]) -> Any:
    """An object of a kind, for what the user wrote: None, a name, a configuration, a class, or the thing itself."""
    if identifier is None:
        return None
    if isinstance(identifier, str):
        found = look_up(kind, identifier, known)
        return found() if isinstance(found, type) else found
    if isinstance(identifier, Mapping):
        return _from_configuration(kind, identifier, known)
    if isinstance(identifier, type):
        return identifier()
    if callable(identifier):
        return identifier
    raise ArgumentError(
        f"{kind}: expected a name, an object or a function; came {type(identifier).__name__} {identifier!r}."
    )


def _from_configuration(kind: str, configuration: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    if "class_name" not in configuration:
        raise ArgumentError(
            f"{kind}: expected a configuration with 'class_name' and 'config'; came {dict(configuration)!r}."
        )
    found = look_up(kind, configuration["class_name"], known)
    config = configuration.get("config")
    if not isinstance(found, type):
        return found
    return found.from_config(dict(config)) if config else found()  # type: ignore[attr-defined]


def configuration(thing: Any) -> dict[str, Any]:
    """What `resolve` takes to make an object anew."""
    return {"class_name": type(thing).__name__, "config": thing.get_config()}
