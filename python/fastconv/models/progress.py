"""What `fit` shows: a bar on a terminal, one line an epoch elsewhere, nothing if asked."""

from __future__ import annotations

import sys
import time
from typing import Any

from fastconv.runtime.errors import ArgumentError

_VERBOSE = ("auto", "0", "1", "2", "True", "False")
_REFRESH_S = 0.5  # between two looks at the metrics, which wait for the step


class Progress:
    """Shows one run of `fit`, `evaluate` or `predict`.

    verbose: "auto" (bar on a terminal, else lines), 1 the same, 2 lines, 0 silent.
    """

    def __init__(self, verbose: Any, epochs: int = 1, word: str = "Epoch") -> None:
        if str(verbose) not in _VERBOSE:
            raise ArgumentError(
                f"expected verbose 'auto', 0 (silent), 1 (a bar) or 2 (a line an epoch); came {verbose!r}. Leave it out."
            )
        self.silent = verbose in (0, False, "0")
        self.bar_wanted = verbose in (1, True, "auto", "1") and sys.stdout.isatty()
        self.epochs, self.word = epochs, word
        self._bar: Any = None
        self._shown_at = 0.0
        self._began = 0.0

    def begin(self, number: int, steps: int | None) -> None:
        """An epoch begins (number from 1)."""
        self._began = time.perf_counter()
        self._shown_at = self._began
        self._title = f"{self.word} {number}/{self.epochs}" if self.word == "Epoch" else self.word
        if self.bar_wanted and not self.silent:
            from tqdm import tqdm

            self._bar = tqdm(total=steps, desc=self._title, unit="batch", file=sys.stdout, dynamic_ncols=True)

    def wants_values(self) -> bool:
        """True if it is time to show losses and metrics in the bar."""
        return self._bar is not None and time.perf_counter() - self._shown_at > _REFRESH_S

    def step(self, values: dict[str, Any] | None, wait_s: float) -> None:
        """A step is done."""
        if self._bar is None:
            return
        if values is not None:
            self._shown_at = time.perf_counter()
            share = wait_s / max(self._shown_at - self._began, 1e-9)
            self._bar.set_postfix_str(f"{_values_text(values, ', ')}, waiting {share:.0%}", refresh=False)
        self._bar.update()

    def end(self, values: dict[str, Any], wait_s: float, samples: int) -> None:
        """An epoch is done."""
        seconds = time.perf_counter() - self._began
        if self._bar is not None:
            self._bar.set_postfix_str(f"{_values_text(values, ', ')}, waiting {wait_s / seconds:.0%}")
            self._bar.close()
            self._bar = None
        elif not self.silent:
            share = (
                f" ({wait_s / max(seconds, 1e-9):.0%} waiting for data)" if wait_s > 0.05 * seconds else ""
            )
            parts = [
                f"{self._title} - {seconds:.1f} s{share}",
                *([_values_text(values, " - ")] if values else []),
            ]
            print(" - ".join(parts), flush=True)

    def note(self, text: str | None) -> None:
        """A line of the report."""
        if text and not self.silent:
            print(text, flush=True)

    def abandon(self) -> None:
        """The run was stopped."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _values_text(values: dict[str, Any], between: str) -> str:
    return between.join(f"{name} {value:.4f}" for name, value in values.items() if isinstance(value, float))
