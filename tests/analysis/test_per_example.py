"""Stored runs on the examples of their test set, against the runs themselves and statsmodels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from ablate.analysis.comparison import Side, compare
from ablate.analysis.per_example import judge_test_examples
from ablate.core.records import StoredRun
from ablate.reporting.comparison import comparison_markdown
from ablate.stats.crossed import crossed_mean
from ablate.verdicts.example_verdict import Reach
from tests.reporting.wording import forbidden
from tests.synthetic import completed_run, run_spec


def runs(name: str, quality: float, *seeds: int) -> tuple[StoredRun, ...]:
    return tuple(completed_run(run_spec(name, seed=seed), quality) for seed in seeds)


def correct(run: StoredRun) -> np.ndarray:
    return run.arrays["test/prediction"] == run.arrays["test/label"]


def test_two_runs_are_tested_by_mcnemar() -> None:
    ours, theirs = runs("adam", 0.1, 0), runs("sgd", 0.6, 0)
    found = judge_test_examples([("a", ours), ("b", theirs)])
    assert found is not None
    first, second = correct(ours[0]), correct(theirs[0])
    (row,) = found.rows
    assert (row.only_arm, row.only_reference) == (int((second & ~first).sum()), int((first & ~second).sum()))
    table = [[int((second & first).sum()), row.only_arm], [row.only_reference, int((~second & ~first).sum())]]
    assert row.p_mcnemar == pytest.approx(mcnemar(table, exact=True).pvalue)
    assert (row.verdict.arm_mean, row.verdict.base_mean) == (second.mean(), first.mean())
    assert (row.verdict.word, row.reach, found.seeds) == (None, Reach.EXAMPLES, (((0,), (0,)),))


def test_shared_seeds_are_crossed_with_the_examples() -> None:
    ours, theirs = runs("adam", 0.1, 0, 1, 2, 3), runs("sgd", 0.4, 4, 3, 2, 1)
    found = judge_test_examples([("a", ours), ("b", theirs)])
    assert found is not None
    shared = ((ours[1], theirs[3]), (ours[2], theirs[2]), (ours[3], theirs[1]))
    oracle = crossed_mean(np.stack([correct(b).astype(int) - correct(a) for a, b in shared]))
    (row,) = found.rows
    assert found.seeds == (((1, 2, 3), (1, 2, 3)),)
    assert (row.verdict.diff, row.se, row.df) == pytest.approx((oracle.mean, oracle.se, oracle.df))
    assert (row.reach, row.n_seeds) == (Reach.SEEDS_AND_EXAMPLES, 3)


def test_without_a_shared_seed_it_is_one_run_each() -> None:
    found = judge_test_examples([("a", runs("adam", 0.1, 5, 4)), ("b", runs("sgd", 0.6, 2, 1))])
    assert found is not None
    assert found.seeds == (((4,), (1,)),)
    assert found.rows[0].n_seeds == 1


def test_other_test_examples_are_not_paired() -> None:
    ours, (theirs,) = runs("adam", 0.1, 0), runs("sgd", 0.6, 0)
    moved = replace(theirs, arrays={**theirs.arrays, "test/label": np.roll(theirs.arrays["test/label"], 1)})
    assert judge_test_examples([("a", ours), ("b", (moved,))]) is None
    without = replace(theirs, arrays={key: each for key, each in theirs.arrays.items() if key != "test/prediction"})
    assert judge_test_examples([("a", ours), ("b", (without,))]) is None
    assert compare([Side("a", ours), Side("b", (moved,))]).by_example is None


def test_a_comparison_says_it_without_words() -> None:
    sides = [Side("a", runs("adam", 0.1, 0)), Side("b", runs("sgd", 0.6, 0)), Side("c", runs("lion", 0.3, 7))]
    text = comparison_markdown(compare(sides))
    section = text[text.index("## Example by example") : text.index("## Where they disagree")]
    assert "No study planned these comparisons" in section
    assert "The runs of seed 0 are trained models, one a side: p is that of McNemar's exact test" in section
    assert "The run of seed 0 of A and that of seed 7 are trained models" in section
    assert "Holm p" in section
    assert "only A" in section
    assert "verdict" not in section
    assert forbidden(text) == []


def test_several_seeds_are_said_to_be_new_ones_too() -> None:
    sides = [Side("a", runs("adam", 0.1, 0, 1, 2)), Side("b", runs("sgd", 0.6, 0, 1, 2))]
    text = comparison_markdown(compare(sides))
    assert "Over the seeds 0, 1, 2 of both: p and interval are for new seeds and new test examples together." in text
