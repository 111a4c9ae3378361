"""Errors leave fastconv with the user's frames and one of ours."""

from __future__ import annotations

import functools
import os
import types
from collections.abc import Callable
from typing import Any, TypeVar

from fastconv.runtime.errors import FastconvError
from fastconv.runtime.location import is_ours

Method = TypeVar("Method", bound=Callable[..., Any])


def users_traceback(traceback: types.TracebackType | None) -> types.TracebackType | None:
    """The traceback without fastconv's frames (all of it with FASTCONV_TRACEBACK=1)."""
    if os.environ.get("FASTCONV_TRACEBACK") == "1":
        return traceback
    entries = []
    while traceback is not None:
        if not is_ours(traceback.tb_frame.f_code.co_filename):
            entries.append(traceback)
        traceback = traceback.tb_next
    short = None
    for entry in reversed(entries):
        short = types.TracebackType(short, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return short


def short_errors(method: Method) -> Method:
    """Errors of fastconv leave `method` without the frames between the user's line and the cause."""

    @functools.wraps(method)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except FastconvError as error:
            raise error.with_traceback(users_traceback(error.__traceback__)) from None

    return wrapper  # type: ignore[return-value]
