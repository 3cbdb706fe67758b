"""Train stored runs again, in fresh processes, and say whether they come out again. What is stored stays as it is.

ablate reproduce 3fa9                          one run, by the beginning of its id
ablate reproduce dropout:dropout=0.1           every seed of an arm
ablate reproduce dropout --limit 4             four runs of a study, one of each arm before a second of any
ablate reproduce --from reports/NAME/data      the runs behind a report, without their store
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Iterable, Mapping, Sequence
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
    compare_again,
)
from ablate.cli.output import Output, PlainTable, plain_table
from ablate.cli.progress import progress_display
from ablate.cli.verbs import Invocation
from ablate.cli.wording import counted, numerics_text
from ablate.config import build
from ablate.config.building import package_digest
from ablate.config.runs import Settings
from ablate.core.artefacts import STEP_LOSSES, WEIGHTS
from ablate.core.errors import ExitCode, UsageError
from ablate.core.identity import Json
from ablate.core.records import Status, StoredRun
from ablate.core.versions import apart_from_the_command
from ablate.runner.devices import resolve_device
from ablate.runner.provenance import recorded_provenance
from ablate.runner.session import Executor, Session
from ablate.storage.runs import MissingArtefact, RunStore
from ablate.storage.studies import Difference, differences

if TYPE_CHECKING:
    from ablate.analysis.comparison import Side

WORDS = "run"
WORDS_HELP = (
    "a run (the beginning of its id), an arm as study:level, or a study (and results_dir=…, executor.workers=…)"
)

ID_DIGITS = 8
RAW = (WEIGHTS, STEP_LOSSES)
# Where what was trained again is kept while it is looked at.
SCRATCH = "ablate-reproduce-"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="data", type=Path, help="the data/ folder of a report: no store is needed")
    parser.add_argument("--limit", type=int, help="train at most so many runs, one of each arm first")
    parser.add_argument("--json", action="store_true", help="print one JSON object with every quantity of every run")


def execute(invocation: Invocation, output: Output) -> int:
    settings, words = invocation.settings(also=("executor",))
    chosen = chosen_runs(invocation, words, settings, output)
    refuse_strange_code(chosen, settings.allow_targets)
    if any(each.run.spec.numerics.device == "gpu" for each in chosen):
        resolve_device("gpu")
    repeated = repeat(chosen, settings, output)
    if invocation.options.json:
        output.data({"tolerance": tolerance_json(), "runs": [each.to_json() for each in repeated]})
    else:
        show(repeated, output)
    return ExitCode.DONE if all(each.is_reproduced for each in repeated) else ExitCode.SOME_RUNS_FAILED


# what is trained again -------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChosenRun:
    """A run as it was kept, with the raw artefacts that were kept of it, and what it is called."""

    label: str
    run: StoredRun


def chosen_runs(
    invocation: Invocation, words: Sequence[str], settings: Settings, output: Output
) -> tuple[ChosenRun, ...]:
    """The runs that the words name, each once.

    Raises:
        UsageError, MissingRun, AmbiguousPrefix: when they name none.
    """
    data, limit = invocation.options.data, invocation.options.limit
    if limit is not None and limit < 1:
        raise UsageError(f"--limit is {limit}; it is a number of runs, from 1")
    if data is None and not words:
        raise UsageError("Which run, or which study? ablate reproduce RUN|STUDY; `ablate list` prints both.")
    sides = sides_of_report(data, words) if data is not None else sides_of_store(words, settings.results_dir)
    found = one_of_each_arm_first(sides)
    trained = [each for each in found if each.run.record.status is not Status.FAILED]
    if len(trained) < len(found):
        output.say(f"{counted(len(found) - len(trained), 'run')} failed when stored, and there is nothing to reproduce")
    if not trained:
        raise UsageError(f"{' '.join(words) or data} has no run with an outcome")
    store = RunStore(settings.results_dir)
    return tuple(each if data is not None else with_raw(each, store) for each in trained[:limit])


def sides_of_store(words: Sequence[str], results_dir: Path) -> list[Side]:
    from ablate.operations.sides import find_sides

    return [side for word in words for side in find_sides(word, results_dir)]


def sides_of_report(data: Path, words: Sequence[str]) -> list[Side]:
    """The arms of a report's data, or those of them that the words name."""
    from ablate.analysis.comparison import NoSuchArm, sides_of_study
    from ablate.reporting.writing import read_evidence

    try:
        evidence = read_evidence(data)
    except (OSError, KeyError, ValueError) as error:
        raise UsageError(f"{data} is not the data/ folder of a report: {error}") from error
    try:
        return [side for word in words or (None,) for side in sides_of_study(evidence.plan, evidence.runs, word)]
    except NoSuchArm as error:
        raise UsageError(str(error)) from error


def one_of_each_arm_first(sides: Sequence[Side]) -> list[ChosenRun]:
    rounds = [
        (position, number, ChosenRun(label_of(side, run), run))
        for number, side in enumerate(sides)
        for position, run in enumerate(sorted(side.runs, key=lambda run: run.spec.seed))
    ]
    ordered = [original for *_, original in sorted(rounds, key=lambda each: each[:2])]
    return list({each.run.spec.run_id: each for each in reversed(ordered)}.values())[::-1]


def label_of(side: Side, run: StoredRun) -> str:
    is_arm = ":" in side.label
    return f"{side.label} seed {run.spec.seed}" if is_arm else f"seed {run.spec.seed}"


def with_raw(original: ChosenRun, store: RunStore) -> ChosenRun:
    found = {}
    for name in RAW:
        try:
            found[name] = store.artefact(original.run.spec.run_id, name)
        except MissingArtefact:
            continue
    return replace(original, run=replace(original.run, artefacts=found))


def refuse_strange_code(chosen: Iterable[ChosenRun], allowed: Sequence[str]) -> None:
    """A record does not decide what is run here: packages outside ablate and Keras are named by the user.

    Raises:
        UsageError: with the packages that are not.
    """
    strange = sorted({package for each in chosen for package in each.run.spec.code} - set(allowed))
    if strange:
        options = " ".join(f"--allow-target {package}" for package in strange)
        raise UsageError(f"These runs are built of code in {', '.join(strange)}. If you trust it: {options}")


# training again --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Repeated:
    """What became of an original, and what is otherwise now: `changed` what was recorded of where it was computed, and
    `unrecorded` what was not."""

    original: ChosenRun
    reproduction: Reproduction
    changed: tuple[Difference, ...]
    unrecorded: tuple[Difference, ...]
    failure: str = ""

    @property
    def is_reproduced(self) -> bool:
        return self.reproduction.outcome in (Outcome.EQUAL, Outcome.WITHIN)

    def to_json(self) -> dict[str, Json]:
        return {
            "run_id": self.reproduction.run_id,
            "label": self.original.label,
            "outcome": self.reproduction.outcome.value,
            "failure": self.failure or None,
            "quantities": [quantity.to_json() for quantity in self.reproduction.quantities],
            "changed": {each.field: {"recorded": each.kept, "now": each.asked} for each in self.changed},
            "not_recorded": {each.field: each.asked for each in self.unrecorded},
        }


def repeat(chosen: Sequence[ChosenRun], settings: Settings, output: Output) -> list[Repeated]:
    """Trains in new workers, with a store of its own that is gone afterwards."""
    executor: Executor = build(settings.executor)
    specs = [each.run.spec for each in chosen]
    keep = {each.run.spec.run_id: tuple(each.run.artefacts) for each in chosen}
    labels = {each.run.spec.run_id: each.label for each in chosen}
    output.say(f"{counted(len(chosen), 'run')} to train again · {numerics_text(specs)}")
    with tempfile.TemporaryDirectory(prefix=SCRATCH) as folder:
        store = RunStore(Path(folder))
        with progress_display(labels, len(chosen), output) as display:
            provenance = recorded_provenance((), store.root)
            executor.execute(specs, Session(store, settings.data_dir, display, keep, provenance))
        return [compared(each, store) for each in chosen]


def compared(original: ChosenRun, store: RunStore) -> Repeated:
    again = with_raw(ChosenRun("", store.get(original.run.spec.run_id)), store).run
    found = (*differences(told(original.run), told(again)), *changed_code(original.run))
    known = tuple(each for each in found if each.kept is not None)
    failure = again.record.failure
    return Repeated(
        original,
        compare_again(original.run, again),
        changed=tuple(each for each in known if each.asked is not None),
        unrecorded=tuple(each for each in found if each.kept is None),
        failure="" if failure is None else f"{failure.type}: {failure.message}",
    )


def told(run: StoredRun) -> Mapping[str, Json]:
    return apart_from_the_command(run.record.environment)


def changed_code(run: StoredRun) -> list[Difference]:
    """The packages of the user whose sources are not those of the spec any more."""
    now = {package: package_digest(package) for package in run.spec.code}
    return [Difference(f"code.{name}", was, now[name]) for name, was in run.spec.code.items() if now[name] != was]


# what is said of it ----------------------------------------------------------------------------------


def show(repeated: Sequence[Repeated], output: Output) -> None:
    columns = [("run", "left"), ("which", "left"), ("outcome", "left"), ("furthest off", "left")]
    output.result(plain_table(columns, [row_of(each) for each in repeated]))
    unequal = [each for each in repeated if each.reproduction.furthest is not None]
    if len(repeated) == 1 and unequal:
        output.result("")
        output.result(quantity_table(unequal[0].reproduction.quantities))
        output.result("")
    if len(unequal) or any(each.failure for each in repeated):
        for line in environment_lines(repeated):
            output.result(line)
        output.result(tolerance_text())


def row_of(repeated: Repeated) -> list[str]:
    reproduction = repeated.reproduction
    furthest = reproduction.furthest
    told = repeated.failure or ("" if furthest is None else f"{furthest.name} {distance_text(furthest)}")
    return [reproduction.run_id[:ID_DIGITS], repeated.original.label, reproduction.outcome.value, told]


def quantity_table(quantities: Sequence[ComparedQuantity]) -> PlainTable:
    """Those that are not equal; the others are counted."""
    columns = [("quantity", "left"), ("outcome", "left"), ("largest relative difference", "left")]
    unequal = [each for each in quantities if not each.is_equal]
    rows = [[each.name, quantity_outcome(each), distance_text(each)] for each in unequal]
    rest = len(quantities) - len(unequal)
    return plain_table(columns, [*rows, *([[f"{rest} others", Outcome.EQUAL.value, ""]] if rest else [])])


def quantity_outcome(quantity: ComparedQuantity) -> str:
    return (Outcome.WITHIN if quantity.is_within else Outcome.DIFFERENT).value


def distance_text(quantity: ComparedQuantity) -> str:
    """`by 3.1e-07, from epoch 4`."""
    size = f"by {quantity.largest:.1e}" if math.isfinite(quantity.largest) else ""
    since = "" if quantity.first_epoch is None else f"from epoch {quantity.first_epoch}"
    return ", ".join(filter(None, (size, since, quantity.detail)))


def environment_lines(repeated: Sequence[Repeated]) -> list[str]:
    """What is otherwise now than it was recorded, each once."""
    changed = dict.fromkeys(change_text(each) for run in repeated for each in run.changed)
    unrecorded = dict.fromkeys(each.field for run in repeated for each in run.unrecorded)
    lines = [f"changed since: {text}" for text in changed] or ["changed since: nothing that was recorded"]
    return [*lines, *([f"not recorded then: {', '.join(unrecorded)}"] if unrecorded else [])]


def change_text(change: Difference) -> str:
    return f"{change.field} {change.kept} → {change.asked}"


def tolerance_text() -> str:
    return (
        f"Within tolerance is up to {OF_METRICS.relative:g} of losses and probabilities, {OF_WEIGHTS.relative:g} of "
        f"weights, and {OF_EXAMPLES.relative:g} of the test examples predicted otherwise: what the same arithmetic in "
        "another order makes of a short run. Training amplifies rounding, so over many epochs more need not mean "
        "other code."
    )


def tolerance_json() -> dict[str, Json]:
    each = {"metrics": OF_METRICS, "weights": OF_WEIGHTS, "examples": OF_EXAMPLES}
    return {name: {"relative": of.relative, "floor": of.floor} for name, of in each.items()}
