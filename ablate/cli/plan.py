"""Say what would be trained for the same words, without training and without TensorFlow.

ablate plan +sweep=optimizers
ablate plan +sweep=optimizers --seeds     what other numbers of seeds would show
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from ablate.analysis.forecast import Forecast, SeedsTable
from ablate.analysis.values import column_info
from ablate.cli.output import Output, plain_table, seconds_text
from ablate.cli.verbs import RUN_WORDS, RUN_WORDS_HELP, Invocation, add_json_option, add_run_options
from ablate.cli.wording import counted, numerics_text, work_text
from ablate.core.errors import ExitCode
from ablate.core.identity import Json, canonical
from ablate.core.specs import SweepSpec
from ablate.design import NAME
from ablate.operations.as_json import to_json
from ablate.operations.plan import ArmWork, PlannedWork, SweepWork, plan
from ablate.reporting.power import power_lines, seeds_rows, seeds_sentence, seeds_title

# The selected arm, the baseline and the runner-up.
MOST_CONFIRMED = 3
WORDS, WORDS_HELP = RUN_WORDS, RUN_WORDS_HELP


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(parser)
    add_run_options(parser)
    parser.add_argument("--seeds", action="store_true", help="say of each sweep what how many seeds would show")


def execute(invocation: Invocation, output: Output) -> int:
    options = invocation.options
    planned = plan(
        invocation.words,
        is_grid=options.multirun,
        same_environment=options.same_environment,
        replace=options.replace,
        seeds_table=options.seeds,
        folders=invocation.folders,
    )
    if options.json:
        output.data(to_json(planned))
    else:
        show(planned, output)
    return ExitCode.DONE


def show(planned: PlannedWork, output: Output) -> None:
    for sweep in planned.sweeps:
        show_sweep(sweep, output)
    for note in planned.notes:
        output.result(f"note: {note}")
    output.result(f"{work_text(planned.work)} · {numerics_text(planned.specs)}")
    if planned.work.trained:
        output.result(time_text(planned))


def show_sweep(planned: SweepWork, output: Output) -> None:
    """The question, a line for each arm (its overrides, how many of its runs are done, which program), and what
    the design can show."""
    spec, arms = planned.sweep.spec, len(planned.arms)
    output.result(f"{spec.name}: {spec.question}")
    output.result(f"{spec.design}, {counted(arms, 'arm')} × {counted(len(spec.seeds), 'seed')}")
    if spec.base:
        output.result(f"with {' '.join(spec.base)}")
    columns = [("arm", "left"), ("done", "right"), ("missing", "right"), ("program", "right")]
    written = {arm.get(NAME) for arm in spec.arms}
    # Of noise the name says what the arm is for, and the levels do not: those that all have in common are left out.
    usual = next(each.arm.levels for each in planned.arms if each.arm.is_baseline) if spec.is_about_noise else {}
    rows = [arm_row(each, spec.is_about_noise or each.arm.name in written, usual) for each in planned.arms]
    output.result(plain_table(columns, rows))
    if planned.distinct < arms:
        output.result(f"{arms} arms map to {planned.distinct} distinct configurations; equal runs are trained once")
    if spec.confirm and arms >= MOST_CONFIRMED:
        runs = counted(MOST_CONFIRMED * spec.confirm, "run")
        fresh = f"{MOST_CONFIRMED} arms × {spec.confirm} fresh {'seed' if spec.confirm == 1 else 'seeds'}"
        output.result(f"then at most {runs} to confirm the selected arm: {fresh}")
    if planned.forecast is not None:
        for line in power_text(spec, planned.forecast):
            output.result(line)
    if planned.seeds_table is not None:
        show_seeds(spec, planned.seeds_table, output)
    output.result("")


def show_seeds(spec: SweepSpec, table: SeedsTable, output: Output) -> None:
    """By what the table is reckoned, and one for each number of comparisons."""
    metric = column_info(spec.metric)
    output.result(f"seeds for {spec.metric}: {seeds_sentence(table)}")
    for family in table.families:
        columns, rows = seeds_rows(table, family, metric)
        output.result(f"{seeds_title(family)}:")
        output.result(plain_table([(heading, "right") for heading in columns], rows))


def power_text(spec: SweepSpec, forecast: Forecast) -> list[str]:
    """The power statement by the spread of what is done, one indented line for each part of it."""
    title = f"power on {spec.metric}, {counted(len(spec.seeds), 'seed')}:"
    return [title, *(f"  {line}" for line in power_lines(forecast, column_info(spec.metric)))]


def arm_row(planned: ArmWork, has_name: bool, usual: Mapping[str, Json]) -> list[str]:
    """The row of an arm: its levels but for the `usual` ones, after its name where its author gave it one."""
    arm = planned.arm
    levels = {factor: level for factor, level in arm.levels.items() if factor not in usual or usual[factor] != level}
    overrides = " ".join(f"{factor}={level_text(level)}" for factor, level in levels.items())
    named = ": ".join(filter(None, (arm.name, overrides))) if has_name else overrides
    title = f"{named} (baseline)" if arm.is_baseline else named
    return [title, str(planned.done), str(planned.missing), str(planned.program)]


def level_text(level: Json) -> str:
    """A level as it is written on the command line."""
    return level if isinstance(level, str) else canonical(level)


def time_text(planned: PlannedWork) -> str:
    """How long it takes, all workers together; of one worker where their number is known only on the cluster."""
    workers, seconds = planned.workers, planned.estimated_seconds
    who = "as many workers as the cluster has room for" if workers is None else counted(workers, "worker")
    if seconds is None:
        return f"time unknown with {who}: nothing like these runs was timed here yet"
    with_whom = f"of work for {who}" if workers is None else f"with {who}"
    return f"about {seconds_text(seconds)} {with_whom}, by the times of runs like these"
