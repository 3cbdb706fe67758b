"""Verdicts on a table that was made elsewhere, as text, and as a folder of text, table and figure.

analysis_text(verdicts, "holm", "markdown")          # or latex
write_analysis(verdicts, "holm", Path("verdicts"))   # verdicts.md, .csv, .tex and a forest plot
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ablate.analysis.frame import to_csv_bytes, verdict_table
from ablate.analysis.sweep_flags import with_those_of
from ablate.reporting import latex
from ablate.reporting.answer import answer_of_verdicts, in_a_row
from ablate.reporting.blocks import Block, Code, Figure, Heading, Table, Text, bullets, paragraph, text
from ablate.reporting.families import scope_of_table
from ablate.reporting.flags import flag_list
from ablate.reporting.markdown import render
from ablate.reporting.pairs import SEED, in_words_of, noun_of
from ablate.reporting.summary import adjustment_of
from ablate.reporting.verdict_tables import verdict_rows
from ablate.reporting.verdicts import verdict_sentence
from ablate.storage.atomic import write_atomically
from ablate.verdicts.verdict import Flag, Verdict

__all__ = ["FORMATS", "analysis_text", "write_analysis"]

FOREST = "forest.png"


def analysis_text(verdicts: Sequence[Verdict], multiplicity: str, form: str, key: str = SEED) -> str:
    """The verdicts, one or more, in one of `FORMATS`.

    Args:
        key: the column by which the rows of the table were paired.
    """
    return FORMATS[form](verdicts, multiplicity, key)


def write_analysis(
    verdicts: Sequence[Verdict], multiplicity: str, folder: Path, key: str = SEED, understood: str = ""
) -> Path:
    """Write verdicts.md, verdicts.csv, verdicts.tex and forest.png into `folder`; the path of the first.

    Args:
        key: the column by which the rows of the table were paired.
        understood: a sentence about the table that was read.

    Raises:
        ablate.storage.atomic.WriteFailed: when the file system refuses.
    """
    # Half a second of import, only where a figure is asked for.
    from ablate.plots.canvas import png_bytes
    from ablate.plots.forest_page import forest_page

    path, metrics = folder / "verdicts.md", _by_metric(verdicts)
    markdown = render(
        [
            *_blocks(verdicts, multiplicity, key),
            Figure(FOREST, "Differences of every arm with intervals"),
            *paragraph(understood),
        ]
    )
    write_atomically(folder / "verdicts.csv", to_csv_bytes(verdict_table(verdicts)))
    write_atomically(folder / "verdicts.tex", f"{_latex(verdicts, multiplicity, key)}\n".encode())
    beside = f"{_beside(verdicts)} {verdicts[0].reference}"
    figure = forest_page([*metrics.values()], ", ".join(metrics), beside)
    write_atomically(folder / FOREST, png_bytes(figure))
    write_atomically(path, f"{markdown}\n".encode())
    return path


def _by_metric(verdicts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    """Title → its verdicts, those of the primary metric first, as the verdicts are."""
    found: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        found.setdefault(verdict.metric.title, []).append(verdict)
    return found


def _blocks(verdicts: Sequence[Verdict], multiplicity: str, key: str) -> list[Block]:
    metrics, noun = _by_metric(verdicts), noun_of(key)
    primary, *others = metrics
    first = verdicts[0]
    resplits = any(Flag.RESPLITS in verdict.flags for verdict in verdicts)
    scope = scope_of_table(first.alpha, multiplicity, noun, primary if others else "", resplits)
    baseline = paragraph("The baseline is ", Code(first.reference), "; ", _pairs(key, verdicts), _of_folds(verdicts))
    # Numbers without words have no chance of a false one.
    has_words = any(verdict.word is not None for verdict in verdicts)
    shown_scope = paragraph(scope) if has_words else []
    if not others:
        ((answer, judged, *rest),) = _sections(metrics, multiplicity)
        return in_words_of(
            [Heading(1, text(primary)), answer, *baseline, judged, *shown_scope, *rest],
            noun,
        )
    return in_words_of(
        [
            Heading(1, text(", ".join(metrics))),
            *baseline,
            *paragraph(_gate(metrics)),
            *shown_scope,
            *(
                block
                for title, section in zip(metrics, _sections(metrics, multiplicity), strict=True)
                for block in (Heading(2, text(title, ", the primary metric" if title == primary else "")), *section)
            ),
        ],
        noun,
    )


def _sections(metrics: Mapping[str, Sequence[Verdict]], multiplicity: str) -> list[list[Block]]:
    """Of each metric: how its arms stand, every verdict in a sentence and in a table, and flags."""
    adjustments = _adjustments(metrics, multiplicity)
    level = 2 if len(metrics) == 1 else 3
    sections: list[list[Block]] = []
    for adjustment, verdicts in zip(adjustments, metrics.values(), strict=True):
        flags = flag_list(with_those_of(verdicts, ()), len(verdicts))
        sections.append(
            [
                *paragraph(answer_of_verdicts(verdicts)),
                bullets(verdict_sentence(verdict, adjustment) for verdict in verdicts),
                verdict_rows(verdicts, adjustment),
                *([Heading(level, text("Flags"))] if flags else []),
                *flags,
            ]
        )
    return sections


def _adjustments(metrics: Mapping[str, Sequence[Verdict]], multiplicity: str) -> list[str]:
    """Of the primary metric's family, and of that of all others together."""
    primary, *others = metrics.values()
    beside = adjustment_of([verdict for own in others for verdict in own], multiplicity)
    return [adjustment_of(primary, multiplicity), *(beside for _ in others)]


def _gate(metrics: Mapping[str, Sequence[Verdict]]) -> Text:
    """That the other metrics wait for the primary one, and whose do here."""
    primary, *others = metrics
    said = text(
        f"The primary metric is {primary}. On the other{'s' if len(others) > 1 else ''} "
        f"({', '.join(others)}) an arm has a verdict only where {primary} is resolved for it"
    )
    waiting = dict.fromkeys(
        verdict.arm for title in others for verdict in metrics[title] if Flag.PRIMARY_OPEN in verdict.flags
    )
    if not waiting:
        return text(said, ", as it is for every arm.")
    count = len(metrics[primary])
    whose = ["no arm"] if len(waiting) == count else [in_a_row([Code(arm) for arm in waiting])]
    is_not = "as it is for" if len(waiting) == count else "which it is not for"
    return text(said, f", {is_not} ", *whose, ": what is not has numbers alone.")


def _of_folds(verdicts: Sequence[Verdict]) -> str:
    """What becomes of verdicts where splits overlap."""
    if any(Flag.RESPLITS in verdict.flags for verdict in verdicts):
        return " Every test is a paired t corrected for overlapping splits (Nadeau and Bengio 2003)."
    if any(Flag.OTHER_SPLITS in verdict.flags and verdict.sizes is not None for verdict in verdicts):
        return (
            " Splits of one data set overlap, and what corrects for it is of paired differences, so that there is no "
            "verdict of arms that nothing pairs."
        )
    if any(Flag.OTHER_SPLITS in verdict.flags for verdict in verdicts):
        return (
            " Splits of one data set overlap, so that there is no verdict: say with --folds the ratio of test to "
            "training examples, 1:4 of five folds, or 0 where these are no such splits."
        )
    return ""


def _pairs(key: str, verdicts: Sequence[Verdict]) -> Text:
    if all(verdict.sizes is not None for verdict in verdicts):
        return text("no runs are paired: arms are compared as independent samples (Welch).")
    said = {SEED: "equal seeds are paired.", "row": "every row is a pair.", "column": "every column is a pair."}
    return text(said[key.lower()]) if key.lower() in said else text("rows are paired by their ", Code(key), ".")


def _beside(verdicts: Sequence[Verdict]) -> str:
    return "against" if any(verdict.sizes is not None for verdict in verdicts) else "paired with"


def _markdown(verdicts: Sequence[Verdict], multiplicity: str, key: str) -> str:
    return render(_blocks(verdicts, multiplicity, key))


def _latex(verdicts: Sequence[Verdict], multiplicity: str, key: str) -> str:
    metrics = _by_metric(verdicts)
    adjustments = _adjustments(metrics, multiplicity)
    tables: list[str] = []
    for adjustment, (title, own) in zip(adjustments, metrics.items(), strict=True):
        heading = [latex.render([Heading(2, text(title))])] if len(metrics) > 1 else []
        (rows,) = in_words_of([verdict_rows(own, adjustment)], noun_of(key))
        assert isinstance(rows, Table)
        tables += [*heading, latex.tabular(rows)]
    return "\n\n".join(tables)


FORMATS: Mapping[str, Callable[[Sequence[Verdict], str, str], str]] = {
    "markdown": _markdown,
    "latex": _latex,
}
