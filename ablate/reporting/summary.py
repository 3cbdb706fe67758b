"""What opens a sweep's section: the box, what its error rates cover, the tables of verdicts and the flags.

    judged_blocks(results)

The box says three things apart: what was shown, what was not resolved, and what was not done, since a
reader who stops there must not take the second or the third for the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ablate.analysis.results import SweepResults
from ablate.analysis.selections import Selection
from ablate.analysis.sweep_flags import RaisedFlag, with_those_of
from ablate.core.records import Status
from ablate.plots.labels import scaled_title
from ablate.reporting.answer import level_sentence
from ablate.reporting.blocks import (
    Block,
    Callout,
    Code,
    Details,
    Heading,
    Inline,
    Item,
    ListBlock,
    Text,
    joined,
    paragraph,
    strong,
    text,
)
from ablate.reporting.flags import flag_list, flag_sentence
from ablate.reporting.premises import premise_blocks, scope_blocks
from ablate.reporting.quantities import capitalised
from ablate.reporting.verdict_tables import verdict_rows
from ablate.reporting.verdicts import is_resolved, selection_sentence, verdict_sentence
from ablate.reporting.words import WITHOUT_A_MARGIN, in_capitals
from ablate.verdicts.verdict import Family, Flag, Scale, Verdict, Word

__all__ = [
    "ADJUSTMENTS",
    "adjustment_of",
    "box",
    "box_blocks",
    "judged_blocks",
    "raised_flags",
    "test_blocks",
]

MOST_SENTENCES = 12
# Where there are more, the count and the largest of each kind.
TELLING_OF_A_WORD = 3
WORDS_IN_ORDER = (
    Word.BETTER,
    Word.WORSE,
    Word.EQUIVALENT,
    Word.IDENTICAL,
    Word.SUPPORTED,
    Word.REFUTED,
    Word.NO_PRACTICAL_DIFFERENCE,
    Word.INCONCLUSIVE,
    Word.NO_DIFFERENCE_SEEN,
    Word.NOT_RESOLVED,
)
# Flags of what the study did not do, as against what its data happen to look like.
NOT_DONE = (Flag.UNTUNED_NUISANCE, Flag.SHARED_LR_BATCH, Flag.EDGE_OF_SEARCH)
ABOUT_FRESH_EXAMPLES = (
    " The last column says whether the interval over new seeds and new test examples together excludes zero as well."
)
ABOUT_DIVERGED_EFFECTS = (
    " Where runs diverged, an effect is over the seeds on which every cell has a value, and its p is the larger of "
    "two: over these, and over all with the worst value in place of a diverged run; none where no worst value is known."
)
ADJUSTMENTS = {"holm": "Holm", "joint": "Bonferroni", "study": "Bonferroni"}


def box_blocks(results: SweepResults, command: Sequence[str] = (), is_alone: bool = False) -> list[Block]:
    """The box, what the error rates cover, and what no longer has the one that was planned.

    Args:
        command: the words after `ablate` that made the study.
        is_alone: whether it is the study's only sweep, so that its section says what the error rates cover.
    """
    return [
        box(results, raised_flags(results)),
        *(scope_blocks([results]) if is_alone else []),
        *premise_blocks(results, command),
    ]


def judged_blocks(results: SweepResults) -> list[Block]:
    """The tables of what was judged, and the flags."""
    verdicts, claims = results.verdicts, results.claims
    flags = flag_list(raised_flags(results), len(verdicts) + len(claims))
    return [
        *_family(verdicts, results.multiplicity, f"Verdicts: {results.metric.title}"),
        *_titled("Claims", _family(claims, results.multiplicity, "Claims")),
        *_titled("Effects of the factors", _effect_blocks(results)),
        *_titled("Flags", flags),
    ]


def raised_flags(results: SweepResults) -> tuple[RaisedFlag, ...]:
    """Those of the sweep and those that its verdicts and claims bear."""
    return with_those_of([*results.verdicts, *results.claims], results.flags)


def adjustment_of(verdicts: Sequence[Verdict], multiplicity: str) -> str:
    """Whose adjusted p the family shows; empty where there is nothing to adjust for."""
    return ADJUSTMENTS[multiplicity] if len(verdicts) > 1 or multiplicity == "study" else ""


def _effects(results: SweepResults) -> tuple[Verdict, ...]:
    grid = results.factorial
    return results.slopes if grid is None else (*grid.main_effects, *grid.interactions)


def _effect_blocks(results: SweepResults) -> list[Block]:
    effects, quantity = _effects(results), scaled_title(results.metric, results.scale)
    has_diverged = any(effect.n_diverged for effect in effects)
    diverged = ABOUT_DIVERGED_EFFECTS if has_diverged else ""
    itself = " itself" if results.scale is Scale.RAW else ""
    note = f" Effects are differences of the {quantity}{itself}, the scale of the whole sweep.{diverged}"
    return _exploratory(effects, f"Effects of the factors on the {quantity}", note)


def _titled(title: str, blocks: Sequence[Block]) -> list[Block]:
    return [Heading(3, text(title)), *blocks] if blocks else []


def _family(verdicts: Sequence[Verdict], multiplicity: str, caption: str) -> list[Block]:
    return [verdict_rows(verdicts, adjustment_of(verdicts, multiplicity), caption)] if verdicts else []


def test_blocks(results: SweepResults) -> list[Block]:
    """The arms on the test split, folded: nothing was chosen by it, and the sweep does not ask about it."""
    if not results.on_test:
        return []
    title = capitalised(results.on_test[0].metric.title)
    has_fresh = any(row.holds_new_test is not None for row in results.on_test)
    return [Details(title, tuple(_exploratory(results.on_test, title, ABOUT_FRESH_EXAMPLES if has_fresh else "")))]


def _exploratory(rows: Sequence[Verdict], caption: str, note: str = "") -> list[Block]:
    """Such rows are adjusted by Holm whatever the families do."""
    said = f"Exploratory: adjusted among themselves, and without verdicts.{note}"
    return [*_family(rows, "holm", caption), *paragraph(said)] if rows else []


# the box -----------------------------------------------------------------------------------------------


def box(results: SweepResults, raised: Sequence[RaisedFlag]) -> Callout:
    """What was shown, what was not resolved, and what was not done."""
    judged = (*results.verdicts, *results.claims)
    shown = _sentences([verdict for verdict in judged if is_resolved(verdict)], results)
    unplanned = [verdict for verdict in judged if verdict.family is Family.EXPLORATORY]
    planned = [verdict for verdict in judged if verdict.family is not Family.EXPLORATORY]
    open_questions = _sentences([verdict for verdict in planned if not is_resolved(verdict)], results)
    exploratory = _sentences(unplanned, results)
    confirmed, unconfirmed = (_listed(_selected(results.selection, is_confirmed)) for is_confirmed in (True, False))
    groups = (
        ("Shown", [*shown, *confirmed] or _listed(["Nothing yet."])),
        ("Not resolved", [*open_questions, *unconfirmed]),
        ("Exploratory", exploratory),
        ("Not done", _listed(_not_done(results, raised))),
    )
    told = [block for title, items in groups if items for block in (*paragraph(strong(title)), ListBlock(tuple(items)))]
    return Callout((*paragraph(_level(results)), *told))


def _level(results: SweepResults) -> Text:
    if results.baseline.estimate.mean is None:
        return text(level_sentence(results.metric, results.baseline), ", so nothing can be compared with it.")
    how = "paired by seed" if results.planned.spec.paired else "of independent samples"
    return text(level_sentence(results.metric, results.baseline), f"; differences from it are {how}.")


def _listed(items: Sequence[Inline]) -> list[Item]:
    return [Item(text(item)) for item in items]


def _sentences(verdicts: Sequence[Verdict], results: SweepResults) -> list[Item]:
    """A list of all of them, or of how many there are of each word and of the largest differences among them."""
    if len(verdicts) <= MOST_SENTENCES:
        return _listed([_sentence(verdict, results) for verdict in verdicts])
    by_word = [(word, [verdict for verdict in verdicts if verdict.word is word]) for word in WORDS_IN_ORDER]
    wordless = (None, [verdict for verdict in verdicts if verdict.word is None])
    return [
        Item(_counted(word, of_word), tuple(_listed([_sentence(verdict, results) for verdict in _telling(of_word)])))
        for word, of_word in (*by_word, wordless)
        if of_word
    ]


def _counted(word: Word | None, verdicts: Sequence[Verdict]) -> Text:
    count = len(verdicts)
    noun = "claim" if verdicts[0].relation is not None else "arm"
    said: Inline = "without a verdict" if word is None else in_capitals(word)
    chosen = f", of which the {TELLING_OF_A_WORD} largest differences" if count > TELLING_OF_A_WORD else ""
    return text(f"{count} {noun}{'s' if count > 1 else ''} ", said, f"{chosen}:")


def _telling(verdicts: Sequence[Verdict]) -> Sequence[Verdict]:
    """The largest differences, in the order of the plan."""
    largest = sorted(verdicts, key=lambda verdict: -abs(verdict.diff or 0.0))[:TELLING_OF_A_WORD]
    return [verdict for verdict in verdicts if verdict in largest]


def _sentence(verdict: Verdict, results: SweepResults) -> Text:
    family = results.claims if verdict.relation is not None else results.verdicts
    return verdict_sentence(verdict, adjustment_of(family, results.multiplicity))


def _selected(selection: Selection | None, is_confirmed: bool) -> list[Inline]:
    if selection is None or selection.is_confirmed is not is_confirmed:
        return []
    return [selection_sentence(selection)]


def _not_done(results: SweepResults, raised: Sequence[RaisedFlag]) -> list[Inline]:
    by_flag = {each.flag: each for each in raised}
    return [
        *_unfinished_runs(results),
        *(flag_sentence(by_flag[flag]) for flag in NOT_DONE if flag in by_flag),
        *_untested_interactions(results),
        *_unstated_margins(results),
        _elsewhere(results),
    ]


def _elsewhere(results: SweepResults) -> str:
    if all(arm.resplits for arm in results.planned.arms):
        return "Other data sets: these results generalise over seeds and splits of this one."
    return "Other data sets and splits: these results generalise over seeds alone."


def _unfinished_runs(results: SweepResults) -> list[str]:
    statuses = Counter(outcome.status for outcome in results.outcomes)
    total, done = len(results.outcomes), statuses[Status.COMPLETED.value] + statuses[Status.DIVERGED.value]
    if done == total:
        return []
    counts = ", ".join(
        f"{count} {status}"
        for status, count in sorted(statuses.items())
        if count and status not in (Status.COMPLETED.value, Status.DIVERGED.value)
    )
    return [f"{total - done} of {total} planned runs have no outcome ({counts})."]


def _unstated_margins(results: SweepResults) -> list[Text]:
    asked = [verdict for verdict in (*results.verdicts, *results.claims) if not verdict.is_of_signs]
    without = [verdict.subject for verdict in asked if verdict.margin is None]
    if not without:
        return []
    of_all = len(without) == len(asked)
    whose = text() if of_all else text(" for ", joined(", ", map(Code, without[:MOST_SENTENCES])))
    return [text("No margin is stated", whose, WITHOUT_A_MARGIN, ".")]


def _untested_interactions(results: SweepResults) -> list[str]:
    factors = results.planned.spec.factors
    if len(factors) < 2 or results.factorial is not None:
        return []
    return ["Interactions were not estimated: what a factor does may depend on the levels of the others."]
