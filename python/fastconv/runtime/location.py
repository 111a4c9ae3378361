"""Where in the user's program something was made."""

from __future__ import annotations

import os
import sys
import warnings

from fastconv.runtime.errors import FastconvWarning

_package = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def is_ours(filename: str) -> bool:
    """True for files of fastconv."""
    return filename.startswith(_package)


def user_location() -> tuple[str, int] | None:
    """(file, line) of the innermost frame that is not fastconv's; None without one."""
    frame = sys._getframe(1)
    while frame is not None and is_ours(frame.f_code.co_filename):
        frame = frame.f_back  # type: ignore[assignment]
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else None


def location_text(location: tuple[str, int] | None) -> str:
    """'train.py:31'."""
    return f"{os.path.basename(location[0])}:{location[1]}" if location else "built by fastconv"


def warn(message: str) -> None:
    """A FastconvWarning that names the user's line, not one of ours."""
    level, frame = 2, sys._getframe(1)
    while frame is not None and is_ours(frame.f_code.co_filename):
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]
    warnings.warn(message, FastconvWarning, stacklevel=level)
