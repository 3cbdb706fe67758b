"""Follow a study that another terminal is training, until all of it is done. Ctrl-C leaves; the training goes on.

ablate watch                the study that was planned last
ablate watch optimizers     one of them
ablate watch --once         how far it is, once
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from rich.live import Live
from rich.text import Text

from ablate.cli.output import Output, seconds_text
from ablate.cli.progress import ended_line
from ablate.cli.verbs import Invocation
from ablate.cli.wording import counted
from ablate.core.errors import ExitCode, UsageError
from ablate.core.plans import StudyPlan
from ablate.core.records import RunRecord, Status
from ablate.operations.catalogue import studies
from ablate.operations.sides import known_studies
from ablate.sanitize.text import harmless, one_line
from ablate.storage.leases import Claims
from ablate.storage.runs import MissingRun, RunStore
from ablate.storage.studies import StudyFolder

WORDS = "study"
WORDS_HELP = "the name of a study; by default the one that was planned last (and results_dir=…)"

SHOWN_FAILURES = 5
BAR_CELLS = 20


@dataclass(frozen=True)
class Standing:
    """How far a study is: runs with an outcome, runs that failed, and runs that a living process is training."""

    plan: StudyPlan
    done: tuple[RunRecord, ...]
    failed: tuple[RunRecord, ...]
    running: tuple[str, ...]

    @property
    def planned(self) -> int:
        return len(self.plan.run_ids)

    @property
    def is_over(self) -> bool:
        """Whether every run has been tried and none is being trained."""
        return not self.running and len(self.done) + len(self.failed) == self.planned

    @property
    def seconds_left(self) -> float | None:
        """By the mean of the runs that are done and the number that are being trained; None without either."""
        timed = [record.timings.wall_seconds for record in self.done]
        left = self.planned - len(self.done)
        return fmean(timed) * left / len(self.running) if timed and self.running else None


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="say how far the study is, and leave")
    parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="time between two looks")


def execute(invocation: Invocation, output: Output) -> int:
    settings, words = invocation.settings()
    if not invocation.options.every > 0:
        raise UsageError("--every takes a number of seconds above 0")
    plan = chosen_plan(words, settings.results_dir)
    looks = standings(plan, settings.results_dir, 0.0 if invocation.options.once else invocation.options.every)
    if invocation.options.once:
        output.result("\n".join(lines_of(next(looks))))
    elif output.results.is_terminal:
        watch_live(looks, output)
    else:
        watch_plainly(looks, output)
    return ExitCode.DONE


def chosen_plan(names: tuple[str, ...], results_dir: Path) -> StudyPlan:
    """The latest plan of the study that is named, or of the study that was planned last.

    Raises:
        UsageError: when there is none, or several are named.
    """
    known = [study.name for study in studies(results_dir)]
    if len(names) > 1:
        raise UsageError(f"One study at a time; {counted(len(names), 'name')} were given.")
    name = names[0] if names else known[-1] if known else ""
    plan = StudyFolder(results_dir, name).plan() if name in known else None
    if plan is None:
        asked = f"No study {name}." if names else "No study to watch."
        raise UsageError(f"{asked} {known_studies(results_dir)}")
    return plan


def standings(plan: StudyPlan, results_dir: Path, every_seconds: float) -> Iterator[Standing]:
    """How far the study is, again and again until it is over."""
    store, claims = RunStore(results_dir), Claims(results_dir)
    while True:
        standing = standing_of(plan, store, claims)
        yield standing
        if standing.is_over:
            return
        time.sleep(every_seconds)


def standing_of(plan: StudyPlan, store: RunStore, claims: Claims) -> Standing:
    records = [record for run_id in plan.run_ids if (record := stored_record(run_id, store)) is not None]
    done = tuple(record for record in records if record.status.is_outcome)
    open_ids = set(plan.run_ids) - {record.run_id for record in done}
    running = tuple(run_id for run_id in plan.run_ids if run_id in open_ids and claims.holder(run_id) is not None)
    # A failed run that is being trained again has not failed yet.
    failed = tuple(record for record in records if record.status is Status.FAILED and record.run_id not in running)
    return Standing(plan, done, failed, running)


def stored_record(run_id: str, store: RunStore) -> RunRecord | None:
    try:
        return store.record(run_id)
    except MissingRun:
        return None


def watch_live(looks: Iterator[Standing], output: Output) -> None:
    with Live(console=output.results, auto_refresh=False) as live:
        for standing in looks:
            live.update(Text(harmless("\n".join(lines_of(standing)))), refresh=True)


def watch_plainly(looks: Iterator[Standing], output: Output) -> None:
    """A line for every change, for a pipe or a log."""
    former = ""
    for standing in looks:
        line = headline(standing)
        if line != former:
            output.result(line)
            former = line


def lines_of(standing: Standing) -> list[str]:
    """The whole picture: headline, bar, what is being trained, what failed."""
    labels = {run.run_id: one_line(f"{run.arm} seed {run.seed}") for run in standing.plan.runs}
    filled = BAR_CELLS * len(standing.done) // standing.planned
    failures = [ended_line(labels[record.run_id], record) for record in standing.failed]
    more = [f"and {len(failures) - SHOWN_FAILURES} more"] if len(failures) > SHOWN_FAILURES else []
    return [
        f"{'█' * filled}{'░' * (BAR_CELLS - filled)}  {headline(standing)}",
        *(f"  training {labels[run_id]}" for run_id in standing.running),
        *(f"  {line}" for line in [*failures[:SHOWN_FAILURES], *more]),
    ]


def headline(standing: Standing) -> str:
    """How far the study is, in a line."""
    parts = [f"{one_line(standing.plan.name)}: {len(standing.done)} of {counted(standing.planned, 'run')} done"]
    if standing.failed:
        parts.append(f"{len(standing.failed)} failed")
    if standing.running:
        parts.append(f"{len(standing.running)} being trained")
    elif not standing.is_over:
        parts.append("nothing is training it now")
    if standing.seconds_left is not None:
        parts.append(f"about {seconds_text(standing.seconds_left)} left")
    return ", ".join(parts)
