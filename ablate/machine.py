"""This machine, from its last start to its next.

boot_id()       # the same in all its processes, another after a restart and on every other machine
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import psutil

__all__ = ["boot_id"]

BOOT = Path("/proc/sys/kernel/random/boot_id")


@cache
def boot_id() -> str:
    """A text that names the boot; where the system gives boots no name, the time of it, which a clock that is set
    moves."""
    return BOOT.read_text().strip() if BOOT.is_file() else str(psutil.boot_time())
