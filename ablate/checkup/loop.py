"""The self-test: a tiny network on the digits, trained by a worker as any run is, twice and by every engine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError

from ablate.analysis.reproduction import Outcome, compare_again
from ablate.checkup.findings import Finding, Level, Trouble
from ablate.core.artefacts import WEIGHTS
from ablate.core.backend import TENSORFLOW
from ablate.core.records import Failure, StoredRun
from ablate.core.specs import RunSpec
from ablate.runner.compiled import compiled_programs
from ablate.runner.devices import worker_environment
from ablate.runner.jobs import Job, JobResult
from ablate.runner.process import WorkerProcess
from ablate.runner.worker import WorkerSettings
from ablate.runner.worker_pool import GRACE_SECONDS

__all__ = ["WORDS", "look_at_loop"]

# What is trained: less work than the worker's import of TensorFlow.
WORDS = ("dataset=digits", "model.hidden=[16]", "model.dropout=0.2", "training.epochs=2", "training.batch_size=64")
ENGINES = tuple(TENSORFLOW.engines)
BEAT_SECONDS = 1.0
PATIENCE_SECONDS = 300.0
REINSTALL = "python -m pip install --force-reinstall tensorflow keras numpy"


class LoopFailed(Exception):
    """The worker died, was too slow, or the run failed: the message says how."""


def look_at_loop(spec: RunSpec, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[Finding]:
    """
    Args:
        spec: what is trained, on the device that is looked at.
    """
    first, *others = (replace(spec, numerics=replace(spec.numerics, engine=engine)) for engine in ENGINES)
    started = time.monotonic()
    try:
        once, twice, *by_others = trained([first, first, *others], patience_seconds)
    except PackageNotFoundError as absent:
        # What installs it is said where the libraries are looked at.
        yield Finding("training", f"not tried, for {absent.name} is not installed", Level.WRONG)
        return
    except LoopFailed as failed:
        trouble = Trouble.DEVICE if spec.numerics.device == "gpu" else Trouble.INSTALLATION
        yield Finding("training", str(failed), Level.WRONG, f"{REINSTALL}; then ablate doctor --debug", trouble)
        return
    yield Finding("training", f"{len(ENGINES) + 1} runs in {time.monotonic() - started:.0f} s")
    yield _twice(once, twice)
    for engine, run in zip(ENGINES[1:], by_others, strict=True):
        yield _agreement(engine, once, run)


def trained(specs: Sequence[RunSpec], patience_seconds: float) -> list[StoredRun]:
    """The runs, by one new worker, with their weights.

    Raises:
        LoopFailed: when one of them comes to nothing.
    """
    numerics = specs[0].numerics
    environment = {**worker_environment(numerics, slot=0), **compiled_programs(numerics)}
    worker = WorkerProcess(0, WorkerSettings(None, numerics, BEAT_SECONDS), environment)
    until = time.monotonic() + patience_seconds
    try:
        return [_trained(worker, spec, until) for spec in specs]
    finally:
        worker.terminate()
        worker.end(GRACE_SECONDS)


def _trained(worker: WorkerProcess, spec: RunSpec, until: float) -> StoredRun:
    worker.begin(Job(spec, keep=(WEIGHTS,)))
    answer = _answer(worker, until)
    if answer.run is None:
        raise LoopFailed("the worker trained nothing")
    failure: Failure | None = answer.run.record.failure or next(iter(answer.failures.values()), None)
    if failure is not None:
        raise LoopFailed(f"{spec.numerics.engine}: {failure.type}: {failure.message}")
    return replace(answer.run, artefacts=answer.artefacts)


def _answer(worker: WorkerProcess, until: float) -> JobResult:
    while worker.connection.poll(max(0.0, until - time.monotonic())):
        try:
            message = worker.receive()
        except (EOFError, OSError):
            worker.end(GRACE_SECONDS)
            how, output = worker.exit_report()
            # How it ended tells the last line of what it printed where that says why.
            more = "" if ": " in how else f": {output.strip()[-500:]}"
            raise LoopFailed(f"the worker {how}{more}") from None
        if isinstance(message, JobResult):
            return message
    raise LoopFailed("the worker had not trained a tiny network in time")


def _twice(once: StoredRun, twice: StoredRun) -> Finding:
    reproduction = compare_again(once, twice)
    furthest = reproduction.furthest
    if furthest is None:
        return Finding("the same run twice", f"{Outcome.EQUAL.value}: {len(reproduction.quantities)} quantities")
    says = f"{furthest.name} came out with other bits, by {furthest.largest:.1e}"
    return Finding("the same run twice", says, Level.WRONG, REINSTALL)


def _agreement(engine: str, once: StoredRun, run: StoredRun) -> Finding:
    subject = f"{engine} and {ENGINES[0]}"
    reproduction = compare_again(once, replace(run, spec=once.spec))
    furthest = reproduction.furthest
    if reproduction.outcome is not Outcome.DIFFERENT:
        far = "to the last bit" if furthest is None else f"within rounding: {furthest.name} by {furthest.largest:.1e}"
        return Finding(subject, f"agree {far}")
    assert furthest is not None
    says = f"part by more than rounding: {furthest.name} by {furthest.largest:.1e}"
    if once.spec.numerics.device == "gpu":
        # TensorFlow lets newer GPUs multiply in TensorFloat-32, of ten bits, as each kernel sees fit.
        return Finding(subject, f"{says}, as TensorFloat-32 may", Level.NOTE, "NVIDIA_TF32_OVERRIDE=0 ablate doctor")
    return Finding(subject, says, Level.WRONG, REINSTALL)
