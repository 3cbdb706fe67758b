"""Which of my choices mattered? Train what is missing of a study, write its tables and its report.

ablate +sweep=optimizers                    a sweep, with its report
ablate +sweep=[dropout,l2] sweep.seeds=3    two sweeps, three seeds
ablate +experiment=NAME                     a study from experiments/NAME
ablate -m optimizer=sgd,adam seed=0,1       the grid of these values
ablate optimizer=sgd seed=3                 one run
"""

from __future__ import annotations

import argparse

from ablate.cli.output import Output, plain_table
from ablate.cli.progress import Progress, failure_text
from ablate.cli.verbs import RUN_WORDS, RUN_WORDS_HELP, Invocation, add_json_option, add_run_options
from ablate.cli.wording import metric_rows
from ablate.core.errors import ExitCode
from ablate.core.identity import short_id
from ablate.operations.as_json import to_json
from ablate.operations.run import RunDone, StudyDone, run

WORDS, WORDS_HELP = RUN_WORDS, RUN_WORDS_HELP


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(parser)
    add_run_options(parser)


def execute(invocation: Invocation, output: Output) -> int:
    options = invocation.options
    with Progress(output) as progress:
        done = run(
            invocation.words,
            is_grid=options.multirun,
            same_environment=options.same_environment,
            replace=options.replace,
            folders=invocation.folders,
            observe=progress.observe,
        )
    if options.json:
        output.data(to_json(done))
    elif isinstance(done, StudyDone):
        show_study(done, output)
    else:
        show_run(done, output)
    return ExitCode.DONE if done.is_complete else ExitCode.SOME_RUNS_FAILED


def show_study(done: StudyDone, output: Output) -> None:
    """What it showed, and where the rest of it stands."""
    output.summary(done.answer)
    if len(done.answers) > 1:
        for sweep, answer in done.answers.items():
            output.summary(f"{sweep}: {answer}")
    output.summary(f"tables  {done.tables}")
    output.summary(f"report  {done.report}{'' if done.is_report_changed else ' (unchanged)'}")
    output.summary(f"browser {done.html}")


def show_run(done: RunDone, output: Output) -> None:
    record = done.record
    output.summary(f"run     {short_id(record.run_id)} {record.status.value}")
    if record.failure is not None:
        output.problem(f"{failure_text(record.failure)}\nWhere: ablate show {short_id(record.run_id)}")
    rows = metric_rows(record.metrics)
    if rows:
        output.summary(plain_table([("metric", "left"), ("value", "right")], rows))
