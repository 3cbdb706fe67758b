"""A contender as a process: it prepares and warms up, then trains some epochs whenever it is told to.

python -m tests.benchmarks.contender NAME CASE       # says "ready", then answers each number with seconds
"""

from __future__ import annotations

import sys
import time

from tests.benchmarks.cases import Case
from tests.benchmarks.contenders import CONTENDERS


def main(name: str, case_text: str) -> None:
    train = CONTENDERS[name](Case.from_text(case_text))
    train(1)
    answer("ready")
    for line in sys.stdin:
        started = time.perf_counter()
        train(int(line))
        answer(repr(time.perf_counter() - started))


def answer(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
