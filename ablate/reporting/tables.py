"""Verdicts on a table that was made elsewhere, as text, and as a folder of text, table and figure.

analysis_text(verdicts, "holm", "markdown")          # or latex
write_analysis(verdicts, "holm", Path("verdicts"))   # verdicts.md, .csv, .tex and a forest plot
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ablate.analysis.frame import to_csv_bytes, verdict_table
from ablate.analysis.sweep_flags import with_those_of
from ablate.reporting.flags import flag_list
from ablate.reporting.latex import verdicts_latex
from ablate.reporting.markdown import code, escape, image, join_blocks
from ablate.reporting.summary import adjustment_of, family_guarantee, text_table
from ablate.reporting.verdicts import verdict_sentence
from ablate.storage.atomic import write_atomically
from ablate.verdicts.verdict import Verdict

__all__ = ["FORMATS", "analysis_text", "write_analysis"]

FOREST = "forest.png"


def analysis_text(verdicts: Sequence[Verdict], multiplicity: str, form: str) -> str:
    """The verdicts, one or more, in one of `FORMATS`."""
    return FORMATS[form](verdicts, multiplicity)


def write_analysis(verdicts: Sequence[Verdict], multiplicity: str, folder: Path) -> Path:
    """Write verdicts.md, verdicts.csv, verdicts.tex and forest.png into `folder`; the path of the first.

    Raises:
        ablate.storage.atomic.WriteFailed: when the file system refuses.
    """
    # Half a second of import, only where a figure is asked for.
    from ablate.plots.canvas import png_bytes
    from ablate.plots.forest_page import forest_page

    path, first = folder / "verdicts.md", verdicts[0]
    text = f"{_markdown(verdicts, multiplicity)}\n\n{image('Differences of every arm with intervals', FOREST)}\n"
    write_atomically(folder / "verdicts.csv", to_csv_bytes(verdict_table(verdicts)))
    write_atomically(folder / "verdicts.tex", f"{_latex(verdicts, multiplicity)}\n".encode())
    figure = forest_page([verdicts], first.metric.title, f"paired with {first.reference}")
    write_atomically(folder / FOREST, png_bytes(figure))
    write_atomically(path, text.encode())
    return path


def _markdown(verdicts: Sequence[Verdict], multiplicity: str) -> str:
    adjustment = adjustment_of(verdicts, multiplicity)
    first = verdicts[0]
    flags = flag_list(with_those_of(verdicts, ()), len(verdicts))
    return join_blocks(
        [
            f"# {escape(first.metric.title)}",
            f"The baseline is {code(first.reference)}; equal seeds are paired.",
            "\n".join(f"- {verdict_sentence(verdict, adjustment)}" for verdict in verdicts),
            f"{family_guarantee(verdicts, multiplicity)}, over new seeds.",
            text_table(verdicts, adjustment),
            *(["## Flags", flags] if flags else []),
        ]
    )


def _latex(verdicts: Sequence[Verdict], multiplicity: str) -> str:
    return verdicts_latex(verdicts, adjustment_of(verdicts, multiplicity))


FORMATS: Mapping[str, Callable[[Sequence[Verdict], str], str]] = {
    "markdown": _markdown,
    "latex": _latex,
}
