"""The largest errors of the kernels on a CUDA device, noted while the case tables run there.

`pytest --cuda-errors FILE` writes a row for each primitive and precision; rows of primitives that the run leaves out stay
as they are in the file.
"""

from __future__ import annotations

import csv
import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fastconv.testing.cases import SMALLEST_NORMAL, Case


@dataclasses.dataclass
class Row:
    """What is known of one primitive in one precision.

    error_of_rms: largest error of an element against float64, in units of its output's root mean square.
    tolerance_of_rms: what that element may be off by, in the same units.
    share: largest share of its tolerance that an element of any case has used up; above 1, a test fails.
    worst: implementation and case of `share`.
    findings: of the emulated runtime's checkers; "" where none was switched on.
    """

    primitive: str
    precision: str
    implementations: set[str] = dataclasses.field(default_factory=set)
    cases: set[str] = dataclasses.field(default_factory=set)
    error_of_rms: float = 0.0
    tolerance_of_rms: float = 0.0
    share: float = 0.0
    worst: str = ""
    findings: int | str = ""

    def cells(self) -> dict[str, str]:
        """The row as it stands in the file."""
        return {
            "primitive": self.primitive,
            "precision": self.precision,
            "implementations": " ".join(sorted(self.implementations)),
            "cases": str(len(self.cases)),
            "error_of_rms": f"{self.error_of_rms:.2g}",
            "tolerance_of_rms": f"{self.tolerance_of_rms:.2g}",
            "share_of_tolerance": f"{self.share:.2g}",
            "worst": self.worst,
            "findings": str(self.findings),
        }


class Errors:
    """The table while it grows."""

    def __init__(self, path: Path, device: str) -> None:
        self._path, self._device = path, device
        self._rows: dict[tuple[str, str], Row] = {}
        self._log = os.environ.get("PTXSIM_LOG", "") if os.environ.get("PTXSIM_CHECK") else ""
        self._findings_seen = 0

    def note(self, case: Case, implementation: str, precision: str, outputs: Sequence[np.ndarray]) -> None:
        """One implementation's answer to one case."""
        row = self._rows.setdefault((case.stem, precision), Row(case.stem, precision))
        row.implementations.add(implementation)
        row.cases.add(case.label)
        if self._log:
            row.findings = int(row.findings or 0) + self._new_findings()
        for output, expected, tolerance in zip(
            outputs, case.expected(), case.tolerances(implementation), strict=True
        ):
            error, limit, share = largest_error(output, expected, tolerance)
            if error > row.error_of_rms:
                row.error_of_rms, row.tolerance_of_rms = error, limit
            if share > row.share:
                row.share, row.worst = share, f"{implementation}: {case.label}"

    def _new_findings(self) -> int:
        """Findings that the checkers' log has got since the last time."""
        path = Path(self._log)
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        before, self._findings_seen = self._findings_seen, text.count("ptxsim: [")
        return self._findings_seen - before

    def write(self) -> None:
        """Puts the rows into the file, in order."""
        fields = [*Row("", "").cells(), "device"]
        old: dict[tuple[str, str], dict[str, str]] = {}
        if self._path.is_file():
            with self._path.open(encoding="utf-8", newline="") as file:
                old = {(cells["primitive"], cells["precision"]): cells for cells in csv.DictReader(file)}
        for key, row in self._rows.items():
            old[key] = {**row.cells(), "device": self._device}
        with self._path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fields, lineterminator="\n")
            writer.writeheader()
            writer.writerows(old[key] for key in sorted(old))


def largest_error(output: Any, expected: Any, tolerance: Any) -> tuple[float, float, float]:
    """(largest error, tolerance of that element), both of the root mean square, and the largest share of a tolerance.

    Where the reference is not finite an output is right or wrong: 0 or infinite.
    """
    limits = np.broadcast_to(tolerance, np.shape(output)).reshape(-1)
    output = np.asarray(output, np.float64).reshape(-1)
    expected = np.asarray(expected, np.float64).reshape(-1)
    if not output.size:
        return 0.0, 0.0, 0.0
    with np.errstate(invalid="ignore"):
        error = np.abs(output - expected)
    error[(output == expected) | (np.isnan(output) & np.isnan(expected))] = 0.0
    error = np.nan_to_num(error, nan=np.inf, posinf=np.inf)
    finite = np.isfinite(expected)
    rms = float(np.sqrt(np.mean(expected[finite] ** 2))) if finite.any() else 0.0
    rms = max(rms, SMALLEST_NORMAL)
    at = int(np.argmax(error))
    share = float((error / np.maximum(limits, SMALLEST_NORMAL)).max())
    return float(error[at]) / rms, float(limits[at]) / rms, share
