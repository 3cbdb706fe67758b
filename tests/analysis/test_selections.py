from __future__ import annotations

from dataclasses import replace

from ablate.analysis.selections import select_arm
from ablate.analysis.summaries import summarise
from ablate.analysis.values import value_in
from ablate.core.records import METRICS
from ablate.verdicts.verdict import Word
from tests.judged import draws, judge
from tests.synthetic import completed_runs, eventful_runs, optimizer_sweep, plan_of

SWEEP = optimizer_sweep(seeds=4)
SUMMARIES = summarise(plan_of(SWEEP).sweeps[0], completed_runs(SWEEP), value_in("val_loss"))
LOSS = METRICS["val_loss"]


def test_the_best_mean_is_selected_in_the_metrics_direction() -> None:
    means = {summary.arm: summary.estimate.mean for summary in SUMMARIES}
    selection = select_arm(SUMMARIES, LOSS)
    assert selection is not None
    assert [selection.arm, selection.runner_up] == sorted(means, key=means.get)[:2]
    largest = select_arm(SUMMARIES, METRICS["val_accuracy"])
    assert largest is not None
    assert largest.arm == "optimizer=sgd"


def test_an_arm_that_diverged_is_not_selected() -> None:
    wild = tuple(
        replace(summary, n_diverged=1) if summary.arm == "optimizer=adamw" else summary for summary in SUMMARIES
    )
    selection = select_arm(wild, LOSS)
    assert selection is not None
    assert selection.arm != "optimizer=adamw"
    assert selection.left_out == ("optimizer=adamw",)
    assert select_arm(SUMMARIES, LOSS).left_out == ()


def test_there_is_no_best_of_one_and_none_without_a_direction() -> None:
    assert select_arm(SUMMARIES[:1], LOSS) is None
    assert select_arm(SUMMARIES, METRICS["learning_rate"]) is None
    assert select_arm(summarise(plan_of(SWEEP).sweeps[0], {}, value_in("val_loss")), LOSS) is None


def test_confirmed_is_better_than_both_on_fresh_seeds() -> None:
    better = judge(draws(2))[0]
    assert better.word is Word.BETTER
    for confirmation, is_confirmed in (
        ((), False), ((better, better), True), ((better, replace(better, word=Word.EQUIVALENT)), False),
    ):  # fmt: skip
        selection = select_arm(SUMMARIES, LOSS, confirmation)
        assert selection is not None
        assert selection.is_confirmed is is_confirmed


def test_an_eventful_study_has_a_selection() -> None:
    planned = plan_of(SWEEP).sweeps[0]
    assert select_arm(summarise(planned, eventful_runs(SWEEP), value_in("val_loss")), LOSS) is not None
