"""Verdicts on a table of an evaluation, example by example, and stored runs on the examples of their test set.

table = understand_examples(grid, metric="correct", arm="model", key="example")
judged = judge_example_table(table, baseline="base", margin=0.02)
judged.rows[0].verdict.word, judged.notes
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ablate.analysis.values import column_info
from ablate.core.records import CLASSIFICATION, MetricInfo, Status, StoredRun
from ablate.core.specs import ALPHAS, is_alpha
from ablate.tables.examples import ExampleTable
from ablate.tables.problems import TableProblem
from ablate.verdicts.example_verdict import ExampleVerdict
from ablate.verdicts.per_example import ExamplePair, T, judge_examples
from ablate.verdicts.scales import analysis_scale
from ablate.verdicts.verdict import Family, Scale

__all__ = ["JudgedExamples", "TestExamples", "judge_example_table", "judge_test_examples"]

DIRECTIONS = ("min", "max")
SHARE, PERCENT = "fraction", "percent"
# From so many groups on a clustered standard error is trusted.
ENOUGH_GROUPS = 20
MOST_NAMES = 5
# What runs are judged by on their test examples.
CORRECT = MetricInfo(
    "test_correct",
    "test examples right",
    "max",
    SHARE,
    CLASSIFICATION,
    is_error=True,
    counts_examples=True,
    range=(0.0, 1.0),
)


@dataclass(frozen=True)
class JudgedExamples:
    """A verdict for each arm but the baseline, and what a reader has to know of how they came about."""

    rows: tuple[ExampleVerdict, ...]
    notes: tuple[str, ...]


# tables ----------------------------------------------------------------------------------------------


def judge_example_table(
    table: ExampleTable,
    *,
    baseline: str,
    direction: str | None = None,
    margin: float | str | None = None,
    alpha: float = 0.05,
    multiplicity: str = "holm",
    test: str = T,
) -> JudgedExamples:
    """A verdict for each arm but the baseline, in the order of the table: on the examples that both have.

    Args:
        direction: `min` or `max`; may be left out for right and wrong, of which right is better, and for a metric that
            this package knows.
        margin: a number in the unit of the table.
        alpha, multiplicity, test: see `judge_examples`.

    Raises:
        TableProblem: for an unknown baseline or direction, an alpha or a margin that is none, arms that share no
            example or no seed with the baseline, or a test that does not fit the table.
    """
    if not is_alpha(alpha):
        raise TableProblem(f"alpha is {ALPHAS}, not {alpha:g}")
    if baseline not in table.arms:
        raise TableProblem(f"column {table.arm!r}: no arm is named {baseline!r}; there are {', '.join(table.arms)}")
    info = _metric_info(table, direction)
    examples = table.examples
    matched = [_matched(table, examples, arm, baseline) for arm in table.arms if arm != baseline]
    problems = [each for each in matched if isinstance(each, str)]
    if problems:
        raise TableProblem(*problems)
    found = [each for each in matched if isinstance(each, _Matched)]
    try:
        within = analysis_scale(margin, Scale.RAW)[1]
        rows = judge_examples(
            [each.pair for each in found],
            info,
            margin=None if within is None else table.in_unit(within),
            alpha=alpha,
            multiplicity=multiplicity,
            test=test,
        )
    except ValueError as error:
        raise TableProblem(str(error)) from error
    return JudgedExamples(rows, _notes(table, found))


@dataclass(frozen=True)
class _Matched:
    """An arm beside the baseline: what both have, and what of either was left out."""

    pair: ExamplePair
    dropped_examples: tuple[str, ...]
    dropped_seeds: tuple[str, ...]


def _matched(table: ExampleTable, examples: Sequence[str], arm: str, baseline: str) -> _Matched | str:
    """Both sides on the seeds and examples that they share; why there are none, where there are none."""
    first, second = table.arms[arm], table.arms[baseline]
    if len(first) == len(second) == 1:
        # One trained model each, whatever its seed is called.
        rows = [(next(iter(first.values())), next(iter(second.values())))]
        dropped_seeds: list[str] = []
    else:
        shared = [seed for seed in second if seed in first]
        rows = [(first[seed], second[seed]) for seed in shared]
        dropped_seeds = [seed for seed in dict.fromkeys((*second, *first)) if seed not in shared]
    if not rows:
        return f"column {table.seed!r}: arm {arm!r} has no seed in common with {baseline!r}"
    everywhere = [side for row in rows for side in row]
    planned = [each for each in examples if any(each in side for side in (*first.values(), *second.values()))]
    kept = [each for each in planned if all(each in side for side in everywhere)]
    dropped = tuple(each for each in planned if not all(each in side for side in everywhere))
    if not kept:
        return f"column {table.key!r}: arm {arm!r} has no example in common with {baseline!r}"
    pair = ExamplePair(
        arm,
        baseline,
        np.array([[row[0][each] for each in kept] for row in rows]),
        np.array([[row[1][each] for each in kept] for row in rows]),
        groups=None if table.group is None else [table.groups[each] for each in kept],
        n_planned=len(planned),
    )
    return _Matched(pair, dropped, tuple(dropped_seeds))


def _metric_info(table: ExampleTable, direction: str | None) -> MetricInfo:
    info = column_info(table.metric)
    if direction is not None and direction not in DIRECTIONS:
        raise TableProblem(f"direction is min or max, not {direction!r}")
    chosen = direction or ("max" if table.is_right_or_wrong else info.direction)
    if not chosen:
        raise TableProblem(f"column {table.metric!r}: say with direction whether it should be min or max")
    if table.is_right_or_wrong:
        return replace(CORRECT, name=info.name, title=table.metric, direction=chosen)
    unit = SHARE if table.unit == PERCENT else table.unit or info.unit
    return replace(info, title=table.metric, direction=chosen, unit=unit, is_error=False)


def _notes(table: ExampleTable, matched: Sequence[_Matched]) -> tuple[str, ...]:
    notes = []
    if table.group is not None:
        mcnemar = (
            ", and McNemar's test, which takes every example for a draw of its own, is not used"
            if table.is_right_or_wrong
            else ""
        )
        notes.append(f"Examples of one {table.group} count together: standard errors are clustered{mcnemar}.")
        fewest = min(len(set(each.pair.groups or ())) for each in matched) if matched else 0
        if fewest < ENOUGH_GROUPS:
            notes.append(
                f"With fewer than about {ENOUGH_GROUPS} groups a clustered standard error is too small still, and "
                f"there are {fewest}: false verdicts are likelier than is said."
            )
    for each in matched:
        if each.dropped_examples:
            n, pair = len(each.dropped_examples), each.pair
            notes.append(
                f"{n} of {pair.n_planned} examples {'has' if n == 1 else 'have'} no value in both {pair.arm} and "
                f"{pair.reference}, and {'is' if n == 1 else 'are'} left out there: {_listed(each.dropped_examples)}. "
                "Where no answer is a wrong answer, the table should say so."
            )
        if each.dropped_seeds:
            notes.append(
                f"{each.pair.arm} is compared on the seeds that it shares with {each.pair.reference}, without "
                f"{_listed(each.dropped_seeds)}."
            )
    return tuple(notes)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


# stored runs -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TestExamples:
    """The first of several sides beside each of the others, on the examples of the test set that all have.

    Attributes:
        seeds: for each row the seeds of the first side and of the other: equal ones, or of one run each the two.
        rows: for each other side, without words: no study planned to compare them so.
    """

    # Not one of pytest's.
    __test__ = False

    seeds: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    rows: tuple[ExampleVerdict, ...]


def judge_test_examples(sides: Sequence[tuple[str, Sequence[StoredRun]]], alpha: float = 0.05) -> TestExamples | None:
    """
    Args:
        sides: a label and runs of different seeds each; the first is the one that the others are compared with.

    Returns:
        None when a side has no completed run with test predictions, or not all were tested on the same examples.
    """
    by_side = [{run.spec.seed: run for run in runs if _is_tested(run)} for _, runs in sides]
    if not all(by_side):
        return None
    labels = next(iter(by_side[0].values())).arrays["test/label"]
    if not all(np.array_equal(run.arrays["test/label"], labels) for runs in by_side for run in runs.values()):
        return None
    first, *others = by_side
    name, *names = (label for label, _ in sides)
    seeds = [_seeds(first, other) for other in others]
    pairs = [
        ExamplePair(label, name, _correct(other, theirs), _correct(first, ours))
        for label, other, (ours, theirs) in zip(names, others, seeds, strict=True)
    ]
    return TestExamples(tuple(seeds), judge_examples(pairs, CORRECT, alpha=alpha, family=Family.EXPLORATORY))


def _is_tested(run: StoredRun) -> bool:
    return (
        run.record.status is Status.COMPLETED
        and "test/prediction" in run.arrays
        and run.arrays["test/label"].dtype.kind in "iu"
    )


def _seeds(first: Mapping[int, StoredRun], other: Mapping[int, StoredRun]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """All that both have; else of each side its smallest."""
    shared = tuple(sorted(first.keys() & other.keys()))
    return (shared, shared) if shared else ((min(first),), (min(other),))


def _correct(runs: Mapping[int, StoredRun], seeds: Sequence[int]) -> np.ndarray:
    """[seeds, examples] of right or wrong."""
    return np.stack(
        [(runs[seed].arrays["test/prediction"] == runs[seed].arrays["test/label"]).astype(np.int8) for seed in seeds]
    )
