"""Things that users ask for by name: losses, metrics, optimisers, initialisers, activations."""

from __future__ import annotations

import difflib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from fastconv.runtime.errors import AbsentImport, AbsentName, ArgumentError


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


class Absent(NamedTuple):
    """What Keras has of a kind and fastconv has not, in snake case: no misspelling of what is here."""

    names: Sequence[str] = ()
    remedy: str = ""

    def __contains__(self, name: object) -> bool:
        return _joined(str(name)) in map(_joined, self.names)


_none = Absent()


def _joined(name: str) -> str:
    return name.lower().replace("_", "")


def look_up(kind: str, name: str, known: Mapping[str, Any], absent: Absent = _none) -> Any:
    """The value of `name`, in either spelling ("he_normal", "HeNormal").

    Raises:  ArgumentError: unknown; the message names the nearest, or says that Keras alone has it.
    """
    joined = {_joined(key): value for key, value in known.items()}
    found = joined.get(_joined(name))
    if found is not None:
        return found
    if name in absent:
        raise ArgumentError(
            f"{kind} {name!r}: Keras has it, fastconv has not; there are {', '.join(sorted(known))}. {absent.remedy}"
        )
    near = nearest(snake_case(name), known)
    remedy = f"did you mean {near!r}?" if near else f"there are {', '.join(sorted(known))}."
    raise ArgumentError(f"{kind} {name!r}: unknown; {remedy}")


def resolve(kind: str, identifier: Any, known: Mapping[str, Any], absent: Absent = _none) -> Any:
    """An object of a kind, for what the user wrote: None, a name, a configuration, a class, or the thing itself."""
    if identifier is None:
        return None
    if isinstance(identifier, str):
        found = look_up(kind, identifier, known, absent)
        return found() if isinstance(found, type) else found
    if isinstance(identifier, Mapping):
        return _from_configuration(kind, identifier, known, absent)
    if isinstance(identifier, type):
        return identifier()
    if callable(identifier):
        return identifier
    raise ArgumentError(
        f"{kind}: expected a name, an object or a function; came {type(identifier).__name__} {identifier!r}."
    )


def _from_configuration(
    kind: str, configuration: Mapping[str, Any], known: Mapping[str, Any], absent: Absent
) -> Any:
    if "class_name" not in configuration:
        raise ArgumentError(
            f"{kind}: expected a configuration with 'class_name' and 'config'; came {dict(configuration)!r}."
        )
    found = look_up(kind, configuration["class_name"], known, absent)
    config = configuration.get("config")
    if not isinstance(found, type):
        return found
    return found.from_config(dict(config)) if config else found()  # type: ignore[attr-defined]


def configuration(thing: Any) -> dict[str, Any]:
    """What `resolve` takes to make an object anew."""
    return {"class_name": type(thing).__name__, "config": thing.get_config()}


def absent_names(module: str, known: Iterable[str], absent: Absent | str) -> Callable[[str], Any]:
    """The `__getattr__` of a module that has the names `known` and no others; see `raise_absent`."""

    def __getattr__(name: str) -> Any:
        raise_absent(module, name, known, absent)

    return __getattr__


def raise_absent(module: str, name: str, known: Iterable[str], absent: Absent | str) -> NoReturn:
    """Says which names a module has, and what to do without the one that was asked for; from its `__getattr__`.

    Args:  absent: what to do, perhaps with the names that are no misspelling of `known`.
    Raises:  AbsentName; AbsentImport in `from module import name`, which asks by hasattr first and forgets what an
        AttributeError says.
    """
    importing = sys._getframe(2).f_code.co_name == "_handle_fromlist"
    if name.startswith("_") or (importing and importlib.util.find_spec(f"{module}.{name}") is not None):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    spelt = {other.lower(): other for other in sorted(known)}
    absent = Absent(remedy=absent) if isinstance(absent, str) else absent
    near = [] if name in absent else difflib.get_close_matches(name.lower(), list(spelt), n=1, cutoff=0.75)
    there = f"nearest {spelt[near[0]]!r}" if near else f"there are {', '.join(sorted(known)) or 'none'}"
    raise (AbsentImport if importing else AbsentName)(f"{module}: no {name!r} here; {there}. {absent.remedy}")
