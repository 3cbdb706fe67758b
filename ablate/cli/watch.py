"""Follow a study that another terminal is training, until all of it is done. Ctrl-C leaves; the training goes on.

ablate watch                the study that was planned last
ablate watch optimizers     one of them
ablate watch --once         how far it is, once
ablate watch --json         a line of JSON for every change, for another program
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice

from rich.live import Live
from rich.text import Text

from ablate.cli.output import Output, seconds_text
from ablate.cli.progress import ended_line
from ablate.cli.verbs import Invocation, add_json_option
from ablate.cli.wording import counted
from ablate.core.errors import ExitCode, UsageError
from ablate.core.identity import Json
from ablate.operations.as_json import to_json
from ablate.operations.watch import Standing, watch
from ablate.sanitize.text import harmless, one_line

WORDS = "study"
WORDS_HELP = "the name of a study; by default the one that was planned last (and results_dir=…)"

SHOWN_FAILURES = 5
BAR_CELLS = 20


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(parser)
    parser.add_argument("--once", action="store_true", help="say how far the study is, and leave")
    parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="time between two looks")


def execute(invocation: Invocation, output: Output) -> int:
    settings, names = invocation.settings()
    if len(names) > 1:
        raise UsageError(f"One study at a time; {counted(len(names), 'name')} were given.")
    looks = watch(*names, results_dir=settings.results_dir, every_seconds=invocation.options.every)
    if invocation.options.json:
        watch_as_json(islice(looks, 1) if invocation.options.once else looks, output)
    elif invocation.options.once:
        output.result("\n".join(lines_of(next(looks))))
    elif output.results.is_terminal:
        watch_live(looks, output)
    else:
        watch_plainly(looks, output)
    return ExitCode.DONE


def watch_live(looks: Iterator[Standing], output: Output) -> None:
    with Live(console=output.results, auto_refresh=False) as live:
        for standing in looks:
            live.update(Text(harmless("\n".join(lines_of(standing)))), refresh=True)


def watch_as_json(looks: Iterator[Standing], output: Output) -> None:
    """A line of JSON for every change."""
    former: Json = None
    for standing in looks:
        content = to_json(standing)
        if content != former:
            output.data_line(content)
            former = content


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
    labels = {
        run.run_id: one_line(f"{run.arm} seed {run.seed}") for run in (*standing.plan.runs, *standing.plan.confirmation)
    }
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
    if standing.confirming:
        parts.append(f"{len(standing.confirming)} of them to confirm")
    if standing.failed:
        parts.append(f"{len(standing.failed)} failed")
    if standing.running:
        parts.append(f"{len(standing.running)} being trained")
    elif not standing.is_over:
        parts.append("nothing is training it now")
    if standing.seconds_left is not None:
        parts.append(f"about {seconds_text(standing.seconds_left)} left")
    return ", ".join(parts)
