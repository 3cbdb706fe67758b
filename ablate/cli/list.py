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
from pathlib import Path

from ablate.cli.output import Output, plain_table, seconds_text
from ablate.cli.verbs import Invocation, add_json_option
from ablate.cli.wording import counted
from ablate.core.errors import ExitCode
from ablate.core.identity import short_id
from ablate.operations.as_json import to_json
from ablate.operations.catalogue import Catalogue, ListedRun, StudySummary, catalogue, listed, listed_runs
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
    options = invocation.options
    if list(words) == ["runs"] and not (options.json or options.no_index):
        show_runs(listed_runs(results_dir), output)
        return ExitCode.DONE
    found = _found(words, results_dir, is_indexed=not options.no_index)
    if options.json:
        output.data(to_json(found))
    elif found.runs is not None:
        show_runs([listed(entry) for entry in found.runs], output)
    else:
        show_studies(found.studies or (), output, study_names(results_dir))
    return ExitCode.DONE


def _found(words: Sequence[str], results_dir: Path, is_indexed: bool) -> Catalogue:
    if is_indexed and any("=" in word for word in words):
        # Who filters waits for a grammar as well; who does not waits for neither.
        from ablate.operations.pages import catalogue_where

        return catalogue_where(words, results_dir)
    return catalogue(*words, results_dir=results_dir, index=is_indexed)


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


def show_runs(runs: Sequence[ListedRun], output: Output) -> None:
    if runs:
        columns = [("run", "left"), ("status", "left"), ("arm", "left"), ("seed", "right"), ("result", "left")]
        output.result(plain_table([*columns, ("took", "right")], [run_row(run) for run in runs]))
    output.say(counted(len(runs), "run"))


def run_row(run: ListedRun) -> list[str]:
    arm = f"{run.title} and {run.others} more" if run.others else run.title
    took = "" if run.wall_seconds is None else seconds_text(run.wall_seconds)
    result = "" if run.metric is None else f"{run.metric} {run.value:.4f}"
    return [short_id(run.run_id), run.status, arm, run.seed, result, took]
