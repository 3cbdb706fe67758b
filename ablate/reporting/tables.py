"""Verdicts on a table that was made elsewhere, as text, and as a folder of text, table and figure.

analysis_text(verdicts, "holm", "markdown")          # or latex
write_analysis(verdicts, "holm", Path("verdicts"))   # verdicts.md, .csv, .tex and a forest plot
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ablate.analysis.frame import to_csv_bytes, verdict_table
from ablate.analysis.sweep_flags import with_those_of
from ablate.reporting.answer import answer_of_verdicts
from ablate.reporting.blocks import Block, Code, Figure, Heading, Text, bullets, paragraph, text
from ablate.reporting.families import scope_sentence
from ablate.reporting.flags import flag_list
from ablate.reporting.latex import tabular
from ablate.reporting.markdown import render
from ablate.reporting.summary import adjustment_of
from ablate.reporting.verdict_tables import verdict_rows
from ablate.reporting.verdicts import verdict_sentence
from ablate.storage.atomic import write_atomically
from ablate.verdicts.verdict import Verdict

__all__ = ["FORMATS", "analysis_text", "write_analysis"]

FOREST = "forest.png"
SEED = "seed"


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

    path, first = folder / "verdicts.md", verdicts[0]
    markdown = render(
        [
            *_blocks(verdicts, multiplicity, key),
            Figure(FOREST, "Differences of every arm with intervals"),
            *paragraph(understood),
        ]
    )
    write_atomically(folder / "verdicts.csv", to_csv_bytes(verdict_table(verdicts)))
    write_atomically(folder / "verdicts.tex", f"{_latex(verdicts, multiplicity, key)}\n".encode())
    figure = forest_page([verdicts], first.metric.title, f"{_beside(verdicts)} {first.reference}")
    write_atomically(folder / FOREST, png_bytes(figure))
    write_atomically(path, f"{markdown}\n".encode())
    return path


def _blocks(verdicts: Sequence[Verdict], multiplicity: str, key: str) -> list[Block]:
    adjustment = adjustment_of(verdicts, multiplicity)
    first = verdicts[0]
    flags = flag_list(with_those_of(verdicts, ()), len(verdicts))
    return [
        Heading(1, text(first.metric.title)),
        *paragraph(answer_of_verdicts(verdicts)),
        *paragraph("The baseline is ", Code(first.reference), "; ", _pairs(key, verdicts)),
        bullets(verdict_sentence(verdict, adjustment) for verdict in verdicts),
        *paragraph(scope_sentence(first.alpha, multiplicity)),
        verdict_rows(verdicts, adjustment),
        *([Heading(2, text("Flags"))] if flags else []),
        *flags,
    ]


def _pairs(key: str, verdicts: Sequence[Verdict]) -> Text:
    if all(verdict.sizes is not None for verdict in verdicts):
        return text("no runs are paired: arms are compared as independent samples (Welch).")
    said = {SEED: "equal seeds are paired.", "row": "every row is a pair.", "column": "every column is a pair."}
    return text(said[key.lower()]) if key.lower() in said else text("rows are paired by their ", Code(key), ".")


def _beside(verdicts: Sequence[Verdict]) -> str:
    return "against" if any(verdict.sizes is not None for verdict in verdicts) else "paired with"


def _markdown(verdicts: Sequence[Verdict], multiplicity: str, key: str) -> str:
    return render(_blocks(verdicts, multiplicity, key))


def _latex(verdicts: Sequence[Verdict], multiplicity: str, _: str) -> str:
    return tabular(verdict_rows(verdicts, adjustment_of(verdicts, multiplicity)))


FORMATS: Mapping[str, Callable[[Sequence[Verdict], str, str], str]] = {
    "markdown": _markdown,
    "latex": _latex,
}
