"""Which of my choices mattered? Train what is missing of a study, write its tables and its report.

ablate +sweep=optimizers                    a sweep, with its report
ablate +sweep=[dropout,l2] sweep.seeds=3    two sweeps, three seeds
ablate +experiment=NAME                     a study from experiments/NAME
ablate -m optimizer=sgd,adam seed=0,1       the grid of these values
ablate optimizer=sgd seed=3                 one run
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ablate.cli.output import Output, plain_table, seconds_text
from ablate.cli.progress import failure_text, progress_display
from ablate.cli.verbs import RUN_WORDS, RUN_WORDS_HELP, Invocation, add_run_options
from ablate.cli.wording import counted, metric_rows, numerics_text, work_text
from ablate.config import build
from ablate.config.requests import Request
from ablate.core.errors import ExitCode
from ablate.core.identity import Json
from ablate.core.plans import PlannedSweep, StudyPlan
from ablate.core.records import RunRecord, Status
from ablate.core.specs import RunSpec, Study, confirmation_runs
from ablate.operations.request import read_request, recorded_words
from ablate.runner.environment import installed_versions
from ablate.runner.events import ArtefactFailed, Event, NotReproduced
from ablate.runner.plan import missing
from ablate.runner.provenance import recorded_provenance
from ablate.runner.session import Executor, Session
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder, added_claims, added_seeds
from ablate.verdicts.verdict import Flag

WORDS, WORDS_HELP = RUN_WORDS, RUN_WORDS_HELP


def add_options(parser: argparse.ArgumentParser) -> None:
    add_run_options(parser)


def execute(invocation: Invocation, output: Output) -> int:
    request = read_request(invocation.words, invocation.folders, invocation.options.multirun)
    store = RunStore(request.settings.results_dir)
    versions = installed_versions() if invocation.options.same_environment else None
    words = recorded_words(invocation.words, invocation.options.multirun)
    command = Command(request, words, versions, store, output)
    if isinstance(request.work, Study):
        return run_study(request.work, command)
    return run_alone(request.work, command)


@dataclass(frozen=True)
class Command:
    """What was asked for and in which words, the versions that it has to be computed with (None for any), where it is
    kept and where it is told."""

    request: Request
    words: tuple[str, ...]
    versions: Mapping[str, Json] | None
    store: RunStore
    output: Output


def run_study(study: Study, command: Command) -> int:
    """Trains what the store lacks of the study, then writes its tables and report."""
    settings, store, output = command.request.settings, command.store, command.output
    folder = StudyFolder(settings.results_dir, study.name)
    record_plan(folder, StudyPlan.of(study), command.words)
    trained = train_study(study, command, folder)
    # pandas and scipy, which a message of usage need not wait for.
    from ablate.operations.publish import publish

    published = publish(folder, store, settings.reports_dir)
    damaged = {record.run_id for each in trained for record in each.records} - published.run_ids
    if damaged:
        output.problem(f"{counted(len(damaged), 'run')} had been damaged, as shows when read whole: trained again")
        trained += train_study(study, command, folder)
        published = publish(folder, store, settings.reports_dir)
    output.summary(f"tables  {folder.path}")
    output.summary(f"report  {published.report.path}{'' if published.report.changed else ' (unchanged)'}")
    return max(map(exit_code, trained))


def train_study(study: Study, command: Command, folder: StudyFolder) -> list[Trained]:
    """Trains what the store lacks of the study, and then of what confirms it."""
    labels = {run.run_id: f"{run.arm} seed {run.seed}" for run in study.planned_runs()}
    trained = [train(study.name, study.run_specs(), labels, command)]
    trained += confirm(study, command)
    for each in trained:
        log_unlike(each, study, folder)
    return trained


def log_unlike(trained: Trained, study: Study, folder: StudyFolder) -> None:
    """Notes in the study's log which runs came out otherwise when they were done again."""
    for event in trained.unlike:
        for run in study.planned_runs():
            if run.run_id == event.run_id:
                detail = f"{run.arm}, seed {run.seed}: {event.what}"
                folder.log(Flag.NONDETERMINISM.value, {"sweep": run.sweep, "run_id": run.run_id, "detail": detail})


def confirm(study: Study, command: Command) -> list[Trained]:
    """Trains what confirms or refutes the selected arms of those sweeps that ask for it: fresh seeds of each, of the
    baseline and of the runner-up."""
    if not any(sweep.spec.confirm for sweep in study.sweeps):
        return []
    chosen = confirming_specs(study, command.store)
    if not chosen:
        return []
    labels = {run_id: f"{arm} seed {spec.seed}" for run_id, (arm, spec) in chosen.items()}
    specs = {run_id: spec for run_id, (_, spec) in chosen.items()}
    return [train(f"{study.name}, confirmation", specs, labels, command)]


def confirming_specs(study: Study, store: RunStore) -> dict[str, tuple[str, RunSpec]]:
    """run_id → arm and spec, of the arms that are known to be worth confirming."""
    from ablate.analysis.judging import arms_to_confirm

    found = {}
    for sweep in study.sweeps:
        planned = PlannedSweep.of(sweep)
        chosen = arms_to_confirm(planned, store.present(run.run_id for run in planned.runs))
        for run, spec in confirmation_runs(sweep).items():
            if run.arm in chosen:
                found[run.run_id] = (run.arm, spec)
    return found


def run_alone(spec: RunSpec, command: Command) -> int:
    """Trains one run, unless the store has it, and prints what came out."""
    output = command.output
    trained = train("run", {spec.run_id: spec}, {spec.run_id: f"seed {spec.seed}"}, command)
    [record] = trained.records
    output.summary(f"run     {record.run_id[:12]} {record.status.value}")
    if record.failure is not None:
        output.problem(f"{failure_text(record.failure)}\nWhere: ablate show {record.run_id[:12]}")
    rows = metric_rows(record)
    if rows:
        output.summary(plain_table([("metric", "left"), ("value", "right")], rows))
    return exit_code(trained)


class Trained(NamedTuple):
    """The records of what was asked for, in its order; the artefacts that could not be made, and what came out
    otherwise when it was done again."""

    records: list[RunRecord]
    failed: list[ArtefactFailed]
    unlike: list[NotReproduced]


def train(name: str, specs: Mapping[str, RunSpec], labels: Mapping[str, str], command: Command) -> Trained:
    """Trains those of `specs` that the store lacks, and makes what it lacks of the others."""
    request, store, output = command.request, command.store, command.output
    work = missing(specs, store, request.keep, command.versions)
    output.say(f"{name}: {work_text(work)} · {numerics_text(specs.values())}")
    if not work.jobs:
        return Trained([work.done[run_id] for run_id in specs], [], [])
    failed: list[ArtefactFailed] = []
    unlike: list[NotReproduced] = []
    started = time.monotonic()
    executor: Executor = build(request.settings.executor)
    with progress_display(labels, len(work.jobs), output) as display:

        def observe(event: Event) -> None:
            display(event)
            if isinstance(event, ArtefactFailed):
                failed.append(event)
            elif isinstance(event, NotReproduced):
                unlike.append(event)

        session = Session(
            store,
            request.settings.data_dir,
            observe,
            request.keep,
            provenance=recorded_provenance(command.words, store.root),
            anew=frozenset(spec.run_id for spec in work.outdated),
        )
        trained = executor.execute(work.jobs, session)
    output.say(f"{ended_text(trained)} in {seconds_text(time.monotonic() - started)}")
    records = {**work.done, **{record.run_id: record for record in trained}}
    return Trained([records[run_id] for run_id in specs], failed, unlike)


def record_plan(folder: StudyFolder, plan: StudyPlan, words: tuple[str, ...]) -> None:
    """Keeps the plan; seeds and claims that are added after there were tables are noted in the study's log.

    They are noted first, so that a process that dies in between leaves a note and no plan: the same command then keeps
    the plan, and notes nothing again.
    """
    folder.check(plan)
    former, has_tables = folder.plan(), (folder.path / "runs.csv").is_file()
    if former is not None and has_tables:
        _note(folder, Flag.POST_HOC_SEEDS, added_seeds(former, plan))
        _note(folder, Flag.POST_HOC_CLAIMS, added_claims(former, plan))
    folder.record_plan(plan, words)


def _note(folder: StudyFolder, flag: Flag, added: Mapping[str, tuple[Json, ...]]) -> None:
    details = {sweep: list(what) for sweep, what in added.items()}
    if details and not any({"event": flag.value, **details}.items() <= event.items() for event in folder.events()):
        folder.log(flag.value, details)


def ended_text(records: Iterable[RunRecord]) -> str:
    counts = {status: sum(record.status is status for record in records) for status in Status}
    return ", ".join(f"{count} {status.value}" for status, count in counts.items() if count)


def exit_code(trained: Trained) -> int:
    failed = any(record.status is Status.FAILED for record in trained.records) or trained.failed or trained.unlike
    return ExitCode.SOME_RUNS_FAILED if failed else ExitCode.DONE
