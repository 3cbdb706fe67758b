"""Train stored runs again, in fresh processes, and say whether they come out again. What is stored stays as it is.

ablate reproduce 3fa9                          one run, by the beginning of its id
ablate reproduce dropout:dropout=0.1           every seed of an arm
ablate reproduce dropout --limit 4             four runs of a study, one of each arm before a second of any
ablate reproduce --from reports/NAME/data      the runs behind a report, without their store
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from ablate.analysis.reproduction import OF_EXAMPLES, OF_METRICS, OF_WEIGHTS, ComparedQuantity, Outcome
from ablate.cli.output import Output, PlainTable, plain_table
from ablate.cli.progress import progress_display
from ablate.cli.verbs import Invocation, add_json_option
from ablate.cli.wording import counted, numerics_text
from ablate.core.errors import ExitCode
from ablate.core.identity import short_id
from ablate.operations.as_json import to_json
from ablate.operations.reproduce import Choice, RepeatedRun, reproduce
from ablate.runner.events import Observer
from ablate.storage.studies import Difference

WORDS = "run"
WORDS_HELP = (
    "a run (the beginning of its id), an arm as study:level, or a study (and results_dir=…, executor.workers=…)"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="data", type=Path, help="the data/ folder of a report: no store is needed")
    parser.add_argument("--limit", type=int, help="train at most so many runs, one of each arm first")
    add_json_option(parser)


def execute(invocation: Invocation, output: Output) -> int:
    settings, names = invocation.settings(also=("executor",))
    options = invocation.options

    def watch(choice: Choice) -> AbstractContextManager[Observer]:
        return watched(choice, output)

    found = reproduce(names, settings=settings, report_data=options.data, limit=options.limit, watch=watch)
    if options.json:
        output.data(to_json(found))
    else:
        show(found.runs, output)
    return ExitCode.DONE if found.is_reproduced else ExitCode.SOME_RUNS_FAILED


@contextmanager
def watched(choice: Choice, output: Output) -> Iterator[Observer]:
    """Says what is going to be trained, then how far it is."""
    runs = len(choice.runs)
    if choice.failed:
        output.say(f"{counted(choice.failed, 'run')} failed when stored, and there is nothing to reproduce")
    output.say(f"{counted(runs, 'run')} to train again · {numerics_text(each.run.spec for each in choice.runs)}")
    labels = {each.run.spec.run_id: each.label for each in choice.runs}
    with progress_display(labels, runs, output) as observe:
        yield observe


def show(repeated: Sequence[RepeatedRun], output: Output) -> None:
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


def row_of(repeated: RepeatedRun) -> list[str]:
    reproduction = repeated.reproduction
    furthest = reproduction.furthest
    told = repeated.failure or ("" if furthest is None else f"{furthest.name} {distance_text(furthest)}")
    return [short_id(reproduction.run_id), repeated.chosen.label, reproduction.outcome.value, told]


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


def environment_lines(repeated: Sequence[RepeatedRun]) -> list[str]:
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
