"""What would be trained for the same words, and what the design could show. Needs no TensorFlow.

planned = plan(["+sweep=optimizers"])
len(planned.work.todo), planned.estimated_seconds
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ablate.analysis.forecast import Forecast, SeedsTable, forecast_sweep, tabulate_seeds
from ablate.analysis.values import arrays_behind
from ablate.core.identity import canonical
from ablate.core.metrics import open_metrics
from ablate.core.plans import PlannedSweep, StudyPlan
from ablate.core.records import StoredRun
from ablate.core.specs import Arm, RunSpec, Study, Sweep
from ablate.operations.as_json import document, shows
from ablate.operations.request import ConfigFolders, executor_of, read_request
from ablate.runner.environment import installed_versions
from ablate.runner.plan import WorkPlan, missing
from ablate.storage.runs import MissingArtefact, MissingRun, RunStore
from ablate.storage.studies import StudyFolder

__all__ = ["ArmWork", "PlannedWork", "SweepWork", "WorkIds", "plan"]


@shows("name=arm.name", "levels=arm.levels", "is_baseline=arm.is_baseline", "done", "missing", "program")
@dataclass(frozen=True)
class ArmWork:
    """How many runs of an arm are done and how many are missing; `program` counts the sweep's programs from 1."""

    arm: Arm
    done: int
    missing: int
    program: int


@shows(
    "name=sweep.spec.name",
    "question=sweep.spec.question",
    "design=sweep.spec.design",
    "base=sweep.spec.base",
    "seeds=sweep.spec.seeds",
    "metric=sweep.spec.metric",
    "margin=sweep.spec.margin",
    "arms",
    "distinct",
    "forecast",
    "seeds_table",
)
@dataclass(frozen=True)
class SweepWork:
    """One sweep: what there is to do for each arm, and what its design can show.

    Attributes:
        forecast: by the spread of what is done; None for a sweep of one arm.
        distinct: how many configurations its arms come to.
        seeds_table: power over numbers of seeds, by the same spread; None where nobody asked, and as `forecast`.
    """

    sweep: Sweep
    arms: tuple[ArmWork, ...]
    forecast: Forecast | None
    distinct: int
    seeds_table: SeedsTable | None = None


@dataclass(frozen=True)
class WorkIds:
    """A `WorkPlan` by the ids of its runs; see there."""

    todo: tuple[str, ...]
    done: tuple[str, ...]
    failed: tuple[str, ...]
    retrained: tuple[str, ...]
    derived: tuple[str, ...]
    outdated: tuple[str, ...]
    lacking: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, work: WorkPlan) -> WorkIds:
        return cls(
            todo=_ids(work.todo),
            done=tuple(work.done),
            failed=tuple(work.failed),
            retrained=_ids(work.retrained),
            derived=_ids(work.derived),
            outdated=_ids(work.outdated),
            lacking=work.lacking,
        )


@document("plan", version=4)
@shows("runs", "work=work_ids", "programs=work.programs", "sweeps", "workers", "estimated_seconds", "notes")
@dataclass(frozen=True)
class PlannedWork:
    """What the store lacks of what was asked for.

    Attributes:
        specs: all runs, done or not.
        sweeps: of a study; empty for a run by itself.
        workers: how many would train; None where only the cluster can tell, or where nothing is to be trained.
        notes: sentences about the data that stop nobody: classes of which a part has no example.
    """

    specs: tuple[RunSpec, ...]
    work: WorkPlan
    sweeps: tuple[SweepWork, ...]
    workers: int | None
    notes: tuple[str, ...] = ()

    @property
    def runs(self) -> tuple[str, ...]:
        """The ids of all runs."""
        return _ids(self.specs)

    @property
    def work_ids(self) -> WorkIds:
        return WorkIds.of(self.work)

    @property
    def estimated_seconds(self) -> float | None:
        """How long the workers take together, one where their number is not known; None when nothing like it was
        timed."""
        one_worker = self.work.estimated_seconds
        return None if one_worker is None else one_worker / (self.workers or 1)


def plan(
    words: Sequence[str] = (),
    *,
    is_grid: bool = False,
    same_environment: bool = False,
    replace: bool = False,
    seeds_table: bool = False,
    folders: ConfigFolders = ConfigFolders(),
) -> PlannedWork:
    """What `run` would train for the same arguments.

    Args:
        seeds_table: whether to say of each sweep what other numbers of seeds would show.

    Raises:
        ConfigError, DataError, DeviceAbsent: when the words ask for what cannot be.
        AnotherStudy, UnreadablePlan: when `run` would refuse the study's name.
        UnreadableRecord: when another version of ablate wrote one of the records.
    """
    request = read_request(words, folders, is_grid)
    store = RunStore(request.settings.results_dir)
    asked = request.work
    if isinstance(asked, Study) and not replace:
        StudyFolder(request.settings.results_dir, asked.name).check(StudyPlan.of(asked))
    specs = asked.run_specs() if isinstance(asked, Study) else {asked.run_id: asked}
    versions = installed_versions() if same_environment else None
    work = missing(specs, store, request.keep, versions, request.metrics, request.measured)
    study = asked.sweeps if isinstance(asked, Study) else ()
    planned = tuple(map(PlannedSweep.of, study))
    sweeps = tuple(_sweep_work(*each, planned, work, store, seeds_table) for each in zip(study, planned, strict=True))
    workers = None
    if work.trained:
        workers = executor_of(request.settings).worker_count(work.trained)
    return PlannedWork(tuple(specs.values()), work, sweeps, workers, request.notes)


def _ids(specs: Iterable[RunSpec]) -> tuple[str, ...]:
    return tuple(spec.run_id for spec in specs)


def _sweep_work(
    sweep: Sweep,
    planned: PlannedSweep,
    study: Sequence[PlannedSweep],
    work: WorkPlan,
    store: RunStore,
    seeds_table: bool,
) -> SweepWork:
    programs = list(dict.fromkeys(arm.spec.program_id for arm in sweep.arms))
    number = {program: place for place, program in enumerate(programs, start=1)}
    runs = dict(_done_runs(sweep, work, store))
    return SweepWork(
        sweep,
        tuple(_arm_work(arm, planned, work, number[arm.spec.program_id]) for arm in sweep.arms),
        forecast_sweep(planned, runs, study),
        len({canonical(arm.spec.settings()) for arm in sweep.arms}),
        tabulate_seeds(planned, runs, study) if seeds_table else None,
    )


def _arm_work(arm: Arm, planned: PlannedSweep, work: WorkPlan, program: int) -> ArmWork:
    runs = planned.runs_of(arm.name)
    done = sum(run.run_id in work.done for run in runs)
    return ArmWork(arm, done, len(runs) - done, program)


def _done_runs(sweep: Sweep, work: WorkPlan, store: RunStore) -> Iterator[tuple[str, StoredRun]]:
    """Run id and run of what is done of a sweep. Specs and records are at hand; the store gives the arrays, where more
    is asked than the records say."""
    measured = tuple(metric.artefact for metric in open_metrics(sweep.spec))
    for spec in sweep.run_specs():
        if spec.run_id in work.done:
            with suppress(MissingRun, MissingArtefact):  # damaged beside a sound record
                record = work.done[spec.run_id]
                names = arrays_behind(sweep.spec.metric, record)
                arrays = store.arrays(record, names) if names else {}
                there = [name for name in measured if store.has_artefact(spec.run_id, name)]
                found = {name: store.artefact(spec.run_id, name) for name in there}
                yield spec.run_id, StoredRun(spec, record, arrays, found)
