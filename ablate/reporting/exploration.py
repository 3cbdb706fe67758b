"""What is said of a sweep at a margin that was not stated beforehand: what changes against the report, and how many
seeds that margin would take. Each part says that it is explored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ablate.analysis.exploring import Exploration, ExploredRow
from ablate.reporting.blocks import (
    Block,
    Callout,
    Code,
    Details,
    Figure,
    Heading,
    Inline,
    Text,
    paragraph,
    strong,
    table,
    text,
)
from ablate.reporting.numbers import UNDEFINED
from ablate.reporting.power import seeds_rows, seeds_sentence, seeds_title
from ablate.reporting.quantities import is_share_of_examples
from ablate.reporting.words import with_sign
from ablate.verdicts.verdict import Verdict

__all__ = ["EXPLORED", "exploration_blocks", "margin_text"]

EXPLORED = "explored, not stated beforehand"


def exploration_blocks(explored: Exploration, figure: str = "") -> list[Block]:
    """What changes, the words side by side, and the seeds that would be needed.

    Args:
        figure: the file of the picture of the arms' differences with this margin; none is shown where it is empty.
    """
    return [
        Callout(tuple(_what_it_is(explored))),
        *paragraph(_what_changes(explored)),
        *_rows(explored, "Arms", "arm", explored.arms),
        *([Figure(figure, _alternative(explored))] if figure and explored.arms else []),
        *_rows(explored, "Claims", "claim", explored.claims),
        *_seeds(explored),
    ]


def margin_text(explored: Exploration, margin: float | str | None) -> str:
    """A margin as it is written in a sweep, and of a share of examples in per cent points beside it."""
    if margin is None:
        return "none"
    if isinstance(margin, str):
        return margin
    points = f" ({100 * margin:.4g} pp)" if is_share_of_examples(explored.metric) else ""
    return f"{margin:.6g}{points}"


def _what_it_is(explored: Exploration) -> Iterator[Block]:
    if explored.is_stated:
        yield from paragraph(
            strong("The stated margin"),
            f": {margin_text(explored, explored.margin)}, from before there were runs. What stands here is what the "
            "report says; any other margin is explored, and no finding.",
        )
        return
    stated = (
        "None was stated beforehand"
        if explored.stated_margin is None
        else f"The stated margin is {margin_text(explored, explored.stated_margin)}"
    )
    yield from paragraph(
        strong(EXPLORED.capitalize()),
        f": a margin of {margin_text(explored, explored.margin)}. {stated}. Whoever has seen the numbers can find a "
        "margin for almost any word, so what stands here is exploratory, and no finding. To test this margin, state it "
        "in a study with fresh seeds.",
    )


def _what_changes(explored: Exploration) -> Text:
    questions = len(explored.arms) + len(explored.claims)
    if not questions:
        return text("The sweep compares nothing that a margin bears on.")
    if explored.is_stated:
        return text(f"{_counted(questions, 'verdict')}, as in the report.")
    changed = explored.changed
    if not changed:
        return text("Nothing is said otherwise than in the report.")
    said: list[Inline] = [f"{len(changed)} of {_counted(questions, 'verdict')} "]
    said.append("reads otherwise than in the report: " if len(changed) == 1 else "read otherwise than in the report: ")
    for position, row in enumerate(changed):
        said += [
            "; " if position else "",
            Code(row.subject),
            " from ",
            *_told(row.stated),
            " to ",
            *_told(row.explored),
        ]
    return text(*said, ".")


def _told(verdict: Verdict) -> list[Inline]:
    said = "no word" if verdict.word is None else verdict.word.value
    return [strong(said), f" ({verdict.qualifier})" if verdict.qualifier else ""]


def _rows(explored: Exploration, title: str, subject: str, rows: Sequence[ExploredRow]) -> Iterator[Block]:
    if not rows:
        return
    yield Heading(2, text(title))
    here, stated = (margin_text(explored, each) for each in (explored.margin, explored.stated_margin))
    if explored.is_stated:
        yield table(
            [subject, f"in the report, margin {stated}", "seeds needed"],
            [[Code(row.subject), _word(row.stated), _needed(row.stated)] for row in rows],
            numeric=[2],
            caption=f"Words at the stated margin of {stated}",
        )
        return
    yield table(
        [subject, f"in the report, margin {stated}", f"explored, margin {here}", "", "seeds needed"],
        [
            [
                Code(row.subject),
                _word(row.stated),
                _word(row.explored),
                strong("changed") if row.has_changed else "",
                _needed(row.explored),
            ]
            for row in rows
        ],
        numeric=[4],
        caption=f"Words at the stated margin, and at {here}, {EXPLORED}",
    )


def _word(verdict: Verdict) -> Text:
    qualifier = verdict.qualifier if verdict.word is not None else ""
    return text(with_sign(verdict.word), f" {qualifier}" if qualifier else "")


def _needed(verdict: Verdict) -> str:
    """For 80 % power at this margin: by the spread of the runs, and by what it may well be."""
    low, high = verdict.seeds_needed_low, verdict.seeds_needed_high
    if low is None or high is None:
        return UNDEFINED
    return str(low) if low == high else f"{low} to {high}"


def _seeds(explored: Exploration) -> Iterator[Block]:
    if explored.seeds is None:
        return
    here = "the stated margin" if explored.is_stated else f"{margin_text(explored, explored.margin)}, {EXPLORED}"
    yield Heading(2, text("Seeds that would be needed"))
    yield from paragraph(
        f"For half, all and twice of {here}: {seeds_sentence(explored.seeds)}. To plan with, the larger number of a "
        "range is the one."
    )
    for family in explored.seeds.families:
        headings, rows = seeds_rows(explored.seeds, family, explored.metric)
        shown = table(list(headings), [list(row) for row in rows], range(1, len(headings)), seeds_title(family))
        yield Details(seeds_title(family), (shown,))


def _alternative(explored: Exploration) -> str:
    return (
        f"Differences of the arms from the baseline in {explored.metric.title}, with a margin of "
        f"{margin_text(explored, explored.margin)}, "
        f"{'as in the report' if explored.is_stated else EXPLORED}"
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
