"""What opens a sweep's section: the box, the guarantee, the tables of verdicts and the flags.

    join_blocks(judged_blocks(results))

The box says three things apart: what was shown, what was not resolved, and what was not done, since a
reader who stops there must not take the second or the third for the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ablate.analysis.results import SweepResults
from ablate.analysis.selections import Selection
from ablate.analysis.sweep_flags import RaisedFlag, with_those_of
from ablate.core.records import TEST, Status
from ablate.reporting.flags import SENTENCES, flag_list
from ablate.reporting.markdown import code, details, escape, join_blocks, table
from ablate.reporting.numbers import interval, mean
from ablate.reporting.quantities import capitalised
from ablate.reporting.verdict_tables import verdict_text_table
from ablate.reporting.verdicts import is_resolved, selection_sentence, verdict_sentence
from ablate.verdicts.verdict import Family, Flag, Verdict, Word

__all__ = [
    "adjustment_of",
    "box",
    "family_guarantee",
    "guarantee",
    "judged_blocks",
    "raised_flags",
    "test_block",
    "text_table",
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
    Word.NOT_RESOLVED,
)
# Flags of what the study did not do, as against what its data happen to look like.
NOT_DONE = (Flag.UNTUNED_NUISANCE, Flag.SHARED_LR_BATCH, Flag.EDGE_OF_SEARCH)
ADJUSTMENTS = {"holm": "Holm", "joint": "Bonferroni"}


def judged_blocks(results: SweepResults) -> list[str]:
    """The blocks of markdown about what was judged."""
    verdicts, claims = results.verdicts, results.claims
    raised = raised_flags(results)
    flags = flag_list(raised, len(verdicts) + len(claims))
    return [
        box(results, raised),
        guarantee(results),
        *_titled("", verdicts, results.multiplicity),
        *_titled("### Claims", claims, results.multiplicity),
        *_exploratory("### Effects of the factors", _effects(results)),
        *(["### Flags", flags] if flags else []),
    ]


def raised_flags(results: SweepResults) -> tuple[RaisedFlag, ...]:
    """Those of the sweep and those that its verdicts and claims bear."""
    return with_those_of([*results.verdicts, *results.claims], results.flags)


def adjustment_of(verdicts: Sequence[Verdict], multiplicity: str) -> str:
    """Whose adjusted p the family shows; empty where there is nothing to adjust for."""
    return ADJUSTMENTS[multiplicity] if len(verdicts) > 1 else ""


def _effects(results: SweepResults) -> tuple[Verdict, ...]:
    grid = results.factorial
    return results.slopes if grid is None else (*grid.main_effects, *grid.interactions)


def _titled(title: str, verdicts: Sequence[Verdict], multiplicity: str) -> list[str]:
    return [title, text_table(verdicts, adjustment_of(verdicts, multiplicity))] if verdicts else []


def test_block(results: SweepResults) -> str:
    """The arms on the test split, folded: nothing was chosen by it, and the sweep does not ask about it."""
    if not results.on_test:
        return ""
    note = (
        "Exploratory: adjusted among themselves, and without verdicts. The last column says whether the interval over "
        "new seeds and new test examples together excludes zero as well."
        if any(row.holds_new_test is not None for row in results.on_test)
        else "Exploratory: adjusted among themselves, and without verdicts."
    )
    title = capitalised(escape(results.on_test[0].metric.title))
    adjustment = adjustment_of(results.on_test, "holm")
    return details(title, join_blocks([text_table(results.on_test, adjustment), note]))


def _exploratory(title: str, rows: Sequence[Verdict]) -> list[str]:
    """Such rows are adjusted by Holm whatever the families do."""
    note = "Exploratory: adjusted among themselves, and without verdicts."
    return [*_titled(title, rows, "holm"), note] if rows else []


def text_table(verdicts: Sequence[Verdict], adjustment: str = "Holm") -> str:
    """The table of verdicts in markdown."""
    plain = verdict_text_table(verdicts, adjustment)
    # Only the first cell holds words from outside; the others are numbers with their signs.
    rows = [[code(row[0]), *row[1:]] for row in plain.rows]
    return table(plain.header, rows, plain.numeric)


# the box -----------------------------------------------------------------------------------------------


def box(results: SweepResults, raised: Sequence[RaisedFlag]) -> str:
    """An alert as GitHub renders it; elsewhere it is a quotation."""
    judged = (*results.verdicts, *results.claims)
    shown = _sentences([verdict for verdict in judged if is_resolved(verdict)], results)
    open_questions = _sentences([verdict for verdict in judged if not is_resolved(verdict)], results)
    confirmed, unconfirmed = (_listed(_selected(results.selection, is_confirmed)) for is_confirmed in (True, False))
    groups = (
        ("Shown", [*shown, *confirmed] or _listed(["Nothing yet."])),
        ("Not resolved", [*open_questions, *unconfirmed]),
        ("Not done", _listed(_not_done(results, raised))),
    )
    lines = ["[!IMPORTANT]", *_level(results)]
    for title, items in groups:
        if items:
            lines += [f"**{title}**", "", *items, ""]
    return "\n".join(f"> {line}".rstrip() for line in lines[:-1])


def _level(results: SweepResults) -> list[str]:
    baseline = results.baseline
    if baseline.estimate.mean is None:
        return [f"The baseline {code(baseline.arm)} has no completed run, so nothing can be compared with it.", ""]
    seeds = f"{baseline.estimate.n} seed{'s' if baseline.estimate.n != 1 else ''}"
    return [
        f"The baseline {code(baseline.arm)} has a mean {escape(results.metric.title)} of {mean(baseline.estimate)} "
        f"{interval(baseline.estimate)} over {seeds}; differences from it are paired by seed.",
        "",
    ]


def _listed(items: Sequence[str]) -> list[str]:
    return [f"- {item}" for item in items]


def _sentences(verdicts: Sequence[Verdict], results: SweepResults) -> list[str]:
    """A list of all of them, or of how many there are of each word and of the largest differences among them."""
    if len(verdicts) <= MOST_SENTENCES:
        return _listed([_sentence(verdict, results) for verdict in verdicts])
    lines = []
    for word in WORDS_IN_ORDER:
        of_word = [verdict for verdict in verdicts if verdict.word is word]
        if of_word:
            lines += [
                f"- {_counted(of_word)}",
                *(f"  - {_sentence(verdict, results)}" for verdict in _telling(of_word)),
            ]
    return lines


def _counted(verdicts: Sequence[Verdict]) -> str:
    count, word = len(verdicts), verdicts[0].word
    noun = "claim" if verdicts[0].family is Family.CLAIMS else "arm"
    chosen = f", of which the {TELLING_OF_A_WORD} largest differences" if count > TELLING_OF_A_WORD else ""
    return f"{count} {noun}{'s' if count > 1 else ''} **{'' if word is None else word.value.upper()}**{chosen}:"


def _telling(verdicts: Sequence[Verdict]) -> Sequence[Verdict]:
    """The largest differences, in the order of the plan."""
    largest = sorted(verdicts, key=lambda verdict: -abs(verdict.diff or 0.0))[:TELLING_OF_A_WORD]
    return [verdict for verdict in verdicts if verdict in largest]


def _sentence(verdict: Verdict, results: SweepResults) -> str:
    family = results.claims if verdict.family is Family.CLAIMS else results.verdicts
    return verdict_sentence(verdict, adjustment_of(family, results.multiplicity))


def _selected(selection: Selection | None, is_confirmed: bool) -> list[str]:
    if selection is None or selection.is_confirmed is not is_confirmed:
        return []
    return [selection_sentence(selection)]


def _not_done(results: SweepResults, raised: Sequence[RaisedFlag]) -> list[str]:
    by_flag = {each.flag: each for each in raised}
    return [
        *_unfinished_runs(results),
        *(_told(by_flag[flag]) for flag in NOT_DONE if flag in by_flag),
        *_untested_interactions(results),
        *_unstated_margins(results),
        "Other data sets and other splits: everything here is about new seeds on this one.",
    ]


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


def _told(raised: RaisedFlag) -> str:
    detail = f" ({escape(raised.detail)})" if raised.detail else ""
    return f"{SENTENCES[raised.flag].removesuffix('.')}{detail}."


def _unstated_margins(results: SweepResults) -> list[str]:
    without = [verdict.subject for verdict in (*results.verdicts, *results.claims) if verdict.margin is None]
    if not without:
        return []
    of_all = len(without) == len(results.verdicts) + len(results.claims)
    whose = "" if of_all else f" for {', '.join(map(code, without[:MOST_SENTENCES]))}"
    return [f"No margin is stated{whose}, so `equivalent` cannot be said, nor how many seeds would resolve it."]


def _untested_interactions(results: SweepResults) -> list[str]:
    factors = results.planned.spec.factors
    if len(factors) < 2 or results.factorial is not None:
        return []
    return ["Interactions were not estimated: what a factor does may depend on the levels of the others."]


# the guarantee -----------------------------------------------------------------------------------------


def guarantee(results: SweepResults) -> str:
    """How often such a report says something false, and of what it speaks."""
    if not results.verdicts:
        return ""
    where = "data set and test set" if results.metric.split == TEST else "data set and its split"
    claims = len(results.claims)
    own = f" The {claims} claims are a family of their own, with the same bounds." if claims > 1 else ""
    return f"{family_guarantee(results.verdicts, results.multiplicity)}, over new seeds on this {where}.{own}"


def family_guarantee(verdicts: Sequence[Verdict], multiplicity: str) -> str:
    """The same of one family, without its full stop."""
    arms = len(verdicts)
    compared = f"these {arms} arms" if arms > 1 else "this arm and the baseline"
    return f"Across {compared} {_promise(verdicts, multiplicity)}"


def _promise(verdicts: Sequence[Verdict], multiplicity: str) -> str:
    bound = f"at most {_percent(verdicts[0].alpha)}"
    if all(verdict.margin is None for verdict in verdicts):
        return f"the chance of any false better/worse is {bound}"
    if multiplicity == "joint":
        return f"the chance of any false word at all, better, worse or equivalent, is {bound}"
    return f"the chance of any false better/worse is {bound}, of any false equivalent {bound}"


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"
