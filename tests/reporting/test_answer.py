"""The sentences that open a report, and the terminal's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ablate.analysis.replication import ConclusionFound
from ablate.analysis.summaries import ArmSummary
from ablate.core.records import METRICS
from ablate.core.specs import Conclusion
from ablate.reporting.answer import Findings, answer_of_study, answer_of_sweep, answer_of_verdicts
from ablate.stats.estimates import estimate_mean
from ablate.verdicts.verdict import Family, Scale, Verdict, Word

LOSS = METRICS["val_loss"]
BASELINE = ArmSummary("optimizer=adam", True, estimate_mean({0: 0.1, 1: 0.1, 2: 0.13}), 3, 0, 0, 0)


def verdict(arm: str, word: Word | None, n: int = 3, diverged: int = 0, **fields: object) -> Verdict:
    made = Verdict(
        Family.ARMS, arm, arm, BASELINE.arm, LOSS, Scale.RAW, -1, "paired t", 0.05, n, 3, diverged, margin=0.01
    )  # fmt: skip
    return replace(made, word=word, **fields)


def findings(**words: Word | None) -> Findings:
    verdicts = tuple(verdict(f"optimizer={name}", word) for name, word in words.items())
    return Findings("optimizers", LOSS, BASELINE, verdicts)


def claim(text: str, word: Word | None) -> Verdict:
    return verdict(text, word, family=Family.CLAIMS)


def said(found: Findings) -> str:
    return answer_of_sweep(found).plain


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        # None differs.
        ({"sgd": Word.EQUIVALENT}, "sgd is equivalent to adam within ±0.01 in validation loss."),
        (
            {"a": Word.EQUIVALENT, "b": Word.EQUIVALENT},
            "a and b are equivalent to adam within ±0.01 in validation loss.",
        ),
        ({"a": Word.IDENTICAL}, "a is identical to adam in validation loss."),
        ({"a": Word.NO_DIFFERENCE_SEEN}, "a shows no difference from adam at this resolution in validation loss."),
        (
            {"a": Word.NO_DIFFERENCE_SEEN, "b": Word.WORSE},
            "Neither arm is shown to beat adam in validation loss: b is worse, a is without a difference at this "
            "resolution.",
        ),
        # None is better.
        (
            {"sgd": Word.WORSE, "nadam": Word.EQUIVALENT, "adamw": Word.EQUIVALENT},
            "No arm beats adam in validation loss: nadam and adamw are equivalent within ±0.01, sgd is "
            "worse.",
        ),
        ({"a": Word.WORSE, "b": Word.WORSE}, "a and b are worse than adam in validation loss."),
        # Some are.
        ({"a": Word.BETTER, "b": Word.WORSE}, "a beats adam in validation loss; b is worse."),
        (
            {"a": Word.BETTER, "b": Word.BETTER, "c": None},
            "a and b beat adam in validation loss; c is without a verdict.",
        ),
        ({"a": Word.BETTER}, "a beats adam in validation loss."),
        # Nothing is known, or not of all.
        ({"a": Word.INCONCLUSIVE}, "a is inconclusive against adam in validation loss."),
        (
            {"a": Word.INCONCLUSIVE, "b": Word.WORSE},
            "Neither arm is shown to beat adam in validation loss: b is worse, a is inconclusive.",
        ),
    ],
)  # fmt: skip
def test_arms_beside_their_baseline(words: dict[str, Word | None], answer: str) -> None:
    assert said(findings(**words)) == answer


def test_an_inconclusive_arm_is_never_said_not_to_beat_the_baseline() -> None:
    for word in (Word.INCONCLUSIVE, None):
        assert " beats " not in said(findings(a=word, b=Word.WORSE))
        assert "is shown to beat" in said(findings(a=word, b=Word.WORSE))


def test_one_arm_alone() -> None:
    alone = Findings("optimizers", LOSS, BASELINE)
    assert said(alone) == (
        "The baseline optimizer=adam has a mean validation loss of 0.110 [0.067, 0.153] over 3 seeds; there is no "
        "other arm."
    )
    single = replace(BASELINE, estimate=estimate_mean({0: 0.11}))
    assert "validation loss of 0.11 over 1 seed; there" in said(replace(alone, baseline=single)).replace(
        "0.1100", "0.11"
    )
    empty = replace(BASELINE, estimate=estimate_mean({}))
    assert said(replace(alone, baseline=empty)) == (
        "The baseline optimizer=adam has no completed run, and there is no other arm."
    )


def test_too_few_seeds_are_said_to_be() -> None:
    two = Findings("optimizers", LOSS, BASELINE, (verdict("optimizer=sgd", None, n=2),))
    assert said(two) == (
        "No arm has a verdict beside adam in validation loss: there are 2 seeds on both sides, and 3 are needed."
    )
    assert "there is 1 seed on" in said(replace(two, verdicts=(verdict("optimizer=sgd", None, n=1),)))


def test_diverged_runs_are_told() -> None:
    arms = (verdict("optimizer=sgd", Word.WORSE, diverged=2), verdict("optimizer=nadam", Word.WORSE))
    told = said(Findings("optimizers", LOSS, BASELINE, arms))
    assert told == "sgd and nadam are worse than adam in validation loss. 2 of 3 runs of sgd diverged."
    both = said(Findings("optimizers", LOSS, replace(BASELINE, n_diverged=1), arms))
    assert both.endswith("1 of 3 runs of adam and 2 of 3 of sgd diverged.")


def test_levels_that_say_nothing_alone_keep_their_factor() -> None:
    baseline = replace(BASELINE, arm="patience=null")
    found = Findings("patience", LOSS, baseline, (verdict("patience=5", Word.WORSE),))
    assert said(found) == "patience=5 is worse than patience=null in validation loss."


def test_of_many_arms_some_are_named() -> None:
    found = findings(**dict.fromkeys("abcdefg", Word.WORSE), z=Word.EQUIVALENT)
    assert said(found).endswith("z is equivalent within ±0.01, a, b, c, d and 3 more are worse.")


def test_claims() -> None:
    held, fell, open_ = (claim(f"a < b on {name}", word) for name, word in zip("xyz", (
        Word.SUPPORTED, Word.REFUTED, Word.NOT_RESOLVED), strict=True))  # fmt: skip
    alone = Findings("optimizers", LOSS, BASELINE, claims=(held,))
    assert said(alone).endswith("there is no other arm. The claim that a < b on x held.")
    found = findings(a=Word.WORSE)
    assert said(replace(found, claims=(held, fell, open_))).endswith(
        "validation loss. Of 3 claims, 1 held, 1 did not hold and 1 was not resolved."
    )
    assert said(replace(found, claims=(held, held))).endswith("Both claims held.")
    assert said(replace(found, claims=(open_, open_))).endswith("Neither claim was resolved.")
    assert said(replace(found, claims=(fell,) * 3)).endswith("None of 3 claims held.")
    assert said(replace(found, claims=(held, open_, open_))).endswith("Of 3 claims, 1 held and 2 were not resolved.")
    assert said(replace(found, claims=(claim("a < b", None),))).endswith("1 claim has no verdict.")


def test_conclusions_of_a_document_come_first_and_in_place_of_their_claims() -> None:
    kept = ConclusionFound(Conclusion("x", claims=("a < b",)), (claim("a < b", Word.SUPPORTED),), ((None, None),))
    untold = ConclusionFound(Conclusion("y", not_tested="why"), (), ())
    found = replace(findings(a=Word.WORSE), claims=kept.verdicts, conclusions=(kept, untold))
    assert said(found) == (
        "The one conclusion tested held. 1 conclusion was not tested. a is worse than adam in validation loss."
    )


def test_conclusions_that_nobody_tested_come_last_and_hide_no_claim() -> None:
    untold = ConclusionFound(Conclusion("y", not_tested="why"), (), ())
    found = replace(findings(a=Word.WORSE), claims=(claim("a < b", Word.SUPPORTED),), conclusions=(untold,))
    assert said(found) == (
        "a is worse than adam in validation loss. The claim that a < b held. 1 conclusion was not tested."
    )


def test_clauses_of_long_names_are_kept_apart() -> None:
    arms = (verdict("without a", Word.EQUIVALENT), verdict("without b", Word.WORSE), verdict("without c", Word.WORSE))
    assert said(Findings("ingredients", LOSS, replace(BASELINE, arm="everything"), arms)).endswith(
        ": without a is equivalent within ±0.01; without b and without c are worse."
    )


def test_what_was_changed_after_results_is_exploratory() -> None:
    assert said(replace(findings(a=Word.BETTER), is_exploratory=True)).startswith("Exploratory, ")


def test_several_sweeps_are_counted() -> None:
    one, two = findings(a=Word.BETTER, b=Word.WORSE), findings(c=Word.WORSE, d=None)
    both = replace(two, claims=(claim("a < b", Word.SUPPORTED), claim("b < a", Word.REFUTED)))
    assert answer_of_study([one, both]).plain == (
        "Of 2 claims, 1 held and 1 did not hold. Of the 4 arms compared with the baseline of their sweep, "
        "1 is better, 2 are worse and 1 is without a verdict."
    )
    assert answer_of_study([one]) == answer_of_sweep(one)


def test_verdicts_without_a_sweep() -> None:
    found = findings(a=Word.BETTER, b=Word.WORSE)
    assert answer_of_verdicts(found.verdicts) == answer_of_sweep(found)
