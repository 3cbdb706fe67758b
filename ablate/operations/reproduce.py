"""Stored runs, trained again in fresh processes and compared with what was kept. What is stored stays as it is."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.analysis.reproduction import (
    OF_EXAMPLES,
    OF_METRICS,
    OF_WEIGHTS,
    ComparedQuantity,
    Outcome,
    Reproduction,
    Tolerance,
    compare_again,
)
from ablate.config.building import package_digest
from ablate.config.runs import Settings
from ablate.core.artefacts import STEP_LOSSES, WEIGHTS
from ablate.core.errors import UsageError
from ablate.core.identity import Json
from ablate.core.records import Status, StoredRun
from ablate.core.versions import apart_from_the_command
from ablate.operations.as_json import document, shows
from ablate.operations.request import executor_of
from ablate.runner.devices import resolve_device
from ablate.runner.events import Observer
from ablate.runner.provenance import recorded_provenance
from ablate.runner.session import Session
from ablate.storage.runs import MissingArtefact, RunStore
from ablate.storage.studies import Difference, differences

if TYPE_CHECKING:
    from ablate.analysis.comparison import Side

__all__ = ["Choice", "ChosenRun", "RepeatedRun", "Repetition", "reproduce"]

RAW = (WEIGHTS, STEP_LOSSES)
# Where what was trained again is kept while it is looked at.
SCRATCH = "ablate-reproduce-"

shows(
    "name",
    "bit_equal=is_equal",
    "within_tolerance=is_within",
    "largest_relative_difference=largest",
    "tolerance=tolerance.relative",
    "first_epoch",
    "detail",
)(ComparedQuantity)


@dataclass(frozen=True)
class ChosenRun:
    """A run as it was kept, with the raw artefacts that were kept of it, and what it is called."""

    label: str
    run: StoredRun


@dataclass(frozen=True)
class Choice:
    """What is going to be trained again, in this order; `failed` runs were left out, since they failed when they were
    stored and there is nothing to reproduce."""

    runs: tuple[ChosenRun, ...]
    failed: int


@dataclass(frozen=True)
class Change:
    """What was recorded of where a run was computed, and what is there now."""

    recorded: Json
    now: Json


@shows(
    "run_id=reproduction.run_id",
    "label=chosen.label",
    "outcome=reproduction.outcome",
    "failure",
    "quantities=reproduction.quantities",
    "changed=changes",
    "not_recorded",
)
@dataclass(frozen=True)
class RepeatedRun:
    """What became of a chosen run, and what is otherwise now: `changed` what was recorded of where it was computed,
    and `unrecorded` what was not. `failure` says why it could not be trained again; None where it could."""

    chosen: ChosenRun
    reproduction: Reproduction
    changed: tuple[Difference, ...]
    unrecorded: tuple[Difference, ...]
    failure: str | None = None

    @property
    def is_reproduced(self) -> bool:
        return self.reproduction.outcome in (Outcome.EQUAL, Outcome.WITHIN)

    @property
    def changes(self) -> dict[str, Change]:
        """`changed`, by the field."""
        return {each.field: Change(each.kept, each.asked) for each in self.changed}

    @property
    def not_recorded(self) -> dict[str, Json]:
        """`unrecorded`, by the field: what is there now."""
        return {each.field: each.asked for each in self.unrecorded}


@document("reproduce", version=1)
@shows("is_reproduced", "tolerance", "runs", "failed")
@dataclass(frozen=True)
class Repetition:
    """Every run that was trained again, in the order of training; `failed` is that of the `Choice`."""

    runs: tuple[RepeatedRun, ...]
    failed: int

    @property
    def is_reproduced(self) -> bool:
        """Whether each came out again, to the last bit or within tolerance."""
        return all(each.is_reproduced for each in self.runs)

    @property
    def tolerance(self) -> dict[str, Tolerance]:
        """What is compared → how far off it may be."""
        return {"metrics": OF_METRICS, "weights": OF_WEIGHTS, "examples": OF_EXAMPLES}


@contextmanager
def unwatched(_: Choice) -> Iterator[Observer]:
    """Nobody looks on."""
    yield lambda _: None


def reproduce(
    names: Sequence[str],
    *,
    settings: Settings,
    report_data: Path | None = None,
    limit: int | None = None,
    watch: Callable[[Choice], AbstractContextManager[Observer]] = unwatched,
) -> Repetition:
    """Trains runs again by the executor of the settings, and compares each with what was kept of it.

    Args:
        names: runs by the beginnings of their ids, arms as `study:level`, or studies.
        report_data: the data/ folder of a report, in which the runs are looked up in place of the store; without
            names all of them are meant.
        limit: how many runs are trained at most, one of each arm first.
        watch: is given what will be trained, before it is; what it gives observes the training.

    Raises:
        UsageError: when the names name no run that has an outcome, when there are none, and for runs that are built
            of code which the settings do not allow.
        NoSuchArm, MissingRun, AmbiguousPrefix: for a name that is not that of one thing.
        DeviceAbsent: for runs of a GPU where there is none.
        Interrupted, StoppedEarly, ExecutorUnavailable: as `Executor.execute`.
    """
    choice = _choice(names, report_data, limit, settings)
    _refuse_strange_code(choice.runs, settings.allow_targets)
    if any(each.run.spec.numerics.device == "gpu" for each in choice.runs):
        resolve_device("gpu")
    return Repetition(tuple(_repeated(choice, settings, watch)), choice.failed)


# what is trained again -------------------------------------------------------------------------------


def _choice(names: Sequence[str], report_data: Path | None, limit: int | None, settings: Settings) -> Choice:
    """The runs that the names name, each once."""
    if limit is not None and limit < 1:
        raise UsageError(f"--limit is {limit}; it is a number of runs, from 1")
    if report_data is None and not names:
        raise UsageError("Which run, or which study? ablate reproduce RUN|STUDY; `ablate list` prints both.")
    results_dir = settings.results_dir
    sides = _sides_of_store(names, results_dir) if report_data is None else _sides_of_report(report_data, names)
    found = _one_of_each_arm_first(sides)
    trained = [each for each in found if each.run.record.status is not Status.FAILED]
    if not trained:
        raise UsageError(f"{' '.join(names) or report_data} has no run with an outcome")
    store = RunStore(results_dir)
    chosen = (each if report_data is not None else _with_raw(each, store) for each in trained[:limit])
    return Choice(tuple(chosen), failed=len(found) - len(trained))


def _sides_of_store(names: Sequence[str], results_dir: Path) -> list[Side]:
    # scipy, which a message of usage need not wait for.
    from ablate.operations.sides import find_sides

    return [side for name in names for side in find_sides(name, results_dir)]


def _sides_of_report(data: Path, names: Sequence[str]) -> list[Side]:
    """The arms of a report's data, or those of them that are named."""
    from ablate.analysis.comparison import sides_of_study
    from ablate.publishing.writing import read_evidence

    try:
        evidence = read_evidence(data)
    except (OSError, KeyError, ValueError) as error:
        raise UsageError(f"{data} is not the data/ folder of a report: {error}") from error
    return [side for name in names or (None,) for side in sides_of_study(evidence.plan, evidence.runs, name)]


def _one_of_each_arm_first(sides: Sequence[Side]) -> list[ChosenRun]:
    rounds = [
        (position, number, ChosenRun(_label(side, run), run))
        for number, side in enumerate(sides)
        for position, run in enumerate(sorted(side.runs, key=lambda run: run.spec.seed))
    ]
    ordered = [chosen for *_, chosen in sorted(rounds, key=lambda each: each[:2])]
    return list({each.run.spec.run_id: each for each in reversed(ordered)}.values())[::-1]


def _label(side: Side, run: StoredRun) -> str:
    is_arm = ":" in side.label
    return f"{side.label} seed {run.spec.seed}" if is_arm else f"seed {run.spec.seed}"


def _with_raw(chosen: ChosenRun, store: RunStore) -> ChosenRun:
    found = {}
    for name in RAW:
        try:
            found[name] = store.artefact(chosen.run.spec.run_id, name)
        except MissingArtefact:
            continue
    return replace(chosen, run=replace(chosen.run, artefacts=found))


def _refuse_strange_code(chosen: Iterable[ChosenRun], allowed: Sequence[str]) -> None:
    """A record does not decide what is run here: packages outside ablate and Keras are named by the user."""
    strange = sorted({package for each in chosen for package in each.run.spec.code} - set(allowed))
    if strange:
        options = " ".join(f"--allow-target {package}" for package in strange)
        raise UsageError(f"These runs are built of code in {', '.join(strange)}. If you trust it: {options}")


# training again --------------------------------------------------------------------------------------


def _repeated(
    choice: Choice, settings: Settings, watch: Callable[[Choice], AbstractContextManager[Observer]]
) -> list[RepeatedRun]:
    """Trains in new workers, with a store of its own that is gone afterwards."""
    executor = executor_of(settings)
    specs = [each.run.spec for each in choice.runs]
    keep = {each.run.spec.run_id: tuple(each.run.artefacts) for each in choice.runs}
    with tempfile.TemporaryDirectory(prefix=SCRATCH) as folder:
        store = RunStore(Path(folder))
        with watch(choice) as observe:
            provenance = recorded_provenance((), store.root)
            executor.execute(specs, Session(store, settings.data_dir, observe, keep, provenance))
        return [_compared(each, store) for each in choice.runs]


def _compared(chosen: ChosenRun, store: RunStore) -> RepeatedRun:
    again = _with_raw(ChosenRun("", store.get(chosen.run.spec.run_id)), store).run
    found = (*differences(_told(chosen.run), _told(again)), *_changed_code(chosen.run))
    known = tuple(each for each in found if each.kept is not None)
    failure = again.record.failure
    return RepeatedRun(
        chosen,
        compare_again(chosen.run, again),
        changed=tuple(each for each in known if each.asked is not None),
        unrecorded=tuple(each for each in found if each.kept is None),
        failure=None if failure is None else f"{failure.type}: {failure.message}",
    )


def _told(run: StoredRun) -> Mapping[str, Json]:
    return apart_from_the_command(run.record.environment)


def _changed_code(run: StoredRun) -> list[Difference]:
    """The packages of the user whose sources are not those of the spec any more."""
    now = {package: package_digest(package) for package in run.spec.code}
    return [Difference(f"code.{name}", was, now[name]) for name, was in run.spec.code.items() if now[name] != was]
