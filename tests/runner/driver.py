"""A parent whose workers are actors of Ray: `python -m tests.runner.driver FOLDER SECONDS [ADDRESS]`."""

from __future__ import annotations

import sys
from pathlib import Path

from ablate.runner.cluster import RayExecutor
from tests.runner.parent import train

if __name__ == "__main__":
    folder, seconds, *address = sys.argv[1:]
    executor = RayExecutor(workers=2, address=address[0] if address else None)
    sys.exit(train(Path(folder), executor, float(seconds)))
