"""Paired times: contenders take turns, so that a slow minute of the machine slows both sides of a ratio."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.benchmarks.cases import Case

__all__ = ["Ratio", "Running", "paired_seconds", "ratio"]


class Running:
    """A contender's process, ready and waiting."""

    def __init__(self, name: str, case: Case) -> None:
        threads = str(case.threads)
        environment = {
            **os.environ,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "OMP_NUM_THREADS": threads,
            "TF_NUM_INTRAOP_THREADS": threads,
            "XLA_FLAGS": ""
            if name != "jax"
            else f"--xla_cpu_multi_thread_eigen={'true' if case.threads > 1 else 'false'}",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.contender", name, case.to_text()],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Running:
        if self._answer() != "ready":
            raise RuntimeError("a contender could not be prepared")
        return self

    def __exit__(self, *raised: object) -> None:
        self._process.kill()
        self._process.communicate()

    def begin(self, epochs: int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{epochs}\n")
        self._process.stdin.flush()

    def end(self) -> float:
        """The seconds of what was begun."""
        return float(self._answer())

    def seconds(self, epochs: int) -> float:
        self.begin(epochs)
        return self.end()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@dataclass(frozen=True)
class Ratio:
    """How many times longer the second side took than the first: the median over pairs, and their range."""

    median: float
    low: float
    high: float
    pairs: int


def paired_seconds(sides: Sequence[Running], rounds: int, epochs: int) -> list[list[float]]:
    """Seconds an epoch, one list a round with one entry a side; the order of the sides turns every round."""
    found = []
    for number in range(rounds):
        order = range(len(sides)) if number % 2 == 0 else reversed(range(len(sides)))
        seconds = {side: sides[side].seconds(epochs) / epochs for side in order}
        found.append([seconds[side] for side in range(len(sides))])
    return found


def ratio(pairs: Sequence[tuple[float, float]]) -> Ratio:
    """Of (first, second) seconds."""
    ratios = [second / first for first, second in pairs]
    return Ratio(median(ratios), min(ratios), max(ratios), len(ratios))
