"""One job in this process, come what may: a run, failed or not, or artefacts, and never an exception."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from ablate.core.artefacts import PROBES
from ablate.core.records import Array, Failure, RunRecord, Status, StoredRun
from ablate.core.specs import Numerics, RunSpec
from ablate.runner.environment import describe_environment
from ablate.runner.events import EpochEnded
from ablate.runner.jobs import Artefacts, Job, JobResult
from ablate.runner.session import Progress, Trainer
from ablate.storage.runs import encode, encode_artefact

__all__ = ["OUT_OF_MEMORY", "do_job", "failed_run", "failure_of", "load_trainer", "report_to"]

OUT_OF_MEMORY = "oom"
OUT_OF_MEMORY_ERRORS = {"MemoryError", "ResourceExhaustedError"}
OUT_OF_MEMORY_STATUS = "RESOURCE_EXHAUSTED"
MESSAGE_CHARACTERS = 2_000
TRACEBACK_CHARACTERS = 20_000


def load_trainer(module_name: str, data_dir: Path | None, numerics: Numerics) -> Trainer:
    """The trainer of a module. Imports whatever trains, so it is called in the process that trains only."""
    trainer: Trainer = importlib.import_module(module_name).Trainer(data_dir, numerics)
    return trainer


def report_to(tell: Callable[[EpochEnded], None], spec: RunSpec) -> Progress:
    run_id = spec.run_id

    def report(epoch: int, epochs: int, metrics: Mapping[str, float]) -> None:
        tell(EpochEnded(run_id, epoch, epochs, {name: float(value) for name, value in metrics.items()}))

    return report


def do_job(trainer: Callable[[], Trainer], job: Job, progress: Progress) -> JobResult:
    """What came out of a job: the run as the trainer gives it or, when it raises, a failed one that says why; and
    the artefacts that are wanted of a completed run.

    A run that the store could not keep (a number that JSON cannot say, an array of objects) has failed. An
    artefact that could not be made leaves the run, and the other artefacts, as they are.
    """
    if not job.is_training:
        return _with_artefacts(JobResult(job.spec, None), trainer, job.keep, job.kept)
    try:
        trained = trainer().train(job.spec, progress)
        run, raw = replace(trained, artefacts={}), trained.artefacts
        encode(run)
    except (Exception, SystemExit) as error:
        return JobResult(job.spec, failed_run(job.spec, failure_of(error)))
    if run.record.status is not Status.COMPLETED:
        return JobResult(job.spec, run)
    return _with_artefacts(JobResult(job.spec, run), trainer, job.keep, raw)


def _with_artefacts(
    done: JobResult, trainer: Callable[[], Trainer], keep: tuple[str, ...], raw: Artefacts
) -> JobResult:
    artefacts: dict[str, Mapping[str, Array]] = {}
    failures: dict[str, Failure] = {}
    for name in keep:
        try:
            arrays = trainer().measure(done.spec, name, raw) if name in PROBES else raw[name]
            encode_artefact(done.spec.run_id, name, arrays)
        except (Exception, SystemExit) as error:
            failures[name] = failure_of(error)
        else:
            artefacts[name] = arrays
    return replace(done, artefacts=artefacts, failures=failures)


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
