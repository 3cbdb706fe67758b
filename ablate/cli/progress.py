"""The progress of runs: a live display on a terminal, one plain line for each finished run elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

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
    WorkerDied,
)
from ablate.sanitize.text import one_line

__all__ = ["Progress", "ended_line", "failure_text", "progress_display"]

# What a line says of a run, the first of these that there is.
SHOWN = ("val_accuracy", "val_r2", "val_loss")


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
            case WorkPlanned(name, labels, specs, work):
                self._output.say(f"{name}: {work_text(work)} · {numerics_text(specs)}")
                if work.jobs:
                    display = progress_display(labels, len(work.jobs), self._output)
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
def progress_display(labels: Mapping[str, str], runs: int, output: Output) -> Iterator[Observer]:
    """An observer of `runs` runs, which are called by their `labels` (run id to text)."""
    labels = {run_id: one_line(label) for run_id, label in labels.items()}
    if output.quiet:
        yield lambda event: _tell_problem(event, labels, output)
    elif output.messages.is_terminal:
        with LiveDisplay(labels, runs, output) as display:
            yield display.observe
    else:
        yield PlainLines(labels, runs, output).observe


class PlainLines:
    """A line for each run that ends, and for what goes wrong on the way."""

    def __init__(self, labels: Mapping[str, str], runs: int, output: Output) -> None:
        self._labels, self._runs, self._output = labels, runs, output
        self._ended = 0

    def observe(self, event: Event) -> None:
        match event:
            case RunEnded():
                self._ended += 1
                line = ended_line(self._labels[event.record.run_id], event.record)
                self._output.say(f"[{self._ended}/{self._runs}] {line}")
            case _:
                _tell_problem(event, self._labels, self._output)


class LiveDisplay:
    """An overall bar with the time left, and a bar for each run that is being trained."""

    def __init__(self, labels: Mapping[str, str], runs: int, output: Output) -> None:
        self._labels, self._output = labels, output
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
                self._running[event.run_id] = self._progress.add_task(self._labels[event.run_id], total=None, note="")
            case EpochEnded():
                task = self._running[event.run_id]
                self._progress.update(task, completed=event.epoch, total=event.epochs, note=metric_text(event.metrics))
            case RunEnded():
                self._end(event.record)
            case _:
                _tell_problem(event, self._labels, self._output)

    def _end(self, record: RunRecord) -> None:
        self._remove(record.run_id)
        if record.status is not Status.COMPLETED:
            self._problems += 1
            self._output.say(ended_line(self._labels[record.run_id], record))
        note = f"{self._problems} not completed" if self._problems else ""
        self._progress.update(self._overall, advance=1, note=note)

    def _remove(self, run_id: str) -> None:
        if run_id in self._running:
            self._progress.remove_task(self._running.pop(run_id))


def ended_line(label: str, record: RunRecord) -> str:
    """One run's outcome in a line, with a metric of the weights that count."""
    outcome = f"{short_id(record.run_id)}  {one_line(label)}  {record.status.value}"
    if record.divergence is not None:
        return f"{outcome} in epoch {record.divergence.epoch}, step {record.divergence.step}"
    if record.failure is not None:
        return f"{outcome} ({record.failure.kind}): {failure_text(record.failure)}"
    return f"{outcome}  {metric_text(record.metrics)}  {seconds_text(record.timings.wall_seconds)}"


def failure_text(failure: Failure) -> str:
    """The exception in a line."""
    return one_line(f"{failure.type}: {failure.message}")


def metric_text(metrics: Mapping[str, float]) -> str:
    name = next((name for name in SHOWN if name in metrics), None)
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
