"""One run in this process, come what may: a stored run, failed or not, and never an exception."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from ablate.records import Failure, RunRecord, Status, StoredRun
from ablate.runner.environment import describe_environment
from ablate.runner.events import EpochEnded
from ablate.runner.session import Progress, Trainer
from ablate.specs import Numerics, RunSpec
from ablate.store import encode

__all__ = ["OUT_OF_MEMORY", "failed_run", "failure_of", "load_trainer", "outcome", "report_to"]

OUT_OF_MEMORY = "oom"
OUT_OF_MEMORY_ERRORS = ("MemoryError", "ResourceExhaustedError")
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


def outcome(trainer: Callable[[], Trainer], spec: RunSpec, progress: Progress) -> StoredRun:
    """What came out of a run: what the trainer says or, when it raises, a failed run that says why.

    A run that the store could not keep (a number that JSON cannot say, an array of objects) has failed.
    """
    try:
        run = trainer().train(spec, progress)
        encode(run)
    except (Exception, SystemExit) as error:
        return failed_run(spec, failure_of(error))
    return run


def failed_run(spec: RunSpec, failure: Failure) -> StoredRun:
    """The run of `spec` that came to nothing, here."""
    record = RunRecord(spec.run_id, Status.FAILED, failure=failure, environment=describe_environment())
    return StoredRun(spec, record)


def failure_of(error: BaseException) -> Failure:
    """An exception as text, of bounded length: the exception itself may not survive the way to the parent."""
    name = type(error).__name__
    return Failure(
        kind=OUT_OF_MEMORY if name in OUT_OF_MEMORY_ERRORS else "error",
        type=name,
        message=_message(error)[:MESSAGE_CHARACTERS],
        traceback="".join(traceback.format_exception(error))[-TRACEBACK_CHARACTERS:],
    )


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as second:
        return f"(a message that cannot be shown: {type(second).__name__})"
