"""One of several machines that share a folder: `python -m tests.runner.machine HOST FOLDER WORKERS SECONDS`.

A parent like `tests.runner.parent`, on a host of that name, which takes another host for dead after 3 seconds of
silence rather than 60.
"""

from __future__ import annotations

import platform
import sys

from ablate.storage import leases
from tests.runner.parent import main


def pretend(host: str) -> None:
    platform.node = lambda: host
    leases.BEAT_SECONDS, leases.STALE_SECONDS = 0.2, 3.0


if __name__ == "__main__":
    pretend(sys.argv[1])
    sys.exit(main(*sys.argv[2:]))
