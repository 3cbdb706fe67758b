"""Everything about a run: its settings, what came out, how it went, and where it is stored.

ablate show 3fa9                by the beginning of its id
ablate show optimizers:adam     every run of an arm, as study:level
ablate show 3fa9 --json         all of it, for another program
"""

from __future__ import annotations

import argparse
import shlex

from ablate.analysis.settings import setting_text
from ablate.cli.output import Output, plain_table, seconds_text
from ablate.cli.progress import failure_text
from ablate.cli.verbs import Invocation, add_json_option
from ablate.cli.wording import metric_rows
from ablate.core.errors import ExitCode
from ablate.core.records import RunRecord
from ablate.operations.as_json import to_json
from ablate.operations.show import ShownRun, show
from ablate.sanitize.text import one_line

WORDS = "run"
WORDS_HELP = "the beginning of a run id, as `ablate list runs` prints it, or an arm as study:level (and results_dir=…)"

# Of the history a page shows these, at the first, the best and the last epoch.
SHOWN_HISTORY = ("loss", "val_loss", "val_accuracy", "val_r2", "learning_rate")


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(parser)


def execute(invocation: Invocation, output: Output) -> int:
    settings, words = invocation.settings()
    found = show(*words, results_dir=settings.results_dir)
    if invocation.options.json:
        output.data(to_json(found))
    else:
        for shown in found:
            show_run(shown, output)
    return ExitCode.DONE


def show_run(shown: ShownRun, output: Output) -> None:
    record = shown.run.record
    output.result(f"run {record.run_id}")
    output.result(outcome_text(record))
    for membership in shown.memberships:
        output.result(f"  {one_line(membership.title)}, seed {membership.seed}")
    output.result(f"  in {shown.folder}\n")
    sections = (
        (("setting", "value"), [[name, setting_text(value)] for name, value in shown.settings.items()]),
        (("metric", "value"), metric_rows(shown.metrics)),
        (("recorded", "value"), environment_rows(shown)),
    )
    for headings, rows in sections:
        if rows:
            output.result(plain_table([(heading, "left") for heading in headings], rows))
            output.result("")
    show_history(shown, output)
    if record.failure is not None:
        output.result(record.failure.traceback or record.failure.message)


def environment_rows(shown: ShownRun) -> list[list[str]]:
    """What is recorded of where, with what and by which command a run was computed."""
    command = [] if shown.command is None else [["command", shlex.join(["ablate", *shown.command])]]
    return [*command, *([name, setting_text(value)] for name, value in shown.environment.items())]


def outcome_text(record: RunRecord) -> str:
    """How a run ended, in a line."""
    outcome = f"{record.status.value} after {record.epochs_run} epochs, in {seconds_text(record.timings.wall_seconds)}"
    if record.divergence is not None:
        return f"{outcome}: epoch {record.divergence.epoch}, step {record.divergence.step} was not finite"
    if record.failure is not None:
        return f"{outcome}: {failure_text(record.failure)}"
    return f"{outcome}; its metrics belong to epoch {record.evaluated_epoch}"


def show_history(shown: ShownRun, output: Output) -> None:
    """The main metrics of the first, the best and the last epoch."""
    history = shown.run.history
    names = [name for name in SHOWN_HISTORY if name in history]
    if not names or not shown.epochs:
        return
    rows = [[str(epoch), *(f"{history[name][epoch - 1]:.4g}" for name in names)] for epoch in shown.epochs]
    output.result(plain_table([("epoch", "right"), *((name, "right") for name in names)], rows))
