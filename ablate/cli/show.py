"""Everything about a run: its settings, what came out, how it went, and where it is stored.

ablate show 3fa9            by the beginning of its id
ablate show 3fa9 --json     all of it, for another program
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from ablate.analysis.settings import flatten, setting_text
from ablate.cli.output import Output, plain_table, seconds_text
from ablate.cli.progress import failure_text
from ablate.cli.verbs import Invocation
from ablate.cli.wording import metric_rows
from ablate.core.errors import ExitCode, UsageError
from ablate.core.identity import Json
from ablate.core.records import RunRecord, StoredRun
from ablate.core.versions import COMMAND, apart_from_the_command
from ablate.operations.catalogue import Place, places_of, study_names
from ablate.sanitize.text import one_line
from ablate.storage.runs import RunStore

WORDS = "run"
WORDS_HELP = "the beginning of a run id, as `ablate list runs` prints it (and results_dir=…)"

# Of the history a page shows these, at the first, the best and the last epoch.
SHOWN_HISTORY = ("loss", "val_loss", "val_accuracy", "val_r2", "learning_rate")


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one list of JSON objects, with the whole history")


def execute(invocation: Invocation, output: Output) -> int:
    settings, words = invocation.settings()
    store = RunStore(settings.results_dir)
    runs = [store.get(run_id_of(word, store)) for word in words]
    if not runs:
        raise UsageError("Which run? `ablate list runs` prints their ids.")
    places = places_of(settings.results_dir)
    if invocation.options.json:
        output.data([run_json(run, store.folder(run.record.run_id)) for run in runs])
        return ExitCode.DONE
    for run in runs:
        show_run(run, places.get(run.record.run_id, ()), store.folder(run.spec.run_id), output)
    return ExitCode.DONE


def run_id_of(word: str, store: RunStore) -> str:
    """The id of the run that a word names.

    Raises:
        UsageError, MissingRun, AmbiguousPrefix: when it names none, or several.
    """
    if word in study_names(store.root):
        raise UsageError(f"{word} is a study. Its runs: ablate list study={word}")
    return store.find(word)


def show_run(run: StoredRun, places: Sequence[Place], folder: Path, output: Output) -> None:
    output.result(f"run {run.record.run_id}")
    output.result(outcome_text(run.record))
    for place in places:
        output.result(f"  {one_line(place.title)}, seed {place.seed}")
    output.result(f"  in {folder}\n")
    sections = (
        (("setting", "value"), [[name, setting_text(value)] for name, value in flatten(run.spec.to_json()).items()]),
        (("metric", "value"), metric_rows(run.record)),
        (("recorded", "value"), environment_rows(run.record)),
    )
    for headings, rows in sections:
        if rows:
            output.result(plain_table([(heading, "left") for heading in headings], rows))
            output.result("")
    show_history(run, output)
    if run.record.failure is not None:
        output.result(run.record.failure.traceback or run.record.failure.message)


def environment_rows(record: RunRecord) -> list[list[str]]:
    """What is recorded of where, with what and by which command a run was computed."""
    words = record.environment.get(COMMAND)
    command = [["command", shlex.join(["ablate", *map(str, words)])]] if isinstance(words, list) else []
    told = flatten(apart_from_the_command(record.environment))
    return [*command, *([name, setting_text(value)] for name, value in told.items())]


def outcome_text(record: RunRecord) -> str:
    """How a run ended, in a line."""
    outcome = f"{record.status.value} after {record.epochs_run} epochs, in {seconds_text(record.timings.wall_seconds)}"
    if record.divergence is not None:
        return f"{outcome}: epoch {record.divergence.epoch}, step {record.divergence.step} was not finite"
    if record.failure is not None:
        return f"{outcome}: {failure_text(record.failure)}"
    return f"{outcome}; its metrics belong to epoch {record.evaluated_epoch}"


def show_history(run: StoredRun, output: Output) -> None:
    """The main metrics of the first, the best and the last epoch."""
    history = run.history
    names = [name for name in SHOWN_HISTORY if name in history]
    if not names or not run.record.epochs_run:
        return
    epochs = sorted({1, run.record.best_epoch or 1, run.record.epochs_run})
    rows = [[str(epoch), *(f"{history[name][epoch - 1]:.4g}" for name in names)] for epoch in epochs]
    output.result(plain_table([("epoch", "right"), *((name, "right") for name in names)], rows))


def run_json(run: StoredRun, folder: Path) -> Json:
    return {
        "run_id": run.record.run_id,
        "folder": str(folder),
        "spec": run.spec.to_json(),
        "record": run.record.to_json(),
        "history": {name: values.tolist() for name, values in run.history.items()},
    }
