"""Train what is missing of a study, write its tables and its report; or train one run.

    done = run(["+sweep=optimizers", "sweep.seeds=3"])
    done.report, done.is_complete

What the store has is not trained again, so calling it twice costs next to nothing the second time.
"""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from ablate.config.requests import Request
from ablate.core.identity import Json
from ablate.core.late_changes import Change, late_changes
from ablate.core.metrics import open_metrics
from ablate.core.plans import PlannedSweep, StudyPlan
from ablate.core.records import RunRecord, Status
from ablate.core.specs import PlannedRun, RunSpec, Study, confirmation_runs
from ablate.operations.as_json import document, shows
from ablate.operations.events import DamageFound, Observer, WorkEnded, WorkPlanned, unobserved
from ablate.operations.request import ConfigFolders, executor_of, read_request, recorded_words
from ablate.runner.environment import installed_versions
from ablate.runner.events import ArtefactFailed, Event, NotReproduced, RunStarted
from ablate.runner.measuring import measure_runs, unmeasured
from ablate.runner.plan import missing
from ablate.runner.pool_executor import PoolExecutor
from ablate.runner.provenance import recorded_provenance
from ablate.runner.session import Session
from ablate.storage.runs import MissingRun, RunStore
from ablate.storage.studies import StudyFolder
from ablate.verdicts.verdict import Flag

__all__ = ["RunDone", "StudyDone", "Trained", "record_plan", "run", "run_study"]

# What writes a report, and what draws its figures; imported while the runs of a study are trained.
PUBLISHING = ("ablate.operations.publish", "ablate.plots.canvas")


@shows("is_complete", "runs", "failed", "unlike")
@dataclass(frozen=True)
class Trained:
    """The records of what was asked for, in its order; the artefacts that could not be made, and what came out
    otherwise when it was done again."""

    records: tuple[RunRecord, ...]
    failed: tuple[ArtefactFailed, ...] = ()
    unlike: tuple[NotReproduced, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every run has an outcome, with all that was to be kept of it."""
        return not (self.failed or self.unlike or any(record.status is Status.FAILED for record in self.records))

    @property
    def runs(self) -> dict[str, Status]:
        """Run id → how it ended."""
        return {record.run_id: record.status for record in self.records}


@document("run_study", version=2)
@shows(
    "study=study.name",
    "answer",
    "answers",
    "results_dir",
    "tables",
    "report",
    "is_report_changed",
    "is_complete",
    "trained",
)
@dataclass(frozen=True)
class StudyDone:
    """A study whose runs are in the store and whose report is written.

    Attributes:
        answer: what the study showed, in one or two sentences; `answers` has those of each of its sweeps.
        tables: the folder of its tables.
        report: report.md; `is_report_changed` is False where it stood there already.
        trained: of the study, then of its confirmation; the same once more where damaged runs were trained again.
    """

    study: Study
    answer: str
    answers: Mapping[str, str]
    results_dir: Path
    tables: Path
    report: Path
    is_report_changed: bool
    trained: tuple[Trained, ...]

    @property
    def html(self) -> Path:
        """The report for a browser, beside report.md."""
        return self.report.with_suffix(".html")

    @property
    def is_complete(self) -> bool:
        """Whether every run has an outcome, with all that was to be kept of it."""
        return all(each.is_complete for each in self.trained)


@document("run", version=1)
@shows("record", "is_complete", "trained")
@dataclass(frozen=True)
class RunDone:
    """One run that belongs to no study."""

    record: RunRecord
    trained: Trained

    @property
    def is_complete(self) -> bool:
        """Whether it has an outcome, with all that was to be kept of it."""
        return self.trained.is_complete


@dataclass(frozen=True)
class TrainingRequest:
    """What was asked for and in which words, the versions that it has to be computed with (None for any), where it is
    kept and who is told."""

    request: Request
    words: tuple[str, ...]
    versions: Mapping[str, Json] | None
    store: RunStore
    observe: Observer
    replace: bool = False


def run(
    words: Sequence[str] | str = (),
    *,
    is_grid: bool = False,
    same_environment: bool = False,
    replace: bool = False,
    folders: ConfigFolders = ConfigFolders(),
    observe: Observer = unobserved,
) -> StudyDone | RunDone:
    """Does what the words of a command line ask for: `["+sweep=optimizers", "sweep.seeds=3"]`.

    Args:
        words: overrides; one text is taken apart as a shell does.
        is_grid: whether keys may have several values, of which the grid is trained (`-m`).
        same_environment: whether to train anew what was computed with other versions of ablate, Python, TensorFlow or
            Keras.
        replace: whether to set the folder of another study of this name aside, and to start it anew.
        folders: where configs are looked up beside those of ablate and of the current folder.
        observe: told of the work and of every run while it goes on.

    Raises:
        ConfigError, DataError, DeviceAbsent: when the words ask for what cannot be; nothing is trained then.
        AnotherStudy: when the study's name stands for another one that is not to be replaced.
        StoppedEarly: when the first runs all fail alike.
        Interrupted: on SIGINT or SIGTERM; what was finished is kept.
        WriteFailed: when the file system refuses; what was finished is kept.
    """
    words = shlex.split(words) if isinstance(words, str) else words
    request = read_request(words, folders, is_grid)
    versions = installed_versions() if same_environment else None
    store = RunStore(request.settings.results_dir)
    asked = TrainingRequest(request, recorded_words(words, is_grid), versions, store, observe, replace)
    return run_study(request.work, asked) if isinstance(request.work, Study) else _run_alone(request.work, asked)


def run_study(study: Study, asked: TrainingRequest) -> StudyDone:
    """Trains what the store lacks of the study, then writes its tables and report."""
    settings, store = asked.request.settings, asked.store
    folder = StudyFolder(settings.results_dir, study.name)
    plan = StudyPlan.of(study)
    if asked.replace:
        folder.make_way(plan)
    record_plan(folder, plan, asked.words, store)
    trained = _train_study(study, asked, folder)
    # pandas and scipy, which nobody need wait for before there is something to publish.
    from ablate.operations.publish import publish
    from ablate.reporting.answer import answer_of_study, answer_of_sweep

    published = publish(folder, store, settings.reports_dir)
    damaged = {record.run_id for each in trained for record in each.records} - published.run_ids
    if damaged:
        asked.observe(DamageFound(frozenset(damaged)))
        trained += _train_study(study, asked, folder)
        published = publish(folder, store, settings.reports_dir)
    report, found = published.report, published.findings
    return StudyDone(
        study,
        answer_of_study(found).plain,
        {each.name: answer_of_sweep(each).plain for each in found},
        settings.results_dir,
        folder.path,
        report.path,
        report.changed,
        tuple(trained),
    )


def _run_alone(spec: RunSpec, asked: TrainingRequest) -> RunDone:
    trained = _train("run", {spec.run_id: spec}, {spec.run_id: f"seed {spec.seed}"}, asked)
    return RunDone(trained.records[0], trained)


def _train_study(study: Study, asked: TrainingRequest, folder: StudyFolder) -> list[Trained]:
    """Trains what the store lacks of the study, and then of what confirms it."""
    labels = {run.run_id: f"{run.arm} seed {run.seed}" for run in study.planned_runs()}
    judged = _judged_by(study)
    trained = [_train(study.name, study.run_specs(), labels, asked, judged), *_confirm(study, asked, judged)]
    for each in trained:
        _log_unlike(each, study, folder)
    return trained


def _judged_by(study: Study) -> dict[str, str]:
    """run_id → the metric of the first sweep that the run is of."""
    found: dict[str, str] = {}
    for sweep in study.sweeps:
        for run in (*sweep.planned_runs(), *confirmation_runs(sweep)):
            found.setdefault(run.run_id, sweep.spec.metric)
    return found


def _log_unlike(trained: Trained, study: Study, folder: StudyFolder) -> None:
    """Notes in the study's log which runs came out otherwise when they were done again."""
    for event in trained.unlike:
        for planned in study.planned_runs():
            if planned.run_id == event.run_id:
                detail = f"{planned.arm}, seed {planned.seed}: {event.what}"
                entry = {"sweep": planned.sweep, "run_id": planned.run_id, "detail": detail}
                folder.log(Flag.NONDETERMINISM.value, entry)


def _confirm(study: Study, asked: TrainingRequest, judged: Mapping[str, str]) -> list[Trained]:
    """Trains what confirms or refutes the selected arms of those sweeps that ask for it: fresh seeds of each, of the
    baseline and of the runner-up."""
    if not any(sweep.spec.confirm for sweep in study.sweeps):
        return []
    chosen = _confirming_specs(study, asked.store)
    if not chosen:
        return []
    labels = {run_id: f"{arm} seed {spec.seed}" for run_id, (arm, spec) in chosen.items()}
    specs = {run_id: spec for run_id, (_, spec) in chosen.items()}
    return [_train(f"{study.name}, confirmation", specs, labels, asked, judged)]


def _confirming_specs(study: Study, store: RunStore) -> dict[str, tuple[str, RunSpec]]:
    """run_id → arm and spec, of the arms that are known to be worth confirming."""
    from ablate.analysis.judging import arms_to_confirm

    found = {}
    for sweep in study.sweeps:
        planned = PlannedSweep.of(sweep)
        measured = tuple(metric.artefact for metric in open_metrics(sweep.spec))
        chosen = arms_to_confirm(planned, store.present((run.run_id for run in planned.runs), measured))
        for fresh, spec in confirmation_runs(sweep).items():
            if fresh.arm in chosen:
                found[fresh.run_id] = (fresh.arm, spec)
    return found


def _train(
    name: str,
    specs: Mapping[str, RunSpec],
    labels: Mapping[str, str],
    asked: TrainingRequest,
    judged: Mapping[str, str] = MappingProxyType({}),
) -> Trained:
    """Trains those of `specs` that the store lacks, and makes what it lacks of the others."""
    request, store = asked.request, asked.store
    work = missing(specs, store, request.keep, asked.versions, request.metrics, request.measured)
    asked.observe(WorkPlanned(name, labels, tuple(specs.values()), work, judged))
    if not work.jobs and not work.unmeasured:
        return Trained(tuple(work.done[run_id] for run_id in specs))
    heard, observe = _remembering(asked.observe)
    executor = executor_of(request.settings) if work.jobs else None
    if judged and _waits_for_others(executor):  # it is a study, whose report follows
        observe = _importing(PUBLISHING, observe)
    started = time.monotonic()
    session = Session(
        store,
        request.settings.data_dir,
        observe,
        request.keep,
        provenance=recorded_provenance(asked.words, store.root),
        anew=work.anew,
        incomplete=frozenset(spec.run_id for spec in work.incomplete),
        metrics=request.metrics,
    )
    trained = executor.execute(work.jobs, session) if executor is not None else ()
    if work.jobs:
        asked.observe(WorkEnded(trained, time.monotonic() - started))
    records = {**work.done, **{record.run_id: record for record in trained}}
    measure_runs(unmeasured(records.values(), request.measured, store), store, observe)
    return Trained(
        tuple(records[run_id] for run_id in specs),
        tuple(event for event in heard if isinstance(event, ArtefactFailed)),
        tuple(event for event in heard if isinstance(event, NotReproduced)),
    )


def _waits_for_others(executor: object) -> bool:
    """Whether the runs are trained in other processes, and this one has time."""
    return isinstance(executor, PoolExecutor)


def _importing(modules: Sequence[str], observe: Callable[[Event], None]) -> Callable[[Event], None]:
    """An observer that passes every event on, and has these modules imported beside, from the first sign of a worker
    on. What cannot be imported is said by whoever needs it."""

    def import_all() -> None:
        with suppress(Exception):
            for module in modules:
                import_module(module)

    # Whoever ends this process waits for the import: one that is torn off may take native code with it.
    thread = threading.Thread(target=import_all, name="imports", daemon=False)

    def hear(event: Event) -> None:
        # By then all workers have been started, which an import would delay.
        if thread.ident is None and not isinstance(event, RunStarted):
            thread.start()
        observe(event)

    return hear


def _remembering(observe: Observer) -> tuple[list[Event], Callable[[Event], None]]:
    """What is to be remembered of the events, and an observer that does, and passes every event on."""
    heard: list[Event] = []

    def hear(event: Event) -> None:
        if isinstance(event, (ArtefactFailed, NotReproduced)):
            heard.append(event)
        observe(event)

    return heard, hear


def record_plan(folder: StudyFolder, plan: StudyPlan, words: Sequence[str], store: RunStore) -> None:
    """Keeps the plan; what it changes of the one that stood when the first results existed is noted in the study's log.

    It is noted first, so that a process that dies in between leaves a note and no plan: the same command then keeps
    the plan, and notes nothing again.
    """
    folder.check(plan)
    former = folder.plan()
    if former is not None and former.plan_hash != plan.plan_hash and _has_results(folder, former, store):
        confirmed = [sweep.spec.name for sweep in former.sweeps if _has_outcome(sweep.confirmation, store)]
        for change, what in late_changes(former, plan, folder.events(), confirmed).items():
            _note(folder, change, what)
    folder.record_plan(plan, words)


def _has_results(folder: StudyFolder, plan: StudyPlan, store: RunStore) -> bool:
    return (folder.path / "runs.csv").is_file() or _has_outcome(plan.runs, store)


def _has_outcome(planned: Sequence[PlannedRun], store: RunStore) -> bool:
    """Whether one of the runs is in the store and has not failed."""
    for run in planned:
        with suppress(MissingRun):
            if store.record(run.run_id).status is not Status.FAILED:
                return True
    return False


def _note(folder: StudyFolder, change: Change, what: Mapping[str, Sequence[Json]]) -> None:
    details: dict[str, Json] = {sweep: list(items) for sweep, items in what.items()}
    if details and not any({"event": change.value, **details}.items() <= event.items() for event in folder.events()):
        folder.log(change.value, details)
