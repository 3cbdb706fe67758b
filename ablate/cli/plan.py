"""Say what would be trained for the same words, without training and without TensorFlow.

ablate plan +sweep=optimizers
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from ablate.analysis.forecast import forecast_sweep
from ablate.analysis.values import arrays_behind, column_info
from ablate.cli.output import Output, plain_table, seconds_text
from ablate.cli.verbs import RUN_WORDS, RUN_WORDS_HELP, Invocation, add_run_options
from ablate.cli.wording import counted, numerics_text, work_text
from ablate.config import build
from ablate.core.errors import ExitCode
from ablate.core.identity import Json, canonical
from ablate.core.plans import PlannedSweep
from ablate.core.records import StoredRun
from ablate.core.specs import Arm, PlannedRun, Study, Sweep
from ablate.design import NAME
from ablate.operations.request import read_request
from ablate.reporting.power import power_lines
from ablate.runner.environment import installed_versions
from ablate.runner.plan import WorkPlan, missing
from ablate.runner.session import Executor
from ablate.storage.runs import MissingRun, RunStore

WORDS, WORDS_HELP = RUN_WORDS, RUN_WORDS_HELP


def add_options(parser: argparse.ArgumentParser) -> None:
    add_run_options(parser)


def execute(invocation: Invocation, output: Output) -> int:
    request = read_request(invocation.words, invocation.folders, invocation.options.multirun)
    store = RunStore(request.settings.results_dir)
    work = request.work
    specs = work.run_specs() if isinstance(work, Study) else {work.run_id: work}
    todo = missing(specs, store, request.keep, (installed_versions() if invocation.options.same_environment else None))
    for sweep in work.sweeps if isinstance(work, Study) else ():
        show_sweep(sweep, todo, store, output)
    output.result(f"{work_text(todo)} · {numerics_text(specs.values())}")
    if todo.trained:
        executor: Executor = build(request.settings.executor)
        workers = executor.places(todo.trained)
        output.result(time_text(todo.estimated_seconds, workers))
    return ExitCode.DONE


def show_sweep(sweep: Sweep, work: WorkPlan, store: RunStore, output: Output) -> None:
    """The question, a line for each arm (its overrides, how many of its runs are done, which program), and what
    the design can show."""
    spec, planned = sweep.spec, PlannedSweep.of(sweep)
    output.result(f"{spec.name}: {spec.question}")
    output.result(f"{spec.design}, {counted(len(sweep.arms), 'arm')} × {counted(len(spec.seeds), 'seed')}")
    if spec.base:
        output.result(f"with {' '.join(spec.base)}")
    numbers = {program: number for number, program in enumerate(programs_of(sweep), start=1)}
    columns = [("arm", "left"), ("done", "right"), ("missing", "right"), ("program", "right")]
    written = {arm.get(NAME) for arm in spec.arms}
    rows = [
        arm_row(arm, planned.runs_of(arm.name), work, numbers[arm.spec.program_id], arm.name in written)
        for arm in sweep.arms
    ]
    output.result(plain_table(columns, rows))
    distinct = len({arm.spec.run_id for arm in sweep.arms})
    if distinct < len(sweep.arms):
        output.result(f"{len(sweep.arms)} arms map to {distinct} distinct configurations; equal runs are trained once")
    for line in power_text(planned, dict(done_runs(sweep, work, store))):
        output.result(line)
    output.result("")


def done_runs(sweep: Sweep, work: WorkPlan, store: RunStore) -> Iterator[tuple[str, StoredRun]]:
    """Run id and run of what is done of a sweep. Specs and records are at hand; the store gives the arrays, where more
    is asked than the records say."""
    for spec in sweep.run_specs():
        if spec.run_id in work.done:
            with suppress(MissingRun):  # damaged beside a sound record
                record = work.done[spec.run_id]
                names = arrays_behind(sweep.spec.metric, record)
                yield spec.run_id, StoredRun(spec, record, store.arrays(record, names) if names else {})


def power_text(planned: PlannedSweep, done: Mapping[str, StoredRun]) -> list[str]:
    """The power statement by the spread of what is done, one indented line for each part of it."""
    spec = planned.spec
    forecast = forecast_sweep(planned, done)
    if forecast is None:
        return []
    lines = power_lines(forecast, column_info(spec.metric))
    title = f"power on {spec.metric}, {counted(len(spec.seeds), 'seed')}:"
    return [title, *(f"  {line}" for line in lines)]


def arm_row(arm: Arm, runs: Sequence[PlannedRun], work: WorkPlan, program: int, has_name: bool) -> list[str]:
    """The row of an arm, whose name is shown where its author gave it one."""
    done = sum(run.run_id in work.done for run in runs)
    overrides = " ".join(f"{factor}={level_text(level)}" for factor, level in arm.levels.items())
    named = f"{arm.name}: {overrides}" if has_name else overrides
    title = f"{named} (baseline)" if arm.is_baseline else named
    return [title, str(done), str(len(runs) - done), str(program)]


def level_text(level: Json) -> str:
    """A level as it is written on the command line."""
    return level if isinstance(level, str) else canonical(level)


def programs_of(sweep: Sweep) -> list[str]:
    return list(dict.fromkeys(arm.spec.program_id for arm in sweep.arms))


def time_text(estimated_seconds: float | None, workers: int | None) -> str:
    """How long it takes, all workers together; of one worker where their number is known only on the cluster."""
    crew = counted(workers, "worker") if workers is not None else "as many workers as the cluster has room for"
    if estimated_seconds is None:
        return f"time unknown with {crew}: nothing like these runs was timed here yet"
    if workers is None:
        return f"about {seconds_text(estimated_seconds)} of work for {crew}, by the times of runs like these"
    return f"about {seconds_text(estimated_seconds / workers)} with {crew}, by the times of runs like these"
