"""Every row of the decision table in words."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from ablate.analysis.selections import Selection
from ablate.core.claims import Relation, parse_statement, quantity_info
from ablate.core.records import METRICS
from ablate.reporting import verdicts
from ablate.reporting.markdown import inline
from ablate.reporting.verdicts import is_resolved
from ablate.verdicts.engine import ArmValues, PairedQuestion, judge_claims
from ablate.verdicts.verdict import Family, Flag, Scale, Verdict, Word
from tests.judged import by_seed, claim, draws, judge
from tests.reporting.wording import forbidden

BASE = [0.970, 0.972, 0.969, 0.971, 0.9705, 0.9715, 0.9698, 0.9702]
ARMS = {
    "base": by_seed(BASE),
    "good": by_seed([value + 0.0042 + 0.0004 * (-1) ** index for index, value in enumerate(BASE)]),
    "bad": by_seed([value - 0.0310 + 0.0020 * (-1) ** index for index, value in enumerate(BASE)]),
    "near": by_seed([value + 0.0001 + 0.0004 * (-1) ** index for index, value in enumerate(BASE)]),
    "noisy": by_seed([value + 0.0010 + 0.0040 * (-1) ** index for index, value in enumerate(BASE)]),
    "same": by_seed(BASE),
    "one": {3: 0.98},
    "two": {3: 0.98, 4: 0.982},
    "none": {},
}


def verdict_sentence(verdict: Verdict, adjustment: str = "Holm") -> str:
    return inline(verdicts.verdict_sentence(verdict, adjustment))


def selection_sentence(selection: Selection) -> str:
    return inline(verdicts.selection_sentence(selection))


def sentences(**settings) -> dict[str, str]:
    return {row.subject: verdict_sentence(row) for row in judge(ARMS, "test_accuracy", **settings)}


RAW = sentences(margin=0.002)
LOG = sentences(margin=math.log(1.1), scale=Scale.LOG_ERROR)
WITHOUT = sentences()


def test_the_template_word_for_word() -> None:
    verdict = Verdict(
        Family.ARMS, "dropout=0.3", "dropout=0.3", "dropout=0", METRICS["test_accuracy"], Scale.RAW, 1, "t", 0.05,
        8, 8, diff=0.0042, raw_diff=0.0042, diff_pct_error=-18.0, sd=0.0251 * 8**0.5 / 8, ci_low=0.0021, ci_high=0.0063,
        ci_adj_low=0.0011, ci_adj_high=0.0073, p_diff_adj=0.0041, wins=8, word=Word.BETTER,
    )  # fmt: skip
    assert verdict_sentence(verdict) == (
        "`dropout=0.3` is **BETTER** than the baseline: +0.42 pp test accuracy (95% CI +0.21..+0.63; Holm p=.004; "
        "8 seeds, 8/8 wins; 18% fewer errors)."
    )
    open_claim = replace(
        verdict, family=Family.CLAIMS, subject="gelu less than tanh on val_loss", metric=METRICS["val_loss"],
        diff=-0.0042, ci_low=-0.0113, ci_high=0.0031, ci_adj_low=-0.0113, ci_adj_high=0.0031, p_diff_adj=0.21,
        sd=0.031, margin=0.005, word=Word.NOT_RESOLVED, seeds_needed_low=14, seeds_needed_high=26, sign=-1,
        relation=Relation.LESS, differences=by_seed([-0.01] * 6 + [0.01] * 2),
    )  # fmt: skip
    assert verdict_sentence(open_claim, adjustment="") == (
        "gelu less than tanh on val_loss: **NOT RESOLVED**: difference −0.004 in validation loss "
        "(95% CI −0.011..+0.003; p=.210; as claimed on 6/8 seeds); about 26 fresh seeds give 80% power for the stated "
        "0.005."
    )


def test_better_and_worse() -> None:
    assert RAW["good"].startswith("`good` is **BETTER** than the baseline by more than the margin of 0.2 pp: +0.420 pp")
    assert "8/8 wins; 14% fewer errors" in RAW["good"]
    assert "**WORSE**" in RAW["bad"]
    assert "0/8 wins; 105% more errors" in RAW["bad"]


def test_on_the_log_scale_the_raw_difference_stands_beside_the_ratio() -> None:
    assert re.search(
        r"`good` is \*\*BETTER\*\* .*: error \(1 − test accuracy\) × 0\.85\d* \(95% CI × .*that is \+0\.420 pp",
        LOG["good"],
    )
    loss = next(iter(judge(draws(2), margin=math.log(1.1), scale=Scale.LOG_ERROR)))
    assert re.search(
        r"validation loss × 0\.8\d+ \(95% CI × 0\.8\d+\.\.0\.8\d+; that is −0\.01\d+; p<.001",
        verdict_sentence(loss, ""),
    )


def test_equivalent_names_its_margin_and_its_own_interval() -> None:
    assert "`near` is **EQUIVALENT** to the baseline within ±0.2 pp" in RAW["near"]
    assert re.search(r"adjusted 90% CI −0\.\d+\.\.\+0\.\d+; Holm equivalence p", RAW["near"])
    assert "within 10%:" in LOG["near"]


def test_what_is_open_says_what_would_resolve_it() -> None:
    assert "**INCONCLUSIVE**: difference +0.10 pp in test accuracy" in RAW["noisy"]
    assert RAW["noisy"].endswith("; about 23 fresh seeds give 80% power for the stated 0.2 pp.")
    assert "no margin is stated" in WITHOUT["noisy"]
    assert "EQUIVALENT" not in WITHOUT["near"]


def test_a_design_that_had_the_power_says_where_the_difference_lies() -> None:
    row = judge({"base": by_seed([0.1] * 8), "arm": by_seed([0.099, 0.104] * 4)}, margin=0.0021)[0]
    had = replace(row, seeds_needed_high=8, seeds_needed_half=31)
    assert verdict_sentence(had, "").endswith(
        "; 8 seeds had the power for the stated 0.0021, so the difference probably lies between none and the margin; "
        "about 31 fresh seeds give 80% power for half of it."
    )
    assert verdict_sentence(replace(had, seeds_needed_half=None), "").endswith("between none and the margin.")
    assert verdict_sentence(replace(had, n_diverged=1), "").endswith("over the others.")


def test_where_only_the_adjustment_stands_in_the_way_it_is_shown() -> None:
    values = by_seed([0.010, 0.0112, 0.0131, 0.0109, 0.0102])
    noise = {f"arm_{k}": by_seed([0.01 + 0.002 * math.sin(7 * k + 3 * s) for s in range(5)]) for k in range(8)}
    row = judge({"base": by_seed([0.0094, 0.0100, 0.0111, 0.0099, 0.0099]), "arm": values, **noise})[0]
    assert row.ci_low is not None
    assert row.ci_low > 0
    assert row.word is Word.INCONCLUSIVE
    assert "adjusted for all comparisons" in verdict_sentence(row)
    assert "adjusted for all comparisons" not in RAW["noisy"]


def test_few_seeds_give_numbers_and_no_word_for_them() -> None:
    assert "on the only seed" in RAW["one"]
    assert "CI" not in RAW["one"]
    assert "95% CI" in RAW["two"]
    assert "no seed on which both sides have a value" in RAW["none"]
    for name in ("one", "two", "none"):
        assert RAW[name].endswith("no verdict is given below three seeds.")
        assert "p=" not in RAW[name]


def test_two_seeds_have_no_p_whatever_was_computed() -> None:
    row = next(row for row in judge(ARMS, "test_accuracy") if row.subject == "two")
    assert "p=" not in verdict_sentence(replace(row, p_diff=0.01, p_diff_adj=0.02))


def test_identical_runs_are_called_that() -> None:
    assert RAW["same"] == (
        "`same` is **IDENTICAL** to the baseline: the same run on all 8 seeds, in history, predictions and weights, as "
        "a level that changes nothing gives."
    )


def test_equal_values_are_not_called_equal_runs() -> None:
    row = next(row for row in judge(ARMS, "test_accuracy", margin=0.002) if row.subject == "same")
    equal = replace(row, word=Word.NO_DIFFERENCE_SEEN, seeds_needed_high=23)
    assert verdict_sentence(equal) == (
        "`same` shows **NO DIFFERENCE AT THIS RESOLUTION** from the baseline: the same test accuracy on all 8 seeds, "
        "and the runs are not known to be the same; about 23 fresh seeds give 80% power for the stated 0.2 pp."
    )
    assert not verdicts.is_resolved(equal)


def test_divergence_stands_with_the_numbers() -> None:
    arms = {"base": ARMS["base"], "wild": {seed: value + 0.01 for seed, value in list(ARMS["noisy"].items())[:5]}}
    (row,) = judge(arms, "test_accuracy", margin=0.002, diverged={"wild": 3})
    text = verdict_sentence(row, "")
    assert " with diverged runs counted as the worst" in text
    assert "`wild` is **INCONCLUSIVE** (better when it trains; diverged 3/8)" in text
    assert text.endswith("; 3 of its 8 runs diverged, and the comparison is over the others.")
    assert "2 of the reference's 8 runs diverged" in verdict_sentence(
        replace(row, n_diverged=0, n_diverged_reference=2)
    )


def test_what_keeps_diverged_runs_from_being_judged_is_said() -> None:
    (row,) = judge({"base": ARMS["base"], "wild": dict(list(ARMS["noisy"].items())[:5])}, diverged={"wild": 3})
    unjudged = verdict_sentence(replace(row, word=Word.INCONCLUSIVE, qualifier="not judged: say `--worst`"), "")
    assert unjudged.startswith("`wild` is **INCONCLUSIVE** (not judged: say `--worst`): difference")
    lost = replace(row, n=0, diff=None, differences={}, wins=0, ties=0, losses=0, n_diverged=8)
    assert verdict_sentence(replace(lost, word=Word.INCONCLUSIVE, qualifier="every run of wild diverged"), "") == (
        "`wild` is **INCONCLUSIVE** (every run of wild diverged): there is no seed on which both sides have a value; "
        "8 of its 8 runs diverged."
    )


def test_wins_are_of_the_seeds_that_the_verdict_counts() -> None:
    (row,) = judge({"base": ARMS["base"], "wild": dict(list(ARMS["noisy"].items())[:5])}, diverged={"wild": 3})
    counted = replace(row, wins=4, ties=1, losses=3)
    assert "; 5 seeds, 4/8 wins, 1 tie with diverged runs counted" in verdict_sentence(counted, "")
    claimed = replace(counted, relation=Relation.GREATER, sign=1)
    assert "; as claimed on 3/8 seeds with diverged runs counted, 1 tie" in verdict_sentence(claimed, "")


def test_a_claim_is_judged_in_its_own_words() -> None:
    arms = draws(4)
    low, base, high = ("optimizer=choice_1", "optimizer=choice_2", "optimizer=choice_3")
    assert "**SUPPORTED**" in verdict_sentence(claim(f"{low} < {high} on val_loss", arms), "")
    assert "**REFUTED**" in verdict_sentence(claim(f"{low} > {high} on val_loss", arms), "")
    practical = verdict_sentence(claim(f"{base} < optimizer=choice_0 on val_loss", arms, margin=0.01), "")
    assert "**NO PRACTICAL DIFFERENCE**" in practical
    assert "margin ±0.01" in practical


def test_a_claim_tells_on_how_many_seeds_it_holds() -> None:
    """More loss is what the claim says, so every seed counts for it, although the arm has won none."""
    row = claim("optimizer=choice_3 > optimizer=choice_1 on val_loss", draws(4))
    assert (row.word, row.wins, row.as_claimed) == (Word.SUPPORTED, 0, 8)
    assert "; as claimed on 8/8 seeds" in verdict_sentence(row)
    assert "win" not in verdict_sentence(row)
    against = claim("optimizer=choice_3 < optimizer=choice_1 on val_loss", draws(4))
    assert "; as claimed on 0/8 seeds" in verdict_sentence(against)
    tied = replace(row, ties=1, differences={**row.differences, 0: 0.0})
    assert "; as claimed on 7/8 seeds, 1 tie;" in verdict_sentence(tied)


@pytest.mark.parametrize("relation", [Relation.SAME, Relation.NOT_WORSE])
def test_a_claim_without_a_direction_counts_seeds_alone(relation: Relation) -> None:
    row = replace(claim("optimizer=choice_2 < optimizer=choice_0 on val_loss", draws(4)), relation=relation)
    assert row.as_claimed is None
    assert "; 8 seeds" in verdict_sentence(row)
    assert not re.search("win|as claimed", verdict_sentence(row))


def test_a_claim_of_no_difference_shows_the_interval_it_rests_on() -> None:
    row = claim("optimizer=choice_2 < optimizer=choice_0 on val_loss", draws(4), margin=0.01)
    alike = replace(row, subject="choice_2 ~ choice_0 on val_loss", word=Word.SUPPORTED)
    assert "90% CI" in verdict_sentence(alike)
    assert "Holm margin p" in verdict_sentence(alike)


def test_what_has_no_ratio_and_no_spread_is_told_without_an_interval() -> None:
    row = judge(draws(2), margin=math.log(1.1), scale=Scale.LOG_ERROR)[0]
    nothing = {"sd": None, "ci_low": None, "ci_high": None, "p_diff_adj": 0.01, "word": Word.INCONCLUSIVE}
    flat = verdict_sentence(replace(row, **nothing, qualifier="no spread between the seeds to judge by"))
    assert "(no spread between the seeds to judge by): validation loss ×" in flat
    assert "CI" not in flat
    assert "p=" not in flat
    negative = verdict_sentence(replace(row, **nothing, n=0, diff=None, flags=(Flag.NOT_POSITIVE,)))
    assert "has no ratio; the difference is −0.0" in negative
    assert "three seeds" not in negative


def test_an_exploratory_row_has_no_word() -> None:
    row = replace(judge(draws(2))[0], family=Family.EXPLORATORY, word=None)
    assert "(exploratory, no verdict): difference" in verdict_sentence(row)
    assert not is_resolved(row)


@pytest.mark.parametrize("text", [*RAW.values(), *LOG.values(), *WITHOUT.values()])
def test_no_sentence_says_too_much(text: str) -> None:
    assert forbidden(text) == []
    assert text.count("  ") == 0
    assert text.endswith(".")
    assert not text.endswith("..")


def test_names_from_outside_cannot_break_the_page() -> None:
    row = replace(judge(draws(2))[0], subject="a|b<i>", qualifier="by <b>")
    assert not re.search(r"<[a-z/]|[^\\]\|", verdict_sentence(row))


def test_fresh_examples_are_told_of_where_they_are_known() -> None:
    row = judge(draws(2))[0]
    assert "fresh test examples" not in verdict_sentence(row)
    assert "holds for fresh test examples too" in verdict_sentence(replace(row, holds_new_test=True))
    assert "not shown to hold for fresh" in verdict_sentence(replace(row, holds_new_test=False))


def test_an_arm_is_called_best_by_nobody_without_fresh_seeds() -> None:
    selection = Selection("adamw", "adam", METRICS["val_loss"])
    assert "**selected, not confirmed**" in selection_sentence(selection)
    assert selection_sentence(selection).startswith("`adamw` has the lowest mean validation loss: ")
    better = judge(draws(2), margin=0.001)[0]
    confirmed = replace(selection, confirmation=(better,))
    assert "**confirmed** on fresh seeds" in selection_sentence(confirmed)
    assert "Against `optimizer=choice_0`: BETTER" in selection_sentence(confirmed)
    refuted = replace(selection, confirmation=(better, replace(better, word=Word.INCONCLUSIVE)))
    assert "**not confirmed** by fresh seeds" in selection_sentence(refuted)
    assert not forbidden(selection_sentence(selection) + selection_sentence(confirmed))


# what a run may never reach ------------------------------------------------------------------------------

EPOCHS = quantity_info(parse_statement("a < b on epochs_to(val_accuracy, 0.9)").quantity)


def signs_row(arm: list[float], reference: list[float], relation: Relation = Relation.LESS) -> Verdict:
    sides = [
        ArmValues(dict(enumerate(epochs)), unreached=[seed for seed, epoch in enumerate(epochs) if epoch == math.inf])
        for epochs in (arm, reference)
    ]
    (row,) = judge_claims([PairedQuestion("a < b", "a", "b", EPOCHS, *sides, relation=relation)])
    return row


def test_a_sign_test_in_words() -> None:
    assert verdict_sentence(signs_row([1, 2, 3, 4, 5, 6], [2, 3, 5, 6, 7, 8]), "") == (
        "a &lt; b: **SUPPORTED**: difference −1.67 in epochs to a validation accuracy of 0.9 (as claimed on 6/6 "
        "seeds; sign test, p=.031)."
    )


def test_what_was_never_reached_is_not_said_to_have_diverged() -> None:
    told = verdict_sentence(signs_row([1, 2, 3, 4, math.inf], [math.inf, 3, 5, 6, math.inf]))
    assert told == (
        "a &lt; b: **NOT RESOLVED**: epochs to a validation accuracy of 0.9: as claimed on 4/5 seeds, 1 tie; sign "
        "test, Holm p=.125; 1 of its 5 runs never got there, 2 of the reference's 5 runs never got there, and such a "
        "run is behind every one that did; no sign test of 5 seeds goes below 0.05, which takes 6 seeds that all agree."
    )


def test_equal_epochs_are_a_tie_and_no_practical_difference_of_any_size() -> None:
    told = verdict_sentence(signs_row([3.0] * 6, [3.0] * 6))
    assert "**NOT RESOLVED** (a tie on every seed)" in told
    assert "margin" not in told


def test_two_fresh_seeds_neither_confirm_nor_refute() -> None:
    row = next(row for row in judge(ARMS, "test_accuracy") if row.subject == "two")
    told = selection_sentence(Selection("two", "base", METRICS["test_accuracy"], (row,)))
    assert "selected, and **not confirmed**: no verdict is given below 3 fresh seeds." in told
    assert "Against `base`: no verdict, " in told


def test_means_of_completed_runs_are_not_compared_with_means_of_all_runs() -> None:
    selection = Selection("adamw", "adam", METRICS["val_loss"], left_out=("sgd",))
    told = "lowest mean validation loss among the arms whose runs all trained (left out, with diverged runs: `sgd`): "
    assert told in selection_sentence(selection)
    many = replace(selection, left_out=tuple("abcdef"))
    assert "(left out, with diverged runs: `a`, `b`, `c`, `d` and 2 more)" in selection_sentence(many)
