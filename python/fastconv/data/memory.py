"""How much memory a process may still take."""

from __future__ import annotations

import os
from pathlib import Path

_unknown = 1 << 30  # taken for free where the system does not say
_cgroup = Path("/sys/fs/cgroup")


def free_bytes() -> int:
    """Memory that can be taken without swapping, container limits respected."""
    return max(0, min(_system_bytes(), _container_bytes()))


def _system_bytes() -> int:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return _unknown


def _container_bytes() -> int:
    try:
        limit = (_cgroup / "memory.max").read_text().strip()
        used = int((_cgroup / "memory.current").read_text())
        return int(limit) - used if limit != "max" else 1 << 62
    except (OSError, ValueError):
        return 1 << 62
