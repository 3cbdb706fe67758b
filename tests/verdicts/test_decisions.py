import math

import numpy as np
import pytest
from hypothesis import given as given_data, settings, strategies as st
from scipy import stats

from ablate.core.claims import Relation
from ablate.verdicts.decisions import Question, decide_family, estimate_difference
from ablate.verdicts.verdict import Word

seeds = st.integers(0, 2**32 - 1)


def study(seed: int) -> list[np.ndarray]:
    """Arms with a shared baseline, some with an effect, some clear and some not."""
    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, 9), rng.integers(3, 13)
    effects = rng.choice([0.0, 0.5, 1.5, 4.0], m)
    return list(rng.normal(size=(m, n)) + rng.normal(size=n) + effects[:, None])


def decisions(data: list[np.ndarray], margin: float | None, multiplicity: str):
    estimates = [estimate_difference(differences, margin) for differences in data]
    return estimates, decide_family([Question((found,)) for found in estimates], 0.05, multiplicity)


@given_data(seeds, st.sampled_from(["holm", "joint"]))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_adjusted_p_values_and_adjusted_intervals_say_the_same(seed: int, multiplicity: str) -> None:
    for estimate, decision in zip(*decisions(study(seed), None, multiplicity), strict=True):
        low, high = estimate.interval(decision.alpha_difference)
        excludes_zero = low > 0 or high < 0
        assert (decision.p_difference_adjusted <= 0.05) == excludes_zero
        assert (decision.word in (Word.BETTER, Word.WORSE)) == excludes_zero


@given_data(seeds, st.floats(0.1, 4), st.sampled_from(["holm", "joint"]))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_equivalence_is_said_just_when_its_adjusted_test_says_so(seed: int, margin: float, multiplicity: str) -> None:
    for estimate, decision in zip(*decisions(study(seed), margin, multiplicity), strict=True):
        assert (decision.word is Word.EQUIVALENT) == (decision.p_equivalence_adjusted <= 0.05)
        low, high = estimate.interval(2 * decision.alpha_equivalence)
        assert (decision.word is Word.EQUIVALENT) == (-margin <= low and high <= margin)


@given_data(seeds)
@settings(deadline=None, derandomize=True, max_examples=50)
def test_turning_the_question_round_turns_the_answer_round(seed: int) -> None:
    turned = {Word.BETTER: Word.WORSE, Word.WORSE: Word.BETTER}
    _, said = decisions(study(seed), 0.5, "holm")
    _, reverse = decisions([-differences for differences in study(seed)], 0.5, "holm")
    assert [turned.get(decision.word, decision.word) for decision in said] == [decision.word for decision in reverse]


@given_data(seeds)
@settings(deadline=None, derandomize=True, max_examples=50)
def test_the_evidence_is_the_t_test_of_scipy(seed: int) -> None:
    for differences in study(seed):
        oracle = stats.ttest_1samp(differences, 0)
        estimate = estimate_difference(differences)
        assert estimate.p_difference == pytest.approx(oracle.pvalue)
        assert estimate.interval(0.1) == pytest.approx(tuple(oracle.confidence_interval(0.9)))


def one(
    differences: list[float], margin: float | None = None, relation: Relation | None = None, **known: float | bool
) -> tuple[Word, str]:
    decision = decide_family([Question((estimate_difference(differences, margin, **known),), relation)])[0]
    return decision.word, decision.qualifier


@pytest.mark.parametrize(
    ("differences", "margin", "word", "qualifier"),
    [
        ([], 1.0, Word.INCONCLUSIVE, "no seed with a value on both sides"),
        ([5.0], 1.0, Word.INCONCLUSIVE, "single seed"),
        ([5.0, 5.1], 1.0, Word.INCONCLUSIVE, "two seeds"),
        ([0.0, 0.0, 0.0], 1.0, Word.NO_DIFFERENCE_SEEN, ""),
        ([0.1, 0.2, 0.15], 1.0, Word.EQUIVALENT, "detectable but negligible"),
        ([0.1, -0.1, 0.0], 1.0, Word.EQUIVALENT, ""),
        ([2.0, 2.1, 1.9], 1.0, Word.BETTER, "by more than the margin"),
        ([1.0, 1.1, 0.9], 1.0, Word.BETTER, ""),
        ([1.0, 1.1, 0.9], None, Word.BETTER, ""),
        ([-1.0, -1.1, -0.9], 1.0, Word.WORSE, ""),
        ([-2.0, -2.1, -1.9], 1.0, Word.WORSE, "by more than the margin"),
        ([0.6, 0.1, 1.4], 1.0, Word.INCONCLUSIVE, "not worse by more than the margin"),
        ([-0.6, -0.1, -1.4], 1.0, Word.INCONCLUSIVE, "not better by more than the margin"),
        ([9.0, -8.0, 3.0], 1.0, Word.INCONCLUSIVE, ""),
        ([0.1, -0.1, 0.0], None, Word.INCONCLUSIVE, ""),
        ([0.5, 0.5, 0.5], 1.0, Word.INCONCLUSIVE, "no spread between the seeds to judge by"),
    ],
)
def test_every_row_of_the_table(differences: list[float], margin: float | None, word: Word, qualifier: str) -> None:
    assert one(differences, margin) == (word, qualifier)


@pytest.mark.parametrize(
    ("relation", "differences", "word"),
    [
        (Relation.GREATER, [2.0, 2.1, 1.9], Word.SUPPORTED),
        (Relation.GREATER, [-2.0, -2.1, -1.9], Word.REFUTED),
        (Relation.GREATER, [0.1, -0.1, 0.0], Word.NO_PRACTICAL_DIFFERENCE),
        (Relation.GREATER, [0.0, 0.0, 0.0], Word.NOT_RESOLVED),
        (Relation.GREATER, [9.0, -8.0, 3.0], Word.NOT_RESOLVED),
        (Relation.SAME, [0.1, -0.1, 0.0], Word.SUPPORTED),
        (Relation.SAME, [0.0, 0.0, 0.0], Word.NOT_RESOLVED),
        (Relation.SAME, [2.0, 2.1, 1.9], Word.REFUTED),
        (Relation.SAME, [-2.0, -2.1, -1.9], Word.REFUTED),
        (Relation.SAME, [1.0, 1.1, 0.9], Word.NOT_RESOLVED),
        (Relation.SAME, [9.0, -8.0, 3.0], Word.NOT_RESOLVED),
        (Relation.NOT_WORSE, [2.0, 2.1, 1.9], Word.SUPPORTED),
        (Relation.NOT_WORSE, [0.6, 0.1, 1.4], Word.SUPPORTED),
        (Relation.NOT_WORSE, [0.0, 0.0, 0.0], Word.NOT_RESOLVED),
        (Relation.NOT_WORSE, [-2.0, -2.1, -1.9], Word.REFUTED),
        (Relation.NOT_WORSE, [-1.0, -1.1, -0.9], Word.NOT_RESOLVED),
        (Relation.NOT_WORSE, [2.0], Word.NOT_RESOLVED),
        (Relation.LESS, [2.0, 3.0], Word.NOT_RESOLVED),
    ],
)
def test_every_answer_to_a_claim(relation: Relation, differences: list[float], word: Word) -> None:
    assert one(differences, 1.0, relation)[0] is word


@pytest.mark.parametrize(
    ("relation", "word"),
    [
        (None, Word.IDENTICAL),
        (Relation.GREATER, Word.NO_PRACTICAL_DIFFERENCE),
        (Relation.WORSE, Word.NO_PRACTICAL_DIFFERENCE),
        (Relation.SAME, Word.SUPPORTED),
        (Relation.NOT_WORSE, Word.SUPPORTED),
    ],
)
def test_only_runs_that_are_known_to_be_the_same_are_identical(relation: Relation | None, word: Word) -> None:
    assert one([0.0, 0.0, 0.0], 1.0, relation, identical=True) == (word, "the same on every seed")
    weaker = (
        (Word.NO_DIFFERENCE_SEEN, "") if relation is None else (Word.NOT_RESOLVED, "no difference at this resolution")
    )
    assert one([0.0, 0.0, 0.0], 1.0, relation) == weaker
    assert one([0.0, 0.0], 1.0, relation, identical=True)[1] == "two seeds"
    # What differs is not the same, whatever is said of it.
    assert one([0.1, -0.1, 0.0], 1.0, relation, identical=True) == one([0.1, -0.1, 0.0], 1.0, relation)


@pytest.mark.parametrize("differences", [[0.0] * 5, [0.0, 0.0, 1.0, 0.0, 0.0]])
@pytest.mark.parametrize("margin", [0.3, 0.9, 1.2, 3.0])
def test_equivalence_takes_a_spread_of_a_step_at_least(differences: list[float], margin: float) -> None:
    """The oracle is written out: whole numbers have the sd of rounding, 1/√12, and up to a step of 1 unseen."""
    estimate = estimate_difference(differences, margin, floor=1 / math.sqrt(12))
    t = (margin - np.mean(differences)) / (max(np.std(differences, ddof=1), 1.0) / math.sqrt(5))
    assert estimate.equivalence.p == pytest.approx(stats.t.sf(t, 4))
    (decision,) = decide_family([Question((estimate,))])
    assert (decision.word is Word.EQUIVALENT) == (stats.t.sf(t, 4) <= 0.05)
    assert estimate.interval(0.05) != estimate.equivalence_interval(0.05)


def test_equal_values_of_a_known_step_have_an_interval() -> None:
    estimate = estimate_difference([0.0] * 4, floor=0.5)
    half = stats.t.ppf(0.975, 3) * 0.5 / 2
    assert estimate.interval(0.05) == pytest.approx((-half, half))
    assert (estimate.p_difference, estimate.floored, estimate.tied) == (1.0, True, True)


def test_two_analyses_of_equal_values_agree() -> None:
    tied = estimate_difference([0.0, 0.0, 0.0], 1.0)
    decision = decide_family([Question((tied, tied), disagreement="diverged 1/4")])[0]
    assert (decision.word, decision.qualifier) == (Word.NO_DIFFERENCE_SEEN, "diverged 1/4")


def test_without_a_margin_nothing_is_the_same_and_nothing_not_worse() -> None:
    assert one([0.1, -0.1, 0.0], None, Relation.SAME)[0] is Word.NOT_RESOLVED
    assert one([2.0, 2.1, 1.9], None, Relation.NOT_WORSE)[0] is Word.NOT_RESOLVED


@given_data(seeds, st.floats(0.1, 3))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_a_claim_of_not_worse_agrees_with_its_own_p_value(seed: int, margin: float) -> None:
    estimates = [estimate_difference(differences, margin) for differences in study(seed)]
    for decision in decide_family([Question((found,), Relation.NOT_WORSE) for found in estimates]):
        assert (decision.word is not Word.NOT_RESOLVED) == (decision.p_equivalence_adjusted <= 0.05)


def test_a_verdict_withheld_takes_no_part_in_the_adjustment_but_counts() -> None:
    clear, two = estimate_difference([2.0, 2.1, 1.9, 2.05]), estimate_difference([5.0, 5.0001])
    first, second = decide_family([Question((clear,)), Question((two,))])
    assert first.p_difference_adjusted == pytest.approx(2 * first.p_difference)
    assert second.p_difference < first.p_difference
    assert second.p_difference_adjusted is None


def test_two_analyses_have_to_agree() -> None:
    better, unclear, worse = (
        estimate_difference([2.0, 2.1, 1.9]),
        estimate_difference([2.0, 2.1, 1.9, -5.0]),
        estimate_difference([-2.0, -2.1, -1.9]),
    )
    said = [
        decide_family([Question(pair, disagreement="diverged 1/4")])[0]
        for pair in ((better, better), (better, unclear), (better, worse), (unclear, unclear))
    ]
    assert [decision.word for decision in said] == [Word.BETTER, *[Word.INCONCLUSIVE] * 3]
    assert said[1].qualifier == "better when it trains; diverged 1/4"
    assert said[2].p_difference == 1.0
    assert said[3].qualifier == "diverged 1/4"
    assert said[1].p_difference == unclear.p_difference


def test_a_floor_under_the_spread() -> None:
    floored = estimate_difference([0.01, 0.01, 0.01], floor=0.0003)
    assert (floored.sd, floored.floored) == (0.0003, True)
    assert floored.p_difference == pytest.approx(stats.t.sf(0.01 / (0.0003 / math.sqrt(3)), 2) * 2)
    spread = estimate_difference([0.01, 0.02, 0.03], floor=0.0003)
    assert (spread.sd, spread.floored) == (pytest.approx(0.01), False)
    constant = estimate_difference([0.01, 0.01, 0.01])
    assert (constant.sd, constant.se, constant.floored) == (0.0, None, False)


def test_a_spread_that_rounding_explains_is_none() -> None:
    arm, reference = np.array([0.97, 0.98, 0.96]), np.array([0.95, 0.96, 0.94])
    assert estimate_difference(arm - reference, magnitude=0.98).se is None


def test_refuses_an_unknown_adjustment() -> None:
    with pytest.raises(ValueError, match="holm, joint"):
        decide_family([], multiplicity="none")


def test_no_question_no_decision() -> None:
    assert decide_family([]) == ()
