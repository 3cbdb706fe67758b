"""Which run a worker takes next, so that few programs are compiled and no worker idles for long.

Runs are grouped by the compiled program that can train them. A worker takes, in this order:

1. a run of the group it is in: its program is compiled already;
2. the first run of the first group in which no other worker is busy;
3. a run of the group with most runs left, if that leaves every worker in it, this one included, at least
   `RUNS_WORTH_A_COMPILE` runs, and those who need not compile would take longer for all that is left than this one
   takes to compile: fewer are done sooner by them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from ablate.core.records import Timings

__all__ = ["RUNS_WORTH_A_COMPILE", "Pace", "next_program"]

RUNS_WORTH_A_COMPILE = 2


@dataclass(frozen=True)
class Pace:
    """What runs of a program have taken, in seconds, summed: those that compiled it, and those that found it there."""

    compiling: int = 0
    compiling_seconds: float = 0.0
    others: int = 0
    other_seconds: float = 0.0

    def after(self, timings: Timings) -> Pace:
        """With one more run."""
        if timings.compile_seconds > 0.0:
            return replace(
                self, compiling=self.compiling + 1, compiling_seconds=self.compiling_seconds + timings.wall_seconds
            )
        return replace(self, others=self.others + 1, other_seconds=self.other_seconds + timings.wall_seconds)

    @property
    def runs_a_compile(self) -> float:
        """How many runs take as long as compiling does; 0 where it is not known."""
        if not self.compiling or not self.others or self.other_seconds <= 0.0:
            return 0.0
        return max(0.0, self.compiling_seconds / self.compiling / (self.other_seconds / self.others) - 1.0)


def next_program(
    waiting: Mapping[str, int],
    current: str | None,
    busy: Sequence[str],
    paces: Mapping[str, Pace] = MappingProxyType({}),
) -> str | None:
    """The program whose next run a worker should take; None when it should wait.

    Args:
        waiting: how many runs of each program nobody has begun, in the order of the plan.
        current: the program that the worker has compiled.
        busy: the program of each other worker that is training now.
        paces: of the programs of which a run has ended.
    """
    if current is not None and waiting.get(current, 0) > 0:
        return current
    # Looked for one by one: a study may have as many programs as runs, and is asked this for every run.
    untouched = next((program for program, runs in waiting.items() if runs > 0 and program not in busy), None)
    return untouched or _worth_helping(waiting, Counter(busy), paces)


def _worth_helping(waiting: Mapping[str, int], workers: Mapping[str, int], paces: Mapping[str, Pace]) -> str | None:
    """Of the programs in `workers`, for all others have none left."""

    def is_worth(program: str) -> bool:
        needed = max(
            RUNS_WORTH_A_COMPILE * (workers[program] + 1),
            workers[program] * paces.get(program, Pace()).runs_a_compile,
        )
        return waiting.get(program, 0) >= needed

    worth = filter(is_worth, workers)
    return max(worth, key=lambda program: waiting[program], default=None)
