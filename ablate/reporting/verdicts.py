"""Verdicts as sentences: what was found, how large it is, how sure, and of how many seeds.

    verdict_sentence(verdict).plain
    # dropout=0.3 is BETTER than the baseline: +0.42 pp test accuracy (95% CI +0.21..+0.63; Holm p=.004;
    # 8 seeds, 8/8 wins; 18% fewer errors).

The words come from the verdict and from nowhere else: nothing is judged here. A p never stands without its
effect and its interval, and where nothing is resolved the sentence says how many fresh seeds give 80% power.
"""

from __future__ import annotations

from ablate.analysis.selections import Selection
from ablate.reporting.blocks import Code, Inline, Number, Text, joined, strong, text, with_code
from ablate.reporting.quantities import (
    bounds,
    change_of_error,
    difference,
    has_had_the_power,
    margin,
    probability,
    raw_difference,
    seeds_needed,
)
from ablate.reporting.words import WITHOUT_A_MARGIN, in_capitals
from ablate.stats.power import MINIMUM_SEEDS, seeds_for_sign_test
from ablate.verdicts.verdict import Family, Flag, Scale, Verdict, Word, is_resolved

__all__ = ["divergence", "is_resolved", "selection_sentence", "verdict_sentence"]

MOST_NAMED = 4


def verdict_sentence(verdict: Verdict, adjustment: str = "Holm") -> Text:
    """One verdict.

    Args:
        adjustment: whose adjusted p is shown; empty for a family of one, whose p needs none.
    """
    finding = _finding(verdict, adjustment)
    return text(_statement(verdict), ": ", finding, _divergence(verdict), _what_would_help(verdict), ".")


def selection_sentence(selection: Selection, adjustment: str = "Holm") -> Text:
    """What may be said of the arm with the best mean: that it was selected, and whether fresh seeds agree."""
    extreme = "highest" if selection.metric.sign > 0 else "lowest"
    best = f" has the {extreme} mean {selection.metric.title}"
    has_best_mean = text(Code(selection.arm), best, _like_with_like(selection))
    if not selection.confirmation:
        return text(
            has_best_mean,
            ": ",
            strong("selected, not confirmed"),
            ". The extreme of several means looks better than it is; only fresh seeds can confirm it.",
        )
    agreement = _agreement(selection)
    found = joined(" ", (_confirmation(verdict, adjustment) for verdict in selection.confirmation))
    return text(has_best_mean, ": selected, and ", agreement, " fresh seeds. ", found)


def _like_with_like(selection: Selection) -> Text:
    """Which arms the means are compared of, where some are left out."""
    if not selection.left_out:
        return text()
    named = joined(", ", map(Code, selection.left_out[:MOST_NAMED]))
    more = len(selection.left_out) - MOST_NAMED
    rest = f" and {more} more" if more > 0 else ""
    return text(" among the arms whose runs all trained (left out, with diverged runs: ", named, rest, ")")


def _agreement(selection: Selection) -> Text:
    if selection.is_confirmed:
        return text(strong("confirmed"), " on")
    if all(_has_too_few_seeds(verdict) for verdict in selection.confirmation):
        return text(strong("not confirmed"), f": no verdict is given below {MINIMUM_SEEDS}")
    is_exploratory = any(verdict.family is Family.EXPLORATORY for verdict in selection.confirmation)
    return text(strong("not confirmed"), " by" + (" repeated looks at" if is_exploratory else ""))


def _confirmation(verdict: Verdict, adjustment: str) -> Text:
    word = "no verdict" if verdict.word is None else verdict.word.value.upper()
    return text("Against ", Code(verdict.reference), f": {word}, ", _finding(verdict, adjustment), ".")


# what is said ------------------------------------------------------------------------------------------


def _statement(verdict: Verdict) -> Text:
    subject = Code(verdict.subject)
    qualifier = "" if _says_why_itself(verdict) else verdict.qualifier
    if verdict.word is None:
        return text(subject, f" ({_without_a_word(verdict)})")
    word = in_capitals(verdict.word)
    in_brackets = text(" (", with_code(qualifier), ")") if qualifier else text()
    if verdict.family is not Family.ARMS:
        return text(subject, ": ", word, in_brackets)
    by_how_much = text(f" {qualifier} of {margin(verdict)}") if qualifier.startswith("by ") else in_brackets
    verb = " shows " if verdict.word is Word.NO_DIFFERENCE_SEEN else " is "
    return text(subject, verb, word, _compared_with(verdict), by_how_much)


def _says_why_itself(verdict: Verdict) -> bool:
    """Whether the sentence ends with the reason that the qualifier would give."""
    is_few = verdict.n < MINIMUM_SEEDS and not _has_diverged(verdict)
    return is_few or verdict.word is Word.IDENTICAL or Flag.NOT_POSITIVE in verdict.flags


def _compared_with(verdict: Verdict) -> str:
    match verdict.word:
        case Word.BETTER | Word.WORSE:
            return " than the baseline"
        case Word.EQUIVALENT:
            return f" to the baseline within {_margin_either_way(verdict)}"
        case Word.IDENTICAL:
            return " to the baseline"
        case Word.NO_DIFFERENCE_SEEN:
            return " from the baseline"
    return ""


def _without_a_word(verdict: Verdict) -> str:
    return "exploratory, no verdict" if verdict.family is Family.EXPLORATORY else "no verdict"


def _margin_either_way(verdict: Verdict) -> str:
    return margin(verdict) if verdict.scale is Scale.LOG_ERROR else f"±{margin(verdict)}"


# what was found ----------------------------------------------------------------------------------------


def _finding(verdict: Verdict, adjustment: str) -> Text:
    if verdict.word is Word.IDENTICAL:
        same = f"the same run on all {_seeds(verdict.n)}, in history, predictions and weights"
        return text(f"{same}, as a level that changes nothing gives")
    if verdict.word is Word.NO_DIFFERENCE_SEEN:
        equal = f"the same {verdict.metric.title} on all {_seeds(verdict.n)}"
        return text(f"{equal}, and the runs are not known to be the same")
    if verdict.diff is None and Flag.NOT_POSITIVE in verdict.flags:
        return text(f"an error is not above zero and has no ratio; the difference is {raw_difference(verdict)}")
    if verdict.is_of_signs and verdict.n:
        return _signs(verdict, adjustment)
    if verdict.n == 0 or verdict.diff is None:
        return text("there is no seed on which both sides have a value")
    effect = _effect(verdict)
    if verdict.n == 1:
        single = "on the only seed, and one pair" if verdict.sizes is None else "with one run on a side, which"
        return text(f"{effect} {single} says nothing of other seeds")
    return text(f"{effect} (", joined("; ", _details(verdict, adjustment)), ")")


def _signs(verdict: Verdict, adjustment: str) -> Text:
    """Who got there first on how many seeds; the mean difference where every run got there."""
    p = text("sign test, ", f"{adjustment} p".lstrip(), Number(probability(verdict.p_diff_adj)))
    details = joined("; ", [_on_how_many_seeds(verdict), *([p] if verdict.n >= MINIMUM_SEEDS else [])])
    if verdict.diff is None:
        return text(f"{verdict.metric.title}: ", details)
    return text(_effect(verdict), " (", details, ")")


def _effect(verdict: Verdict) -> str:
    title = verdict.metric.title
    if verdict.scale is Scale.LOG_ERROR:
        return f"{f'error (1 − {title})' if verdict.metric.sign > 0 else title} {difference(verdict)}"
    if is_resolved(verdict) and verdict.family is Family.ARMS:
        return f"{difference(verdict)} {title}"
    return f"difference {difference(verdict)} in {title}"


def _details(verdict: Verdict, adjustment: str) -> list[Inline]:
    return [
        *_plain_interval(verdict),
        *_adjusted_interval(verdict),
        *_on_raw_scale(verdict),
        *_equivalence(verdict),
        *_p(verdict, adjustment),
        _on_how_many_seeds(verdict),
        *([change_of_error(verdict)] if _tells_the_change(verdict) else []),
        *_fresh_examples(verdict),
    ]


def _plain_interval(verdict: Verdict) -> list[str]:
    """None where the seeds have no spread to judge by."""
    if verdict.ci_low is None:
        return []
    return [f"{_level(1 - verdict.alpha)} CI {bounds(verdict, verdict.ci_low, verdict.ci_high)}"]


def _level(confidence: float) -> str:
    return f"{100 * confidence:.4g}%"


def _adjusted_interval(verdict: Verdict) -> list[str]:
    """Only where it says something else than the plain one: that zero is in it after all."""
    ends = (verdict.ci_low, verdict.ci_high, verdict.ci_adj_low, verdict.ci_adj_high)
    if any(end is None for end in ends) or not (_excludes_zero(*ends[:2]) and not _excludes_zero(*ends[2:])):
        return []
    return [f"{bounds(verdict, *ends[2:])} adjusted for all comparisons"]


def _excludes_zero(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and (low > 0 or high < 0)


def _on_raw_scale(verdict: Verdict) -> list[str]:
    return [f"that is {raw_difference(verdict)}"] if verdict.scale is Scale.LOG_ERROR else []


def _equivalence(verdict: Verdict) -> list[str]:
    """The interval that lies within the margin, or on the one side of it that a claim needs."""
    low, high = verdict.ci_equiv_low, verdict.ci_equiv_high
    if low is None or high is None or verdict.margin is None or not is_resolved(verdict):
        return []
    is_within = -verdict.margin <= low and high <= verdict.margin
    rests_on_it = verdict.word is Word.SUPPORTED and not _excludes_zero(verdict.ci_adj_low, verdict.ci_adj_high)
    if not (is_within or rests_on_it):
        return []
    adjusted = "adjusted " if verdict.p_tost_adj != verdict.p_tost else ""
    where = "" if verdict.word is Word.EQUIVALENT else f", margin {_margin_either_way(verdict)}"
    return [f"{adjusted}{_level(1 - 2 * verdict.alpha)} CI {bounds(verdict, low, high)}{where}"]


def _p(verdict: Verdict, adjustment: str) -> list[Inline]:
    """Of the test that the word rests on; two seeds have an interval and no verdict, so no p."""
    if verdict.n < MINIMUM_SEEDS or verdict.ci_low is None:
        return []
    rests_on_margin = bool(_equivalence(verdict))
    p = verdict.p_tost_adj if rests_on_margin else verdict.p_diff_adj
    if p is None:
        return []
    name = "p"
    if rests_on_margin:
        name = "margin p" if verdict.word is Word.SUPPORTED else "equivalence p"
    # The larger of the two analyses that have to agree, which may be far from what the interval suggests.
    counted = " with diverged runs counted as the worst" if _has_diverged(verdict) else ""
    return [text(f"{adjustment} {name}".lstrip(), Number(probability(p)), counted)]


def _has_diverged(verdict: Verdict) -> bool:
    return bool(verdict.n_diverged or verdict.n_diverged_reference)


def _seeds(n: int) -> str:
    return f"{n} seed{'s' if n != 1 else ''}"


def _on_how_many_seeds(verdict: Verdict) -> str:
    """With those that an arm has won, or on which a claim that names a direction holds; of all seeds, where the
    verdict counts those with a diverged run."""
    if verdict.sizes is not None:
        return f"{verdict.sizes[0]} against {verdict.sizes[1]} runs, unpaired"
    seeds = _seeds(verdict.n)
    among = seeds if verdict.counted == verdict.n else f"{_seeds(verdict.counted)} with diverged runs counted"
    ties = f", {verdict.ties} tie{'s' if verdict.ties > 1 else ''}" if verdict.ties else ""
    if verdict.as_claimed is not None:
        return f"as claimed on {verdict.as_claimed}/{among}{ties}"
    if verdict.relation is not None:
        return seeds
    won = f"{verdict.wins}/{verdict.counted} win{'s' if verdict.counted > 1 else ''}{ties}"
    return f"{seeds}, {won}{' with diverged runs counted' if verdict.counted != verdict.n else ''}"


def _tells_the_change(verdict: Verdict) -> bool:
    """In per cent, of a difference that is one; a ratio has said it already."""
    is_difference = verdict.word in (Word.BETTER, Word.WORSE, Word.SUPPORTED, Word.REFUTED)
    is_new = verdict.scale is Scale.RAW or verdict.metric.sign > 0
    return is_difference and is_new and bool(change_of_error(verdict))


def _fresh_examples(verdict: Verdict) -> list[str]:
    if verdict.holds_new_test is None or verdict.word not in (Word.BETTER, Word.WORSE, Word.SUPPORTED, Word.REFUTED):
        return []
    return [f"{'holds' if verdict.holds_new_test else 'not shown to hold'} for fresh test examples too"]


# what stands in the way --------------------------------------------------------------------------------


def divergence(verdict: Verdict) -> str:
    """How many runs have no value because of their recipe; empty where all have one."""
    fates = (
        ("its", verdict.n_diverged, "diverged"),
        ("the reference's", verdict.n_diverged_reference, "diverged"),
        ("its", verdict.n_unreached, "never got there"),
        ("the reference's", verdict.n_unreached_reference, "never got there"),
    )
    return ", ".join(f"{count} of {whose} {verdict.n_planned} runs {fate}" for whose, count, fate in fates if count)


def _divergence(verdict: Verdict) -> str:
    told = divergence(verdict)
    if verdict.is_of_signs:
        return f"; {told}, and such a run is behind every one that did" if told else ""
    return f"; {told}{', and the comparison is over the others' if verdict.n else ''}" if told else ""


def _has_too_few_seeds(verdict: Verdict) -> bool:
    """Whether it is for want of seeds that nothing is said."""
    return verdict.word is None and verdict.family is not Family.EXPLORATORY


def _what_would_help(verdict: Verdict) -> Text:
    if _has_too_few_seeds(verdict):
        return text("; no verdict is given below three seeds")
    if is_resolved(verdict) or verdict.word is None or verdict.n < MINIMUM_SEEDS:
        return text()
    if Flag.NOT_POSITIVE in verdict.flags:
        return text()
    if verdict.is_of_signs:
        return text(_least_of_signs(verdict))
    if _has_diverged(verdict):
        return text()
    if verdict.margin is None:
        return text("; no margin is stated", WITHOUT_A_MARGIN)
    return text(_forecast(verdict))


def _least_of_signs(verdict: Verdict) -> str:
    """How many seeds the test takes, were they all to agree; empty where there are as many."""
    level = verdict.alpha_i or verdict.alpha
    least = seeds_for_sign_test(level)
    if verdict.n >= least:
        return ""
    return f"; no sign test of {_seeds(verdict.n)} goes below {level:.3g}, which takes {least} seeds that all agree"


def _forecast(verdict: Verdict) -> str:
    """How many seeds a study of its own would take; where these would have done, what that says of the difference."""
    seeds, stated = seeds_needed(verdict), margin(verdict)
    who = "fresh seeds" if verdict.sizes is None else "fresh runs of each"
    promise = f"; about {seeds} {who} give 80% power for" if seeds else ""
    if not has_had_the_power(verdict):
        return f"{promise} the stated {stated}" if seeds else ""
    between = (
        f"; {_seeds(verdict.n)} had the power for the stated {stated}, so the difference probably lies between none "
        "and the margin"
    )
    return f"{between}{promise} half of it" if seeds else between
