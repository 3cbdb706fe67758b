"""A document put to the test: what it stated, what we found beside it, and what held.

    original_blocks(results)                # of one sweep: its numbers, its conclusions, the takeaway
    conclusions_of_study(study_results)     # one table of every conclusion, as for a README

Every word about what held is made of verdicts; what the study's file says of the document was written before
any run, and says nothing of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ablate.analysis.replication import ConclusionFound, NumberFound, Revisited
from ablate.analysis.results import StudyResults, SweepResults
from ablate.core.claims import VALUE
from ablate.reporting.answer import conclusion_counts
from ablate.reporting.blocks import (
    Block,
    Break,
    Code,
    Heading,
    Inline,
    Number,
    Row,
    Text,
    emphasis,
    joined,
    paragraph,
    strong,
    table,
    text,
)
from ablate.reporting.numbers import UNDEFINED, interval, mean, number
from ablate.reporting.quantities import difference, interval_in_brackets
from ablate.reporting.verdicts import divergence
from ablate.reporting.words import with_sign
from ablate.stats.power import MINIMUM_SEEDS
from ablate.verdicts.verdict import Verdict, Word

__all__ = ["conclusions_of_study", "conclusions_table", "original_blocks", "takeaway"]

TITLES: Mapping[Word, str] = {
    Word.SUPPORTED: "Held",
    Word.REFUTED: "Did not hold: the seeds show the opposite of at least one of its claims",
    Word.NO_PRACTICAL_DIFFERENCE: "No difference that matters",
    Word.NOT_RESOLVED: "Not resolved by these seeds",
}


def original_blocks(results: SweepResults) -> list[Block]:
    """The blocks about the document that the sweep puts to the test; none where there is none."""
    revisited = results.revisited
    if revisited is None:
        return []
    return [
        Heading(3, text("What the original stated")),
        *paragraph(_stated(revisited)),
        *_other_data(revisited),
        *(_numbers(revisited.numbers) if revisited.is_on_its_data else []),
        *_conclusions(revisited),
        *paragraph(takeaway(revisited)),
    ]


def takeaway(revisited: Revisited) -> Text:
    """What is left of the document's conclusions and numbers, told from the verdicts alone."""
    sentences: list[Inline] = [
        *conclusion_counts(revisited.conclusions),
        *_fates(revisited.conclusions),
        *_likeness(revisited),
    ]
    return text(strong("Takeaway."), " ", joined(" ", sentences)) if sentences else text()


def conclusions_of_study(results: StudyResults) -> list[Block]:
    """How many conclusions of the documents that the study puts to the test held, and their table; empty where there
    is none. They can stand alone, as in a README."""
    everything = [found for sweep in results.sweeps if sweep.revisited for found in sweep.revisited.conclusions]
    return [*paragraph(" ".join(conclusion_counts(everything))), *conclusions_table(results, Code)]


def conclusions_table(results: StudyResults, called: Callable[[str], Inline]) -> list[Block]:
    """Every conclusion, one row each; empty where there is none.

    Args:
        called: how the sweep of a name is called, with a link to it or without.
    """
    rows: list[Row] = [
        [called(sweep.planned.spec.name), *_row(found), _verdict(found)]
        for sweep in results.sweeps
        if sweep.revisited is not None
        for found in sweep.revisited.conclusions
    ]
    if not rows:
        return []
    everything = [found for sweep in results.sweeps if sweep.revisited for found in sweep.revisited.conclusions]
    elsewhere = [sweep for sweep in results.sweeps if sweep.revisited and not sweep.revisited.is_on_its_data]
    return [
        table(["asked in", "conclusion", "the original", "ours", "verdict"], rows),
        *_how_to_read(everything),
        *paragraph("These runs are on other data than the original's." if elsewhere else ""),
    ]


# what it stated ----------------------------------------------------------------------------------------


def _stated(revisited: Revisited) -> Text:
    original = revisited.original
    return text(emphasis(f"{original.source.strip()}."), f" {original.found}" if original.found else "")


def _other_data(revisited: Revisited) -> list[Block]:
    if revisited.is_on_its_data:
        return []
    elsewhere = strong("These runs are on other data than the original's (", Code(revisited.original.dataset), ")")
    numbers = "its numbers are no measure of ours, and " if revisited.numbers else ""
    return paragraph(elsewhere, f": {numbers}its conclusions are asked of this data.")


def _numbers(numbers: Sequence[NumberFound]) -> list[Block]:
    if not numbers:
        return []
    rows: list[Row] = [
        [
            Code(each.arm),
            each.quantity.name,
            f"{each.stated:.6g}",
            mean(each.ours),
            interval(each.ours),
            str(each.ours.n),
            _range(each),
            {None: UNDEFINED, True: "yes", False: "no"}[each.is_as_one_of_ours],
        ]
        for each in numbers
    ]
    header = ["arm", "quantity", "original", "our mean", "95% interval", "n", "one run of ours", "alike"]
    note = paragraph(
        "The original's numbers are one run each. ",
        emphasis("One run of ours"),
        " is the 95% prediction interval of one further run; ",
        emphasis("alike"),
        " says whether the original's number lies inside.",
    )
    return [table(header, rows, numeric=range(2, 7)), *note]


def _range(found: NumberFound) -> str:
    if found.one_run is None:
        return UNDEFINED
    low, high = (number(end, found.ours.sd) for end in found.one_run)
    return f"{low} … {high}"


# what became of it -------------------------------------------------------------------------------------


def _conclusions(revisited: Revisited) -> list[Block]:
    if not revisited.conclusions:
        return []
    rows: list[Row] = [
        [*_row(found), _lines([verdict.subject for verdict in found.verdicts]), _verdict(found)]
        for found in revisited.conclusions
    ]
    header = ["conclusion", "the original", "ours", "tested as", "verdict"]
    caption = f"What {revisited.original.source.strip()} concluded, and what held"
    return [
        Heading(3, text("What became of its conclusions")),
        table(header, rows, caption=caption),
        *_how_to_read(revisited.conclusions),
    ]


def _how_to_read(conclusions: Iterable[ConclusionFound]) -> list[Block]:
    verdicts = [verdict for found in conclusions for verdict in found.verdicts]
    if not verdicts:
        return []
    return paragraph(
        emphasis("Ours"),
        ": mean against mean, then the difference paired by seed with its interval, adjusted for all claims asked "
        "together (× is a ratio of errors). A conclusion with several claims holds only if all of them do.",
    )


def _row(found: ConclusionFound) -> list[Text]:
    """Conclusion, the document's numbers, ours."""
    stated = [_stated_sides(*each) for each in zip(found.verdicts, found.stated, strict=True)]
    given = [found.conclusion.stated] if found.conclusion.stated else stated
    ours = ["; ".join(part for part in _ours(verdict) if part != UNDEFINED) or UNDEFINED for verdict in found.verdicts]
    return [text(found.conclusion.said), _lines(given), _lines(ours, Number)]


def _lines(written: Sequence[str], kind: Callable[[str], Inline] = text) -> Text:
    """One below the other; a dash where none says anything."""
    return joined(Break(), map(kind, written)) if set(written) - {UNDEFINED} else text(UNDEFINED)


def _stated_sides(verdict: Verdict, sides: tuple[float | None, float | None]) -> str:
    if verdict.reference.startswith(f"{VALUE} "):
        return verdict.reference.removeprefix(f"{VALUE} ")
    if all(side is None for side in sides):
        return UNDEFINED
    return " against ".join(UNDEFINED if side is None else f"{side:.6g}" for side in sides)


def _ours(verdict: Verdict) -> tuple[str, str]:
    """The two means, and the difference with its interval."""
    if verdict.arm_mean is None or verdict.diff is None:
        return UNDEFINED, divergence(verdict) or UNDEFINED
    is_stated = verdict.reference.startswith(f"{VALUE} ")
    arm, reference = number(verdict.arm_mean), number(verdict.base_mean)
    means = arm if is_stated else f"{arm} against {reference}"
    if not any(verdict.differences.values()):
        return means, "no difference on any seed"
    # Below three seeds nothing is judged, and an interval would say next to nothing.
    adjusted = interval_in_brackets(verdict, verdict.ci_adj_low, verdict.ci_adj_high)
    has_interval = adjusted != UNDEFINED and verdict.n >= MINIMUM_SEEDS
    found = f"{difference(verdict)} {adjusted}" if has_interval else difference(verdict)
    return means, "; ".join(filter(None, (found, divergence(verdict))))


def _verdict(found: ConclusionFound) -> Text:
    if found.is_without_verdict:
        return text("no verdict: too few seeds")
    if found.word is None:
        return text(f"not tested: {found.conclusion.not_tested}")
    if len({verdict.word for verdict in found.verdicts}) > 1:
        of_claims = joined(", ", (with_sign(verdict.word) for verdict in found.verdicts))
        return text(with_sign(found.word), " (", of_claims, ")")
    return with_sign(found.word)


# the takeaway ------------------------------------------------------------------------------------------


def _fates(conclusions: Sequence[ConclusionFound]) -> Iterator[Text]:
    for word, title in TITLES.items():
        of_word = [_told(found) for found in conclusions if found.word is word]
        if of_word:
            yield text(f"{title}: ", joined("; ", of_word), ".")


def _told(found: ConclusionFound) -> Text:
    """The conclusion in its words, and the difference of the claim that decided it."""
    deciding = [verdict for verdict in found.verdicts if verdict.word is found.word]
    shown = {_ours(verdict)[1] for verdict in deciding[:1]} - {UNDEFINED}
    said = text(f"“{found.conclusion.said.strip()}”")
    return text(said, f" ({deciding[0].metric.title}: ", Number(shown.pop()), ")") if shown else said


def _likeness(revisited: Revisited) -> Iterator[str]:
    known = [each for each in revisited.numbers if each.is_as_one_of_ours is not None]
    if known and revisited.is_on_its_data:
        alike = sum(bool(each.is_as_one_of_ours) for each in known)
        yield f"Of its {_counted(len(known), 'number')}, {alike} could be one run of ours."


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
