"""What a gate found, in a line for a log, and as markdown for a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from ablate.analysis.gating import Gate, Outcome
from ablate.reporting.blocks import Block, Code, Heading, Text, paragraph, text
from ablate.reporting.markdown import render
from ablate.reporting.quantities import bounds, difference, margin
from ablate.reporting.verdict_tables import verdict_rows
from ablate.verdicts.verdict import Verdict, Word

__all__ = ["gate_line", "gate_markdown"]

SIGNS = {Outcome.PASSED: "✓", Outcome.WORSE: "✗", Outcome.NOT_SHOWN: "?"}
HEADLINES = {Outcome.PASSED: "Not worse", Outcome.WORSE: "Worse", Outcome.NOT_SHOWN: "Not shown either way"}
# At most so many pairs are named in a line.
MOST_NAMED = 3


def gate_line(gate: Gate) -> str:
    """The outcome, why, and how many seeds would tell where nothing is shown."""
    return _why(gate).plain


def gate_markdown(gate: Gate) -> str:
    """A heading, the line, and a row for each pair."""
    blocks: list[Block] = [
        Heading(3, text(f"{SIGNS[gate.outcome]} {HEADLINES[gate.outcome]}: {gate.metric.title}")),
        *paragraph(_why(gate)),
        verdict_rows(gate.rows, "Holm" if len(gate.rows) > 1 else ""),
    ]
    return render(blocks)


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
    tell = f"; about {needed} fresh seeds give 80% power" if needed is not None else ""
    lacking = f"; the new side has no {', '.join(gate.missing)}" if gate.missing else ""
    return text(_named(open_rows), f" shown neither way within {within} ({_evidence(open_rows, level)})", tell, lacking)


def _named(rows: Sequence[Verdict]) -> Text:
    names = [row.arm for row in rows]
    shown = ", ".join(names[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return text(Code(shown) if len(names) == 1 else shown, more, " is" if len(names) == 1 else " are")


def _evidence(rows: Sequence[Verdict], level: str) -> str:
    """The difference of the one pair with its interval; of several how many there are."""
    if len(rows) > 1:
        return f"{len(rows)} pairs, Holm"
    (row,) = rows
    if row.diff is None:
        return row.qualifier or "no seed with a value on both sides"
    seeds = f"{row.n} seed{'s' if row.n != 1 else ''}"
    why = f"; {row.qualifier}" if row.qualifier else ""
    if row.ci_equiv_low is None:
        return f"{difference(row)} {row.metric.title}, {seeds}{why}"
    interval = bounds(row, row.ci_equiv_low, row.ci_equiv_high)
    return f"{difference(row)} {row.metric.title}, {level} bounds {interval}, {seeds}{why}"
