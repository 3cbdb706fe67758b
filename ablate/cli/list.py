"""What there is: the studies, or the runs that a filter lets through.

ablate list                                       the studies, and how much of each is done
ablate list runs                                  every run
ablate list status=failed                         runs by their outcome (completed, diverged, failed, missing)
ablate list study=optimizers arm=optimizer=adam   by study, sweep, arm or seed
ablate list model.dropout=0.3 optimizer=adam      by setting
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ablate.cli.output import Output, plain_table, seconds_text
from ablate.cli.verbs import Invocation, add_json_option
from ablate.cli.wording import counted
from ablate.core.errors import ExitCode
from ablate.core.identity import short_id
from ablate.operations.as_json import to_json
from ablate.operations.catalogue import Entry, StudySummary, catalogue
from ablate.storage.studies import study_names

WORDS = "filter"
WORDS_HELP = "studies, runs, or key=value: status, study, sweep, arm, seed, or a setting (and results_dir=…)"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(parser)
    parser.add_argument(
        "--no-index", action="store_true", help="read and verify every record, and remember nothing of it in the cache"
    )


def execute(invocation: Invocation, output: Output) -> int:
    results_dir, words = invocation.results_dir()
    found = catalogue(*words, results_dir=results_dir, index=not invocation.options.no_index)
    if invocation.options.json:
        output.data(to_json(found))
    elif found.runs is not None:
        show_runs(found.runs, output)
    else:
        show_studies(found.studies or (), output, study_names(results_dir))
    return ExitCode.DONE


def show_studies(found: Sequence[StudySummary], output: Output, names: Sequence[str]) -> None:
    """`names` are those of all studies, whether they can be read or not."""
    if names and not found:
        output.say("No study can be read. What is wrong, and what can be mended: ablate fsck")
        return
    if not found:
        output.say("There are no studies yet. A first one: ablate +sweep=optimizers")
        return
    columns = [("study", "left"), ("arms", "right"), ("done", "right"), ("planned", "right"), ("when", "left")]
    output.result(plain_table(columns, [study_row(each) for each in found]))


def study_row(study: StudySummary) -> list[str]:
    return [study.name, str(study.arms), str(study.done), str(study.planned), study.planned_at[:16].replace("T", " ")]


def show_runs(entries: Sequence[Entry], output: Output) -> None:
    if entries:
        columns = [("run", "left"), ("status", "left"), ("arm", "left"), ("seed", "right"), ("result", "left")]
        output.result(plain_table([*columns, ("took", "right")], [run_row(entry) for entry in entries]))
    output.say(counted(len(entries), "run"))


def run_row(entry: Entry) -> list[str]:
    memberships = [membership.title for membership in entry.memberships]
    arm = f"{memberships[0]} and {len(memberships) - 1} more" if len(memberships) > 1 else "".join(memberships)
    took = "" if entry.wall_seconds is None else seconds_text(entry.wall_seconds)
    return [short_id(entry.run_id), entry.status, arm, str(entry.seed), result_text(entry), took]


def result_text(entry: Entry) -> str:
    """The metric that says most of a run in one number."""
    metrics = entry.final_metrics
    name = next((name for name in ("test_accuracy", "test_r2", "test_loss") if name in metrics), None)
    return "" if name is None else f"{name} {metrics[name]:.4f}"
