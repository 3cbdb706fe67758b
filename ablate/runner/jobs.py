"""What a run still needs: to be trained, to be trained again for an artefact, or an artefact derived.

job = job_of(spec, record, ("weights", "sharpness"), store)    # None when the store has all of it
job.is_training                                         # False: the weights are kept, so nothing is trained
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ablate.core.artefacts import derivable, sources_of
from ablate.core.records import HISTORY, Array, Failure, RunRecord, Status, StoredRun
from ablate.core.specs import RunSpec
from ablate.storage.runs import MissingArtefact, MissingRun, RunStore

__all__ = ["WITHOUT", "Artefacts", "Job", "JobResult", "is_derivable", "job_of", "lacking", "lacking_metrics"]

# Under this name the environment of a record tells which metrics, asked for, the run has no finite value of.
WITHOUT = "without_metrics"
# The engine that compiles nothing.
EAGER = "eager"

Artefacts = Mapping[str, Mapping[str, Array]]


@dataclass(frozen=True)
class Job:
    """One run to see to.

    Attributes:
        keep: the artefacts that are wanted of it.
        kept: the raw artefacts to derive them from; empty where the run is to be trained.
    """

    spec: RunSpec
    keep: tuple[str, ...] = ()
    kept: Artefacts = field(default_factory=dict)

    @property
    def is_training(self) -> bool:
        return not self.kept

    def compiles(self, compiled: str | None) -> bool:
        """Whether a worker that has compiled this program last has to compile another to train the run."""
        return self.is_training and self.spec.program_id != compiled and self.spec.numerics.engine != EAGER


@dataclass(frozen=True)
class JobResult:
    """What came out of a job.

    Attributes:
        run: the run, completed or not, without artefacts; None where nothing was trained.
        artefacts: those of the wanted ones that could be made.
        failures: why the others could not.
    """

    spec: RunSpec
    run: StoredRun | None
    artefacts: Artefacts = field(default_factory=dict)
    failures: Mapping[str, Failure] = field(default_factory=dict)


def lacking(record: RunRecord, keep: tuple[str, ...], store: RunStore) -> tuple[str, ...]:
    """Which of the artefacts `keep` the store should have of a run and has not; only completed runs have any."""
    if not keep or record.status is not Status.COMPLETED:
        return ()
    kept = store.artefacts(record.run_id)
    return tuple(name for name in keep if name not in kept)


def lacking_metrics(record: RunRecord, names: tuple[str, ...], store: RunStore) -> tuple[str, ...]:
    """Which of the metrics `names` a completed run has neither in its record nor in its history, though it has not
    been found out yet that it has none."""
    if record.status is not Status.COMPLETED:
        return ()
    known = (*record.metrics, *told_without(record))
    missing = [name for name in names if name not in known]
    # Records of older versions leave those of each epoch to the history.
    try:
        history = store.arrays(record, {HISTORY + name for name in missing}) if missing else {}
    except MissingRun:  # damaged beside a sound record: whoever reads the run whole finds out
        return ()
    return tuple(name for name in missing if HISTORY + name not in history)


def told_without(record: RunRecord) -> tuple[str, ...]:
    """The metrics that a run was found to have no finite value of."""
    told = record.environment.get(WITHOUT)
    return tuple(map(str, told)) if isinstance(told, list | tuple) else ()


def job_of(spec: RunSpec, record: RunRecord | None, keep: tuple[str, ...], store: RunStore) -> Job | None:
    """What is to be done for a run that has come to `record`, if any; None when nothing is."""
    if record is None or not record.status.is_outcome:
        return Job(spec, keep)
    missing = lacking(record, keep, store)
    if not missing:
        return None
    try:
        return Job(spec, missing, {name: store.artefact(spec.run_id, name) for name in sources_of(missing)})
    except MissingArtefact:
        return Job(spec, missing)


def is_derivable(run_id: str, names: tuple[str, ...], store: RunStore) -> bool:
    """Whether artefacts can be had of a run without training it again."""
    return derivable(names, store.artefacts(run_id))
