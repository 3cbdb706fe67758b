"""Which run a worker takes next, so that few programs are compiled and no worker idles for long.

Runs are grouped by the compiled program that can train them. A worker takes, in this order:

1. a run of the group it is in: its program is compiled already;
2. the first run of the first group in which no other worker is busy;
3. a run of the group with most runs left, if that leaves every worker in it, this one included, at least
   `RUNS_WORTH_A_COMPILE` runs: fewer are done sooner by those who need not compile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

__all__ = ["RUNS_WORTH_A_COMPILE", "next_program"]

RUNS_WORTH_A_COMPILE = 2


def next_program(waiting: Mapping[str, int], current: str | None, busy: Sequence[str]) -> str | None:
    """The program whose next run a worker should take; None when it should wait.

    Args:
        waiting: how many runs of each program nobody has begun, in the order of the plan.
        current: the program that the worker has compiled.
        busy: the program of each other worker that is training now.
    """
    if current is not None and waiting.get(current, 0) > 0:
        return current
    # Looked for one by one: a study may have as many programs as runs, and is asked this for every run.
    untouched = next((program for program, runs in waiting.items() if runs > 0 and program not in busy), None)
    return untouched or _worth_helping(waiting, Counter(busy))


def _worth_helping(waiting: Mapping[str, int], workers: Mapping[str, int]) -> str | None:
    """Of the programs in `workers`, for all others have none left."""
    worth = [program for program in workers if waiting.get(program, 0) >= RUNS_WORTH_A_COMPILE * (workers[program] + 1)]
    return max(worth, key=lambda program: waiting[program], default=None)
