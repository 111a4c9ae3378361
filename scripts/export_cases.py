#!/usr/bin/env python3
"""Writes the case tables of all primitives for the native runner, which knows no Python.

    scripts/export_cases.py FOLDER [--stem STEM ...] [--largest MEBIBYTES]

One file a stem; tests/native/case_file.h describes it.  Cases whose tensors together are larger than --largest are
left out and counted.
"""

from __future__ import annotations

import argparse
import importlib.util
import inspect
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fastconv.testing.cases import Case, reference_module
from fastconv.testing.suite import PrimitiveTests

TABLES = Path(__file__).resolve().parents[1] / "tests" / "primitives"
MAGIC = b"fastconv cases 1\n"


def tables() -> Iterator[tuple[str, list[Case]]]:
    """Stem and cases of each test module, by the class that drives them."""
    for path in sorted(TABLES.glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if issubclass(cls, PrimitiveTests) and cls.cases:
                yield cls.cases[0].stem, list(cls.cases)


def header(case: Case) -> str:
    """The lines of text of a record."""
    lines = [f"case {case.label}", f"stem {case.stem}"]
    for name, value in case.primitive.attributes().items():
        values = value if isinstance(value, tuple) else (value,)
        lines.append(" ".join(["attribute", name, *(attribute(v) for v in values)]))
    lines += [" ".join(["input", v.dtype.name, *map(str, v.shape)]) for v in case.values()]
    lines += [" ".join(["output", spec.dtype, *map(str, spec.shape)]) for spec in case.specs()]
    module = reference_module(case.stem)
    for name in (*getattr(module, "factors", {}), *getattr(module, "rounded", {})):
        for index, tolerance in enumerate(case.tolerances(name)):
            if case.specs()[index].dtype == "float32":
                lines.append(f"widened {index} {name} {np.max(tolerance, initial=0.0):.9g}")
    return "".join(line + "\n" for line in lines)


def attribute(value: object) -> str:
    """An attribute's value as a word."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def data(case: Case) -> bytes:
    """The tensors of a record."""
    parts = [values.tobytes() for values in case.values()]
    for spec, expected, tolerance in zip(case.specs(), case.expected(), case.tolerances()):
        if spec.dtype == "float32":
            parts.append(expected.astype("<f8").tobytes())
            # Rounded up, so that what passes in float64 passes here.
            limits = np.broadcast_to(tolerance, spec.shape).astype("<f4")
            parts.append(np.nextafter(limits, np.float32(np.inf), dtype="<f4").tobytes())
        else:
            parts.append(expected.astype(spec.dtype).tobytes())
    return b"".join(parts)


def record(case: Case) -> bytes:
    """One case as it lies in the file."""
    text, tensors = header(case).encode(), data(case)
    return struct.pack("<IQ", len(text), len(tensors)) + text + tensors


def nbytes(case: Case) -> int:
    """Bytes of the case's inputs and outputs."""
    return sum(spec.nbytes for spec in (*case.input_specs(), *case.specs()))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stem", action="append", help="these alone")
    parser.add_argument("--largest", type=float, default=16.0, metavar="MEBIBYTES")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    written = left_out = 0
    for stem, cases in tables():
        if options.stem and stem not in options.stem:
            continue
        small = [case for case in cases if nbytes(case) <= options.largest * 2**20]
        left_out += len(cases) - len(small)
        with (options.folder / f"{stem}.cases").open("wb") as file:
            file.write(MAGIC)
            for case in small:
                file.write(record(case))
        written += len(small)
    print(f"{written} cases written to {options.folder}, {left_out} left out as too large")
    return 0 if written else 1


if __name__ == "__main__":
    sys.exit(main())
