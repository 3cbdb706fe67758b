"""Verdicts as sentences: what was found, how large it is, how sure, and of how many seeds.

    verdict_sentence(verdict).plain
    # dropout=0.3 is BETTER than the baseline: +0.42 pp test accuracy (95% CI +0.21..+0.63; Holm p=.004;
    # 8 seeds, 8/8 wins; 18% fewer errors).

The words come from the verdict and from nowhere else: nothing is judged here. A p never stands without its
effect and its interval, and where nothing is resolved the sentence says what would resolve it.
"""

from __future__ import annotations

from ablate.analysis.selections import Selection
from ablate.core.claims import EPOCHS_TO
from ablate.reporting.blocks import Code, Inline, Number, Text, joined, strong, text
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
from ablate.reporting.words import in_capitals
from ablate.verdicts.verdict import Family, Flag, Scale, Verdict, Word

__all__ = ["divergence", "is_resolved", "selection_sentence", "verdict_sentence"]

MOST_NAMED = 4
UNRESOLVED = (Word.INCONCLUSIVE, Word.NOT_RESOLVED)


def is_resolved(verdict: Verdict) -> bool:
    """Whether the seeds have answered the question, whatever the answer."""
    return verdict.word is not None and verdict.word not in UNRESOLVED


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
            ". The extreme of several means flatters on average; seeds that took no part in choosing it would have to "
            "agree.",
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
    in_brackets = f" ({qualifier})" if qualifier else ""
    if verdict.family is not Family.ARMS:
        return text(subject, ": ", word, in_brackets)
    by_how_much = f" {qualifier} of {margin(verdict)}" if qualifier.startswith("by ") else in_brackets
    return text(subject, " is ", word, _compared_with(verdict), by_how_much)


def _says_why_itself(verdict: Verdict) -> bool:
    """Whether the sentence ends with the reason that the qualifier would give."""
    return verdict.n < 3 or verdict.word is Word.IDENTICAL or Flag.NOT_POSITIVE in verdict.flags


def _compared_with(verdict: Verdict) -> str:
    match verdict.word:
        case Word.BETTER | Word.WORSE:
            return " than the baseline"
        case Word.EQUIVALENT:
            return f" to the baseline within {_margin_either_way(verdict)}"
        case Word.IDENTICAL:
            return " to the baseline"
    return ""


def _without_a_word(verdict: Verdict) -> str:
    return "exploratory, no verdict" if verdict.family is Family.EXPLORATORY else "no verdict"


def _margin_either_way(verdict: Verdict) -> str:
    return margin(verdict) if verdict.scale is Scale.LOG_ERROR else f"±{margin(verdict)}"


# what was found ----------------------------------------------------------------------------------------


def _finding(verdict: Verdict, adjustment: str) -> Text:
    if verdict.word is Word.IDENTICAL:
        # Not bit for bit: different runs can have equal accuracies.
        same = f"the same {verdict.metric.title} to the last digit on all {_seeds(verdict.n)}"
        return text(f"{same}, as a level that changes nothing would give")
    if verdict.diff is None and Flag.NOT_POSITIVE in verdict.flags:
        return text(f"an error is not above zero and has no ratio; the difference is {raw_difference(verdict)}")
    if verdict.n == 0 or verdict.diff is None:
        return text("there is no seed on which both sides have a value")
    effect = _effect(verdict)
    if verdict.n == 1:
        return text(f"{effect} on the only seed, and one pair says nothing of other seeds")
    return text(f"{effect} (", joined("; ", _details(verdict, adjustment)), ")")


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
    if verdict.n < 3 or verdict.ci_low is None:
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
    """With those that an arm has won, or on which a claim that names a direction holds."""
    ties = f", {verdict.ties} tie{'s' if verdict.ties > 1 else ''}" if verdict.ties else ""
    if verdict.as_claimed is not None:
        return f"as claimed on {verdict.as_claimed}/{_seeds(verdict.n)}{ties}"
    if verdict.relation is not None:
        return _seeds(verdict.n)
    return f"{_seeds(verdict.n)}, {verdict.wins}/{verdict.n} win{'s' if verdict.n > 1 else ''}{ties}"


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
    sides = (("its", verdict.n_diverged), ("the reference's", verdict.n_diverged_reference))
    # A run that trains well and never gets there counts as the worst too.
    fate = "diverged or never got there" if verdict.metric.name.startswith(EPOCHS_TO) else "diverged"
    parts = [f"{count} of {whose} {verdict.n_planned} runs {fate}" for whose, count in sides if count]
    return ", ".join(parts)


def _divergence(verdict: Verdict) -> str:
    told = divergence(verdict)
    return f"; {told}, and the comparison is over the others" if told else ""


def _what_would_help(verdict: Verdict) -> Text:
    if is_resolved(verdict) or verdict.word is None:
        return text()
    if Flag.NOT_POSITIVE in verdict.flags:
        return text()
    if verdict.n < 3:
        return text("; no verdict is given below three seeds")
    if _has_diverged(verdict):
        return text()
    if verdict.margin is None:
        unnamed = "; without a stated margin no number of seeds can be named, and "
        return text(unnamed, Code(Word.EQUIVALENT.value), " cannot be said")
    return text(_forecast(verdict))


def _forecast(verdict: Verdict) -> str:
    """How many seeds a study of its own would take; where these would have done, what that says of the difference."""
    seeds, stated = seeds_needed(verdict), margin(verdict)
    promise = f"; about {seeds} fresh seeds give 80% power for" if seeds else ""
    if not has_had_the_power(verdict):
        return f"{promise} the stated {stated}" if seeds else ""
    between = (
        f"; {_seeds(verdict.n)} had the power for the stated {stated}, so the difference probably lies between none "
        "and that"
    )
    return f"{between}{promise} half of it" if seeds else between
