"""One job in this process, come what may: a run, failed or not, or artefacts, and never an exception."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from ablate.config.building import build
from ablate.core.artefacts import PROBES
from ablate.core.identity import canonical
from ablate.core.records import Array, Failure, RunRecord, Status, StoredRun
from ablate.core.specs import Numerics, RunSpec
from ablate.runner.environment import describe_environment
from ablate.runner.events import EpochEnded, RunProgress, TrainingBegan
from ablate.runner.jobs import Artefacts, Job, JobResult
from ablate.runner.light_import import WRAPPED, without
from ablate.runner.session import MeasuresProbes, Progress, Trainer, TrainerLacks
from ablate.storage.runs import encode, encode_artefact

__all__ = ["OUT_OF_MEMORY", "TrainerOf", "do_job", "failed_run", "failure_of", "report_to", "trainers"]

# From a spec to who trains it.
TrainerOf = Callable[[RunSpec], Trainer]

# The module whose `Trainer` trains the specs that name no other.
USUAL = "ablate.runner.trainer"
OUT_OF_MEMORY = "oom"
OUT_OF_MEMORY_ERRORS = {"MemoryError", "ResourceExhaustedError"}
OUT_OF_MEMORY_STATUS = "RESOURCE_EXHAUSTED"
MESSAGE_CHARACTERS = 2_000
TRACEBACK_CHARACTERS = 20_000


def trainers(data_dir: Path | None, numerics: Numerics, is_worker: bool = False) -> TrainerOf:
    """Gives each spec its trainer, made at the first spec that names it and kept for those that come after.

    To call it imports whatever trains, so only the process that trains does.

    Args:
        is_worker: whether the process does nothing else; then Keras comes without the wrappers that no run uses.

    Raises:
        ConfigError: when called with a spec whose trainer is not allowed, or is not there.
        Exception: whatever the trainer raises while it is made.
    """
    known: dict[str, Trainer] = {}

    def trainer_of(spec: RunSpec) -> Trainer:
        name = canonical(None if spec.trainer is None else spec.trainer.to_json())
        if name not in known:
            known[name] = _load(spec, data_dir, numerics, is_worker)
        return known[name]

    return trainer_of


def _load(spec: RunSpec, data_dir: Path | None, numerics: Numerics, is_worker: bool) -> Trainer:
    if spec.trainer is None:
        with without(*WRAPPED) if is_worker else nullcontext():
            make = importlib.import_module(USUAL).Trainer
    else:
        # The packages whose sources are part of the spec were allowed when it was planned.
        make = build(spec.trainer, partial=True, allow=tuple(spec.code))
    trainer: Trainer = make(data_dir, numerics)
    return trainer


def report_to(tell: Callable[[RunProgress], None], spec: RunSpec) -> Progress:
    run_id = spec.run_id

    def report(epoch: int, epochs: int, metrics: Mapping[str, float]) -> None:
        if epoch == 0:
            tell(TrainingBegan(run_id, epochs))
            return
        tell(EpochEnded(run_id, epoch, epochs, {name: float(value) for name, value in metrics.items()}))

    return report


def do_job(trainer_of: TrainerOf, job: Job, progress: Progress) -> JobResult:
    """What came out of a job: the run as the trainer gives it or, when it raises, a failed one that says why; and
    the artefacts that are wanted of a completed run.

    A run that the store could not keep (a number that JSON cannot say, an array of objects) has failed. An
    artefact that could not be made leaves the run, and the other artefacts, as they are.
    """
    if not job.is_training:
        return _with_artefacts(JobResult(job.spec, None), trainer_of, job.keep, job.kept)
    try:
        trained = trainer_of(job.spec).train(job.spec, progress)
        run, raw = replace(trained, artefacts={}), trained.artefacts
        encode(run)
    except (Exception, SystemExit) as error:
        return JobResult(job.spec, failed_run(job.spec, failure_of(error)))
    if run.record.status is not Status.COMPLETED:
        return JobResult(job.spec, run)
    return _with_artefacts(JobResult(job.spec, run), trainer_of, job.keep, raw)


def _with_artefacts(done: JobResult, trainer_of: TrainerOf, keep: tuple[str, ...], raw: Artefacts) -> JobResult:
    artefacts: dict[str, Mapping[str, Array]] = {}
    failures: dict[str, Failure] = {}
    for name in keep:
        try:
            arrays = _artefact(name, done.spec, trainer_of(done.spec), raw)
            encode_artefact(done.spec.run_id, name, arrays)
        except (Exception, SystemExit) as error:
            failures[name] = failure_of(error)
        else:
            artefacts[name] = arrays
    return replace(done, artefacts=artefacts, failures=failures)


def _artefact(name: str, spec: RunSpec, trainer: Trainer, raw: Artefacts) -> Mapping[str, Array]:
    """A raw artefact, or what a probe measures.

    Raises:
        TrainerLacks: when the trainer does not give it.
    """
    if name in raw:
        return raw[name]
    if name not in PROBES:
        raise TrainerLacks(f"keep=[{name}]", trainer, f"gives {name}")
    if not isinstance(trainer, MeasuresProbes):
        raise TrainerLacks(f"keep=[{name}]", trainer, "measures probes")
    return trainer.measure(spec, name, raw)


def failed_run(spec: RunSpec, failure: Failure) -> StoredRun:
    """The run of `spec` that came to nothing, here."""
    record = RunRecord(spec.run_id, Status.FAILED, failure=failure, environment=describe_environment(spec.numerics))
    return StoredRun(spec, record)


def failure_of(error: BaseException) -> Failure:
    """An exception as text, of bounded length: the exception itself may not survive the way to the parent."""
    message = _message(error)
    return Failure(
        kind=OUT_OF_MEMORY if _is_out_of_memory(error, message) else "error",
        type=type(error).__name__,
        message=message[:MESSAGE_CHARACTERS],
        traceback="".join(traceback.format_exception(error))[-TRACEBACK_CHARACTERS:],
    )


def _is_out_of_memory(error: BaseException, message: str) -> bool:
    """By the names of its classes, numpy's own kind of MemoryError included, or by the status that XLA's errors name
    in their message, whatever class they come in."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & OUT_OF_MEMORY_ERRORS) or message.startswith(OUT_OF_MEMORY_STATUS)


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as second:
        return f"(a message that cannot be shown: {type(second).__name__})"
