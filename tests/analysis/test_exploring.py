"""Another margin: the words that the same engine finds, and nothing else of the sweep is touched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ablate.analysis.exploring import BadMargin, Exploration, explore_margin, is_relative
from ablate.analysis.results import SweepResults, study_results
from ablate.core.plans import StudyPlan
from ablate.verdicts.verdict import Word
from tests.synthetic import completed_runs, optimizer_sweep, plan_of

MARGINS = np.geomspace(1e-4, 2, 16).tolist()


def explored(margin: float | str, /, **fields: object) -> tuple[SweepResults, Exploration]:
    sweep = optimizer_sweep(**fields)  # type: ignore[arg-type]
    plan, runs = plan_of(sweep), completed_runs(sweep)
    results = study_results(plan, runs).sweeps[0]
    return results, explore_margin(results, plan, runs, (), margin)


@pytest.mark.parametrize("multiplicity", ["holm", "joint", "study"])
@pytest.mark.parametrize("margin", [0.01, 0.3])
def test_at_the_stated_margin_it_says_what_the_report_says(margin: float, multiplicity: str) -> None:
    claims = ("adamw < sgd on val_loss", "nadam ~ adam on val_loss within 0.5")
    results, found = explored(margin, margin=margin, multiplicity=multiplicity, claims=claims)
    assert found.is_stated
    assert found.changed == ()
    assert tuple(row.explored for row in found.arms) == results.verdicts
    assert tuple(row.explored for row in found.claims) == results.claims
    assert found.results == results


@pytest.mark.parametrize("margin", [0.002, 0.02, 0.2])
def test_at_another_it_says_what_a_report_with_that_one_would_have_said(margin: float) -> None:
    """The other report is made from a plan that states it, from the beginning."""
    claims = ("adamw < sgd on val_loss", "adamw ~ nadam on val_loss")
    stated, found = explored(margin, claims=claims)
    other = optimizer_sweep(margin=margin, claims=claims)
    planned = study_results(plan_of(other), completed_runs(other)).sweeps[0]
    assert not found.is_stated
    assert [row.explored for row in found.arms] == list(planned.verdicts)
    assert [row.explored for row in found.claims] == list(planned.claims)
    assert [row.stated for row in found.arms] == list(stated.verdicts)
    assert found.results.summaries == stated.summaries


@pytest.mark.parametrize("seeds", [3, 8])
@pytest.mark.parametrize("other", ["sgd", "momentum", "nadam"])
def test_words_follow_two_t_intervals_and_never_go_back(other: str, seeds: int) -> None:
    """Of one arm, by SciPy: equivalent where the 90% interval of the differences lies within the margin."""
    sweep = optimizer_sweep(seeds=seeds, optimizers={"adam": 0.001, other: 0.01 if other != "nadam" else 0.001})
    plan, runs = plan_of(sweep), completed_runs(sweep)
    results = study_results(plan, runs).sweeps[0]
    lowest = {
        arm.name: {
            run.seed: float(runs[run.run_id].arrays["history/val_loss"].min())
            for run in plan.sweeps[0].runs_of(arm.name)
        }
        for arm in plan.sweeps[0].arms
    }
    arm, baseline = lowest[f"optimizer={other}"], lowest["optimizer=adam"]
    differences = np.array([arm[seed] - baseline[seed] for seed in sorted(arm)])
    error = differences.std(ddof=1) / np.sqrt(seeds)
    narrow, wide = (stats.t.interval(level, seeds - 1, loc=differences.mean(), scale=error) for level in (0.90, 0.95))
    words = []
    for margin in MARGINS:
        (row,) = explore_margin(results, plan, runs, (), margin).arms
        words.append(row.word)
        if -margin <= narrow[0] and narrow[1] <= margin:
            assert row.word is Word.EQUIVALENT
        elif wide[0] > 0:
            assert row.word is Word.WORSE
        elif wide[1] < 0:
            assert row.word is Word.BETTER
        else:
            assert row.word is Word.INCONCLUSIVE
    first = words.index(Word.EQUIVALENT)
    assert set(words[first:]) == {Word.EQUIVALENT}
    assert len(set(words[:first])) == 1


def test_a_wider_margin_never_takes_an_equivalence_back_nor_asks_for_more_seeds() -> None:
    """Of all arms together, whose levels depend on each other."""
    sweep = optimizer_sweep(seeds=5)
    plan, runs = plan_of(sweep), completed_runs(sweep)
    results = study_results(plan, runs).sweeps[0]
    before: set[str] = set()
    needed: dict[str, int] = {}
    for margin in MARGINS:
        found = explore_margin(results, plan, runs, (), margin)
        equivalent = {row.subject for row in found.arms if row.word is Word.EQUIVALENT}
        assert before <= equivalent
        for row in found.arms:
            seeds = row.explored.seeds_needed_high
            if seeds is not None:
                assert seeds <= needed.get(row.subject, seeds)
                needed[row.subject] = seeds
        before = equivalent
    assert len(before) == 5


def test_relative_margins_belong_to_sweeps_that_state_them() -> None:
    results, found = explored("30%", margin="10%")
    assert is_relative(results)
    assert (found.margin, found.stated_margin, found.is_stated) == ("30%", "10%", False)
    assert explored("10.0%", margin="10%")[1].is_stated
    for margin in (0.1, "0%", "-3%", "x%", "nan%", "1e999%"):
        with pytest.raises(BadMargin):
            explored(margin, margin="10%")
    for bad in ("10%", 0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(BadMargin) as raised:
            explored(bad, margin=0.01)
        assert raised.value.exit_code == 2


@pytest.mark.parametrize("margin", [5e-324, 1e-300, 1e-12, 1e12, 1e300])
def test_absurd_margins_have_an_answer(margin: float) -> None:
    _, found = explored(margin)
    assert {row.word for row in found.arms} <= {Word.EQUIVALENT} or margin < 1


def test_where_none_was_stated_every_margin_is_explored() -> None:
    _, found = explored(0.05, margin=None)
    assert not found.is_stated
    assert {row.stated.margin for row in found.arms} == {None}
    assert {row.explored.margin for row in found.arms} == {0.05}


def test_a_margin_that_a_claim_states_itself_stays() -> None:
    sweep_claims = ("nadam ~ adam on val_loss within 0.5", "adamw ~ adam on val_loss")
    _, found = explored(1e-6, claims=sweep_claims)
    own, shared = found.claims
    assert own.explored.margin == 0.5
    assert own.word is own.stated_word
    assert shared.explored.margin == 1e-6


def test_the_seeds_table_is_reckoned_with_it() -> None:
    _, found = explored(0.04)
    assert found.seeds is not None
    assert found.seeds.margin == 0.04
    assert found.seeds.differences == (0.02, 0.04, 0.08)


def test_a_plan_is_not_changed_by_looking() -> None:
    sweep = optimizer_sweep()
    plan, runs = plan_of(sweep), completed_runs(sweep)
    before = (plan.plan_hash, replace(plan))
    explore_margin(study_results(plan, runs).sweeps[0], plan, runs, (), 0.5)
    assert (plan.plan_hash, plan) == before
    assert isinstance(plan, StudyPlan)
