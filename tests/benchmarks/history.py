"""Every measurement that was made, on every machine: measured.jsonl, from which benchmarks.md is written.

remembered = remember(read(FILE), findings, machine(), date.today())
latest(remembered)              # of each thing the last one, in the order in which they were first measured
elsewhere(one, remembered)      # what the same was on other machines and other days
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import psutil

from ablate.core.machine import processor
from tests.benchmarks.findings import Finding

__all__ = ["FILE", "Measurement", "elsewhere", "latest", "machine", "read", "remember", "write"]

FILE = Path(__file__).parent / "measured.jsonl"


@dataclass(frozen=True)
class Measurement:
    """A finding, with the machine and the day that it holds for."""

    finding: Finding
    machine: str
    day: str

    @property
    def place(self) -> tuple[str, str, str]:
        return self.finding.what, self.machine, self.day


def machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return f"{processor().model}, {psutil.cpu_count()} cores, {memory:.0f} GiB"


def read(file: Path = FILE) -> list[Measurement]:
    if not file.exists():
        return []
    rows = map(json.loads, file.read_text().splitlines())
    return [Measurement(Finding(**row.pop("finding")), **row) for row in rows]


def write(measurements: Iterable[Measurement], file: Path = FILE) -> None:
    file.write_text("".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in measurements))


def remember(before: Sequence[Measurement], findings: Iterable[Finding], where: str, day: date) -> list[Measurement]:
    """With what was found here today at the end, in place of what had been found here today before."""
    new = [Measurement(finding, where, day.isoformat()) for finding in findings]
    places = {one.place for one in new}
    return [*(one for one in before if one.place not in places), *new]


def latest(measurements: Sequence[Measurement]) -> list[Measurement]:
    """Of each thing the last one, held to the bound of today, in the order in which they were first measured."""
    last = {one.finding.what: one for one in measurements}
    return list(last.values())


def elsewhere(one: Measurement, measurements: Sequence[Measurement]) -> list[Measurement]:
    """The others of the same thing, held to the same bound."""
    same = [other for other in measurements if other.finding.what == one.finding.what and other.place != one.place]
    bound, is_floor = one.finding.bound, one.finding.is_floor
    return [replace(other, finding=replace(other.finding, bound=bound, is_floor=is_floor)) for other in same]
