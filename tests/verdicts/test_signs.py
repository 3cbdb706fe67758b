"""What a run may never reach: the sign test of pairs, against scipy."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import stats

from ablate.core.claims import Relation, parse_statement, quantity_info
from ablate.verdicts.engine import SIGN_TEST, ArmValues, PairedQuestion, judge_claims
from ablate.verdicts.verdict import Flag, Verdict, Word

EPOCHS = quantity_info(parse_statement("a < b on epochs_to(val_accuracy, 0.9)").quantity)
NEVER = math.inf


def side(*epochs: float, **fates: object) -> ArmValues:
    unreached = [seed for seed, value in enumerate(epochs) if value == NEVER]
    return ArmValues(dict(enumerate(epochs)), unreached=unreached, **fates)


def asked(arm: ArmValues, reference: ArmValues, relation: Relation = Relation.LESS) -> PairedQuestion:
    return PairedQuestion("a < b", "a", "b", EPOCHS, arm, reference, relation=relation, margin=1.0)


def judged(arm: ArmValues, reference: ArmValues, relation: Relation = Relation.LESS) -> Verdict:
    (verdict,) = judge_claims([asked(arm, reference, relation)])
    return verdict


def test_all_outcomes_of_six_pairs_agree_with_scipy() -> None:
    """Each pair first in one of four ways: neither gets there, both alike, either side ahead."""
    ways = {"neither": (NEVER, NEVER, 0), "tie": (3.0, 3.0, 0), "ahead": (2.0, NEVER, 1), "behind": (5.0, 4.0, -1)}
    for outcome in product(ways, repeat=6):
        pairs = [ways[way] for way in outcome]
        verdict = judged(side(*(pair[0] for pair in pairs)), side(*(pair[1] for pair in pairs)))
        signs = [pair[2] for pair in pairs]
        wins, losses = signs.count(1), signs.count(-1)
        p = stats.binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
        assert (verdict.n, verdict.wins, verdict.ties, verdict.losses) == (6, wins, 6 - wins - losses, losses)
        assert verdict.p_diff == pytest.approx(p)
        resolved = Word.SUPPORTED if wins > losses else Word.REFUTED
        assert verdict.word is (resolved if p <= 0.05 else Word.NOT_RESOLVED)


@pytest.mark.parametrize(
    ("relation", "word", "as_claimed"),
    [
        (Relation.LESS, Word.SUPPORTED, 6),
        (Relation.GREATER, Word.REFUTED, 0),
        (Relation.BETTER, Word.SUPPORTED, 6),
        (Relation.WORSE, Word.REFUTED, 0),
        (Relation.NOT_WORSE, Word.SUPPORTED, None),
        (Relation.SAME, Word.NOT_RESOLVED, None),
    ],
)
def test_relations(relation: Relation, word: Word, as_claimed: int | None) -> None:
    verdict = judged(side(1, 2, 3, 4, 5, 6), side(2, NEVER, 4, 9, 9, 9), relation)
    assert (verdict.word, verdict.as_claimed) == (word, as_claimed)
    assert (verdict.test_name, verdict.p_diff) == (SIGN_TEST, pytest.approx(2 / 64))


def test_neither_likeness_nor_a_margin_is_shown_by_signs() -> None:
    fast, slow = side(1, 2, 3, 4, 5, 6), side(2, 3, 4, 5, 6, 7)
    assert judged(fast, slow, Relation.SAME).qualifier == "they differ"
    alike = judged(fast, fast, Relation.SAME)
    assert (alike.word, alike.qualifier) == (Word.NOT_RESOLVED, "a sign test cannot show that two are alike")
    worse = judged(slow, fast, Relation.NOT_WORSE)
    assert (worse.word, worse.qualifier) == (Word.NOT_RESOLVED, "worse, and signs do not tell by how much")


def test_equal_epochs_are_ties_and_show_nothing() -> None:
    verdict = judged(side(3, 3, 3, 3, 3), side(3, 3, 3, 3, 3))
    assert (verdict.word, verdict.qualifier, verdict.ties) == (Word.NOT_RESOLVED, "a tie on every seed", 5)
    assert (verdict.p_diff, verdict.diff, verdict.p_improve) == (1.0, 0.0, 0.5)


def test_there_is_no_interval_no_margin_and_no_forecast() -> None:
    verdict = judged(side(1, 2, 3, 4, 5, 6), side(3, 3, 4, 9, 9, 9))
    empty = "ci_low ci_adj_low ci_equiv_low margin p_tost dz gz p_perm rho vr sd seeds_needed_high se_twoway"
    assert {name: getattr(verdict, name) for name in empty.split()} == dict.fromkeys(empty.split())
    assert verdict.diff == pytest.approx(np.mean([-2, -1, -1, -5, -4, -3]))
    assert verdict.flags == ()


def test_never_reached_is_not_diverged_and_has_no_mean() -> None:
    verdict = judged(side(1, NEVER, 3, 4, 5, 6), side(NEVER, NEVER, 4, 9, 9, NEVER))
    assert (verdict.n_diverged, verdict.n_diverged_reference) == (0, 0)
    assert (verdict.n_unreached, verdict.n_unreached_reference) == (1, 3)
    assert (verdict.diff, verdict.arm_mean, verdict.differences) == (None, None, {2: -1.0, 3: -5.0, 4: -4.0})
    assert (verdict.wins, verdict.ties, verdict.n, verdict.flags) == (5, 1, 6, ())


def test_a_diverged_run_never_got_there_either() -> None:
    arm = ArmValues({0: 2.0, 1: 3.0}, planned=range(4), diverged=[2, 3])
    verdict = judged(arm, side(3, 4, NEVER, 5))
    assert (verdict.wins, verdict.ties, verdict.losses) == (2, 1, 1)
    assert (verdict.n, verdict.n_diverged, verdict.n_unreached) == (4, 2, 0)
    assert verdict.flags == (Flag.DIVERGED,)


def test_the_family_is_shared_with_tests_of_other_kinds() -> None:
    """Holm: .01 is beside .03125 the first step, which is then compared with .05."""
    loss = quantity_info(parse_statement("a < b on val_loss").quantity)
    signs = asked(side(1, 2, 3, 4, 5, 6), side(3, 3, 4, 9, 9, 9))
    first = dict(enumerate((0.10, 0.12, 0.11, 0.10, 0.12, 0.11)))
    other = {seed: value + 0.2 + 0.001 * seed for seed, value in first.items()}
    sharp = PairedQuestion("c", "a", "b", loss, ArmValues(first), ArmValues(other), relation=Relation.LESS)
    both = judge_claims([signs, sharp])
    assert [row.word for row in both] == [Word.SUPPORTED, Word.SUPPORTED]
    assert both[0].p_diff_adj == pytest.approx(2 / 64)
    twice = judge_claims([signs, replace(signs, subject="again")])
    assert {row.word for row in twice} == {Word.NOT_RESOLVED}
    assert [row.p_diff_adj for row in twice] == pytest.approx([4 / 64, 4 / 64])


def test_five_seeds_resolve_nothing() -> None:
    assert judged(side(1, 1, 1, 1, 1), side(9, 9, 9, 9, NEVER)).word is Word.NOT_RESOLVED


def test_under_no_effect_it_is_wrong_no_more_often_than_it_says() -> None:
    """Enumerated: every pair is a fair coin, or a tie in two of five cases."""
    for tie in (0.0, 0.4):
        wrong = 0.0
        for signs in product((-1, 0, 1), repeat=7):
            weight = math.prod(tie if sign == 0 else (1 - tie) / 2 for sign in signs)
            if weight:
                row = judged(side(*(2.0 - sign for sign in signs)), side(*[2.0] * 7))
                wrong += weight * (row.word is not Word.NOT_RESOLVED)
        assert 0 < wrong <= 0.05
