"""The progress of runs: a live display on a terminal; elsewhere a plain line for each finished run, and for how the
first one gets going."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import MappingProxyType

from rich import progress as rich_progress
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn

from ablate.cli.output import Output, seconds_text
from ablate.cli.wording import counted, numerics_text, work_text
from ablate.core.identity import short_id
from ablate.core.records import Failure, RunRecord, Status
from ablate.operations.events import DamageFound, OperationEvent, WorkEnded, WorkPlanned
from ablate.runner.events import (
    ArtefactFailed,
    EpochEnded,
    Event,
    NotReproduced,
    Observer,
    RunClaimedElsewhere,
    RunEnded,
    RunStarted,
    Superseded,
    TrainingBegan,
    WorkerDied,
)
from ablate.sanitize.text import one_line

__all__ = ["Progress", "ended_line", "failure_text", "progress_display"]

# What a line says of a run, the first of these that there is.
SHOWN = ("val_accuracy", "val_r2", "val_loss")
# What is done before a run has ended an epoch.
STARTING, COMPILING, FIRST_EPOCH = "starting", "compiling", "epoch 1 of {epochs}"


class Progress:
    """What an operation that trains says on the way: what there is to do, how it goes, what came of it."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._display = ExitStack()
        self._observe_runs: Callable[[Event], None] | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *raised: object) -> None:
        self._display.close()

    def observe(self, event: OperationEvent) -> None:
        match event:
            case WorkPlanned(name, labels, specs, work, judged):
                self._output.say(f"{name}: {work_text(work)} · {numerics_text(specs)}")
                if work.jobs:
                    display = progress_display(labels, len(work.jobs), self._output, judged)
                    self._observe_runs = self._display.enter_context(display)
            case WorkEnded(records, seconds):
                self._display.close()
                self._output.say(f"{ended_text(records)} in {seconds_text(seconds)}")
            case DamageFound(run_ids):
                runs = counted(len(run_ids), "run")
                self._output.problem(f"{runs} had been damaged, as shows when read whole: trained again")
            case _ if self._observe_runs is not None:
                self._observe_runs(event)
            case _:
                raise AssertionError("runs begin after their work was planned")


def ended_text(records: Iterable[RunRecord]) -> str:
    """`46 completed, 2 diverged`."""
    counts = Counter(record.status for record in records)
    return ", ".join(f"{counts[status]} {status.value}" for status in Status if counts[status])


@contextmanager
def progress_display(
    labels: Mapping[str, str], runs: int, output: Output, judged: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Observer]:
    """An observer of `runs` runs.

    Args:
        labels: run id → what the run is called.
        judged: run id → the metric that is shown of it, where it has that.
    """
    labels = {run_id: one_line(label) for run_id, label in labels.items()}
    if output.quiet:
        yield lambda event: _tell_problem(event, labels, output)
    elif output.messages.is_terminal:
        with LiveDisplay(labels, runs, output, judged) as display:
            yield display.observe
    else:
        yield PlainLines(labels, runs, output, judged).observe


class PlainLines:
    """A line for each run that ends, for what goes wrong on the way, and for what is done the first time."""

    def __init__(self, labels: Mapping[str, str], runs: int, output: Output, judged: Mapping[str, str]) -> None:
        self._labels, self._runs, self._output, self._judged = labels, runs, output, judged
        self._ended = 0
        self._phases: dict[str, str] = {}
        self._said: set[str] = set()

    def observe(self, event: Event) -> None:
        match event:
            case RunStarted() | TrainingBegan():
                self._say_once(phase_text(event, self._phases))
            case RunEnded():
                self._ended += 1
                run_id = event.record.run_id
                line = ended_line(self._labels[run_id], event.record, self._judged.get(run_id, ""))
                self._output.say(f"[{self._ended}/{self._runs}] {line}")
            case _:
                _tell_problem(event, self._labels, self._output)

    def _say_once(self, phase: str) -> None:
        if phase not in self._said and not self._ended:
            self._said.add(phase)
            self._output.say(phase)


def phase_text(event: RunStarted | TrainingBegan, phases: dict[str, str]) -> str:
    """What is being done for a run before the end of its first epoch; `phases` remembers what comes next of each."""
    if isinstance(event, RunStarted):
        phases[event.run_id] = COMPILING if event.compiles else FIRST_EPOCH
        return STARTING
    return phases[event.run_id].format(epochs=event.epochs)


class LiveDisplay:
    """An overall bar with the time left, and a bar for each run that is being trained."""

    def __init__(self, labels: Mapping[str, str], runs: int, output: Output, judged: Mapping[str, str]) -> None:
        self._labels, self._output, self._judged = labels, output, judged
        self._phases: dict[str, str] = {}
        self._progress = rich_progress.Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=output.messages,
            transient=True,
        )
        self._overall = self._progress.add_task("runs", total=runs, note="")
        self._running: dict[str, TaskID] = {}
        self._problems = 0

    def __enter__(self) -> LiveDisplay:
        self._progress.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._progress.stop()

    def observe(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._remove(event.run_id)
                note = phase_text(event, self._phases)
                self._running[event.run_id] = self._progress.add_task(self._labels[event.run_id], total=None, note=note)
            case TrainingBegan():
                note = phase_text(event, self._phases)
                self._progress.update(self._running[event.run_id], total=event.epochs, note=note)
            case EpochEnded():
                note = metric_text(event.metrics, self._judged.get(event.run_id, ""))
                task = self._running[event.run_id]
                self._progress.update(task, completed=event.epoch, total=event.epochs, note=note)
            case RunEnded():
                self._end(event.record)
            case _:
                _tell_problem(event, self._labels, self._output)

    def _end(self, record: RunRecord) -> None:
        self._remove(record.run_id)
        if record.status is not Status.COMPLETED:
            self._problems += 1
            self._output.say(ended_line(self._labels[record.run_id], record, self._judged.get(record.run_id, "")))
        note = f"{self._problems} not completed" if self._problems else ""
        self._progress.update(self._overall, advance=1, note=note)

    def _remove(self, run_id: str) -> None:
        if run_id in self._running:
            self._progress.remove_task(self._running.pop(run_id))


def ended_line(label: str, record: RunRecord, judged: str = "") -> str:
    """One run's outcome in a line, with a metric of the weights that count: the one that it is `judged` by, if it has
    it."""
    outcome = f"{short_id(record.run_id)}  {one_line(label)}  {record.status.value}"
    if record.divergence is not None:
        return f"{outcome} in epoch {record.divergence.epoch}, step {record.divergence.step}"
    if record.failure is not None:
        return f"{outcome} ({record.failure.kind}): {failure_text(record.failure)}"
    return f"{outcome}  {metric_text(record.metrics, judged)}  {seconds_text(record.timings.wall_seconds)}"


def failure_text(failure: Failure) -> str:
    """The exception in a line."""
    return one_line(f"{failure.type}: {failure.message}")


def metric_text(metrics: Mapping[str, float], judged: str = "") -> str:
    name = next((name for name in (judged, *SHOWN) if name in metrics), None)
    return "" if name is None else f"{name} {metrics[name]:.4f}"


def _tell_problem(event: Event, labels: Mapping[str, str], output: Output) -> None:
    match event:
        case WorkerDied():
            then = "tried once more" if event.is_retried else "not tried again"
            output.problem(f"{labels[event.run_id]}: {event.reason}; {then}")
        case RunClaimedElsewhere():
            output.say(f"{labels[event.run_id]}: another process is training it; waiting for its outcome")
        case ArtefactFailed():
            failure = event.failure
            output.problem(f"{labels[event.run_id]}: no {event.artefact}: {failure_text(failure)}")
        case NotReproduced():
            output.problem(
                f"{labels[event.run_id]}: {event.what} came out with other numbers when it was done again; what was "
                "stored stays, and what was to be kept of it is not"
            )
        case Superseded():
            output.say(
                f"{labels[event.run_id]}: {event.what} came out with other numbers than with other versions; what was "
                "stored is set aside"
            )
        case RunEnded() if event.record.status is Status.FAILED and output.quiet:
            output.problem(ended_line(labels[event.record.run_id], event.record))
        case _:
            pass
