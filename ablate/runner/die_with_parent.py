"""No worker without its parent: what a worker sees to first, before it imports anything that takes long."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

__all__ = ["die_with"]

PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Has the kernel kill this process when its parent, the process of that number, dies, however busy it is; ends
    it if that has happened. Elsewhere than on Linux the next beat, which finds nobody listening, has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
