"""What a gate found, in a line for a log, and as markdown for a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from ablate.analysis.gating import Gate, Outcome
from ablate.reporting.blocks import Block, Code, Heading, Prose, Text, paragraph, text
from ablate.reporting.markdown import render
from ablate.reporting.pairs import in_words_of, noun_of
from ablate.reporting.quantities import bounds, difference, has_had_the_power, margin
from ablate.reporting.verdict_tables import verdict_rows
from ablate.verdicts.verdict import Flag, Scale, Verdict, Word

__all__ = ["gate_line", "gate_markdown"]

SIGNS = {Outcome.PASSED: "✓", Outcome.WORSE: "✗", Outcome.NOT_SHOWN: "?"}
HEADLINES = {Outcome.PASSED: "Not worse", Outcome.WORSE: "Worse", Outcome.NOT_SHOWN: "Not shown either way"}
# At most so many pairs are named in a line.
MOST_NAMED = 3
# Of what is shown neither way by splits whose ratio nobody knows.
OVERLAP = "splits of one data set overlap, and nothing says by how much: --folds does of tables"
CHANGED_SEEDS = "the seeds were changed after there were results: fresh ones, in a study of a new name, decide"
UNPAIRED_OVERLAP = "splits of one data set overlap, and what corrects for it is of paired differences"


def gate_line(gate: Gate) -> str:
    """The outcome, why, and how many seeds would tell where nothing is shown."""
    (line,) = in_words_of(paragraph(_why(gate)), noun_of(gate.key))
    assert isinstance(line, Prose)
    return line.text.plain


def gate_markdown(gate: Gate) -> str:
    """A heading, the line, and a row for each pair."""
    blocks: list[Block] = [
        Heading(3, text(f"{SIGNS[gate.outcome]} {HEADLINES[gate.outcome]}: {gate.metric.title}")),
        *paragraph(_why(gate)),
        verdict_rows(gate.rows, "Holm" if len(gate.rows) > 1 else ""),
    ]
    return render(in_words_of(blocks, noun_of(gate.key)))


def _why(gate: Gate) -> Text:
    within = margin(gate.rows[0])
    level = f"{100 * (1 - gate.alpha):g}% one-sided"
    match gate.outcome:
        case Outcome.PASSED:
            which = _named(gate.rows)
            return text(which, f" shown not worse by more than {within} ({_evidence(gate.rows, level)})")
        case Outcome.WORSE:
            worse = [row for row in gate.rows if row.word is Word.REFUTED]
            return text(_named(worse), f" shown worse by more than {within} ({_evidence(worse, level)})")
    open_rows = gate.undecided
    if not open_rows:
        return text("not shown: the new side has no ", ", ".join(gate.missing))
    needed = gate.seeds_needed
    fresh = "runs of each" if all(row.sizes is not None for row in open_rows) else "seeds"
    half = " for half the margin" if any(map(has_had_the_power, open_rows)) else ""
    tell = f"; about {needed} fresh {fresh} give 80% power{half}" if needed is not None else ""
    lacking = f"; the new side has no {', '.join(gate.missing)}" if gate.missing else ""
    return text(_named(open_rows), f" shown neither way within {within} ({_evidence(open_rows, level)})", tell, lacking)


def _named(rows: Sequence[Verdict]) -> Text:
    names = [row.arm for row in rows]
    shown = ", ".join(names[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return text(Code(shown) if len(names) == 1 else shown, more, " is" if len(names) == 1 else " are")


def _evidence(rows: Sequence[Verdict], level: str) -> str:
    """The difference of the one pair with its interval; of several how many there are, and what is said of all."""
    reasons = {_reason(row) for row in rows}
    why = "".join(f"; {reason}" for reason in reasons if reason and len(reasons) == 1)
    if len(rows) > 1:
        return f"{len(rows)} pairs, Holm{why}"
    (row,) = rows
    if row.diff is None:
        return row.qualifier or "no seed with a value on both sides"
    of = f"error (1 − {row.metric.title})" if row.scale is Scale.LOG_ERROR and row.metric.sign > 0 else row.metric.title
    if row.ci_equiv_low is None:
        return f"{difference(row)} {of}, {_pairs(row)}{why}"
    interval = bounds(row, row.ci_equiv_low, row.ci_equiv_high)
    return f"{difference(row)} {of}, {level} bounds {interval}, {_pairs(row)}{why}"


def _reason(row: Verdict) -> str:
    if Flag.POST_HOC_SEEDS in row.flags or Flag.WITHDRAWN_SEEDS in row.flags:
        return CHANGED_SEEDS
    if Flag.OTHER_SPLITS not in row.flags:
        return row.qualifier
    return OVERLAP if row.sizes is None else UNPAIRED_OVERLAP


def _pairs(row: Verdict) -> str:
    if row.sizes is not None:
        return f"{row.sizes[0]} against {row.sizes[1]} runs, unpaired"
    return f"{row.n} seed{'s' if row.n != 1 else ''}"
