"""Runs that the host has not heard of: whose error it is when one of them was not finite, and who has to hear of it."""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from fastconv.compiler.pipeline import Explain, raise_not_finite
from fastconv.runtime.plan import PlanDescription


@dataclasses.dataclass
class _Run:
    explain: Explain | None  # says more about its error
    outputs: list[weakref.ref[Any]]  # the memory of one that is gone may be somebody else's by now


class Ahead:
    """The runs of one plan that are under way.

    Their error belongs to those who use what the plan writes: other plans go on, each with a gate of its own.

    Args:  read, written: the buffers of its variables.
    """

    def __init__(
        self, executable: Any, description: PlanDescription, read: Iterable[Any], written: Iterable[Any]
    ) -> None:
        self._executable = executable
        self._description = description
        self._read, self._written = frozenset(read), frozenset(written)
        self._runs: dict[int, _Run] = {}

    def note(self, number: int, explain: Explain | None, outputs: Sequence[Any]) -> None:
        """A run that has begun; two may be under way."""
        run = _Run(explain, [weakref.ref(output) for output in outputs])
        self._runs = {k: v for k, v in self._runs.items() if k == number - 1} | {number: run}

    def meets(self, other: Ahead) -> bool:
        """Whether one of the two writes variables that the other one uses."""
        return not (
            self._written.isdisjoint(other._read | other._written) and self._read.isdisjoint(other._written)
        )

    def writes(self, buffer: Any) -> bool:
        """Whether its runs write into the memory of a buffer, whatever object stands for it."""
        outputs = (output() for run in self._runs.values() for output in run.outputs)
        return any(
            _overlap(buffer, written)
            for written in (*self._written, *(output for output in outputs if output is not None))
        )

    def uses(self, buffer: Any) -> bool:
        """Whether its runs read or write the memory of a buffer: one that was not finite is run again."""
        return self.writes(buffer) or buffer in self._read

    def went_well(self) -> bool:
        """Waits for all of them; says whether they were finite."""
        if not self._executable.hear():
            return False
        self._runs = {}
        return True

    def fail(self) -> NoReturn:
        """Raises the NumericsError of the run that was not finite."""
        run = self._runs.get(self._executable.shut_run)
        self._runs = {}
        raise_not_finite(
            self._executable, self._description, self._executable.repeat, run.explain if run else None
        )


def _overlap(a: Any, b: Any) -> bool:
    return a.pointer < b.pointer + b.bytes and b.pointer < a.pointer + a.bytes
