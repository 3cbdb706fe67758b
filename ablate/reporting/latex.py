r"""Verdicts and results as LaTeX: tables for \input, and a whole document that shows them with the figures.

    verdicts_latex(results.verdicts)      # a tabular alone; it needs \usepackage{booktabs}
    report_latex(study_results)           # article, booktabs, graphicx: pdflatex report.tex in the report's folder

Every text from outside is escaped: no name, question or message can begin a command, leave its cell or open
a file. Signs beyond ASCII become commands of plain LaTeX, so that pdflatex needs no further package.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ablate.analysis.results import StudyResults, SweepResults
from ablate.reporting.captions import captions, figure_file
from ablate.reporting.flags import SENTENCES, flag_name
from ablate.reporting.numbers import interval, mean, spread
from ablate.reporting.quantities import capitalised
from ablate.reporting.replication import conclusions_text_table
from ablate.reporting.summary import adjustment_of, guarantee, raised_flags
from ablate.reporting.verdict_tables import TextTable, verdict_text_table
from ablate.verdicts.verdict import Verdict

__all__ = ["escape_latex", "report_latex", "results_latex", "verdicts_latex"]

_ESCAPES = {
    # A line end before it would take it for the begin of its argument.
    "[": "{[}",
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "−": r"$-$",
    "×": r"$\times$",
    "÷": r"$\div$",
    "±": r"$\pm$",
    "∞": r"$\infty$",
    "≈": r"$\approx$",
    "▲": r"$\blacktriangle$",
    "▼": r"$\blacktriangledown$",
    "○": r"$\circ$",
    "✓": r"$\checkmark$",
    "✗": r"$\times$",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "α": r"$\alpha$",
    "δ": r"$\delta$",
    "ρ": r"$\rho$",
    "σ": r"$\sigma$",
    "²": r"\textsuperscript{2}",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
}
# Between two signs that LaTeX would join to one.
_JOINING = re.compile(r"(?<=-)(?=-)|(?<=,)(?=,)")
# Letters that T1 has; anything else would stop pdflatex.
_LETTERS = re.compile(r"[\u00c0-\u017f]")


def escape_latex(text: str) -> str:
    """`text` as itself on one line; a sign that LaTeX has no letter for is shown by its code point."""
    return "{}".join("".join(map(_escaped, piece)) for piece in _JOINING.split(" ".join(text.split())))


def _escaped(sign: str) -> str:
    if sign in _ESCAPES:
        return _ESCAPES[sign]
    if (sign.isascii() and sign.isprintable()) or _LETTERS.fullmatch(sign):
        return sign
    return rf"\texttt{{U+{ord(sign):04X}}}"


# tables ------------------------------------------------------------------------------------------------


def verdicts_latex(verdicts: Sequence[Verdict], adjustment: str = "Holm") -> str:
    """The table of verdicts as a `tabular` with the rules of booktabs.

    Args:
        adjustment: whose adjusted p and intervals are shown; empty for a family of one.
    """
    return tabular_latex(verdict_text_table(verdicts, adjustment))


def results_latex(results: SweepResults) -> str:
    """The level of every arm as a `tabular`: n, mean, standard deviation and interval over seeds."""
    rows = tuple(
        (
            summary.arm,
            f"{summary.estimate.n} of {summary.n_planned}"
            if summary.estimate.n < summary.n_planned
            else str(summary.estimate.n),
            mean(summary.estimate),
            spread(summary.estimate),
            interval(summary.estimate),
        )
        for summary in results.summaries
    )
    return tabular_latex(TextTable(("arm", "n", "mean", "sd", "95% interval"), rows, (1, 2, 3, 4)))


def tabular_latex(table: TextTable) -> str:
    """A `tabular` of plain text, names in typewriter type."""
    columns = "".join("r" if position in table.numeric else "l" for position in range(len(table.header)))
    rows = [_line([rf"\texttt{{{escape_latex(row[0])}}}", *map(escape_latex, row[1:])]) for row in table.rows]
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            _line([escape_latex(name) for name in table.header]),
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


# the document ------------------------------------------------------------------------------------------

_PREAMBLE = r"""\documentclass[a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{amssymb}
\usepackage{textcomp}
\usepackage{booktabs}
\usepackage{graphicx}
\usepackage[margin=2cm]{geometry}"""


def report_latex(results: StudyResults) -> str:
    """The report as a document to be compiled in its folder, where `figures/` lies; it ends with a newline."""
    body = [
        _PREAMBLE,
        rf"\title{{{escape_latex(results.plan.name)}}}",
        r"\author{}\date{}",
        r"\begin{document}",
        r"\maketitle",
        *(block for sweep in results.sweeps for block in _section(sweep)),
        r"\end{document}",
    ]
    return "\n\n".join(block for block in body if block) + "\n"


def _section(results: SweepResults) -> list[str]:
    spec = results.planned.spec
    families = ((results.verdicts, "Verdicts"), (results.claims, "Claims"))
    return [
        rf"\section{{{escape_latex(spec.name)}}}",
        rf"\emph{{{escape_latex(spec.question)}}}",
        escape_latex(guarantee(results)),
        *(
            _floating(
                verdicts_latex(family, adjustment_of(family, results.multiplicity)),
                f"{title}: {results.metric.title}" if title == "Verdicts" else title,
            )
            for family, title in families
            if family
        ),
        _original(results),
        _floating(results_latex(results), f"{results.metric.title} by arm, over seeds"),
        _flags(results),
        *(_figure(spec.name, caption.name, caption.alternative) for caption in captions(results)),
    ]


def _original(results: SweepResults) -> str:
    if results.revisited is None or not any(found.verdicts for found in results.revisited.conclusions):
        return ""
    caption = f"What {results.revisited.original.source} concluded, and what held"
    return _floating(tabular_latex(conclusions_text_table(results.revisited)), caption)


def _floating(tabular: str, caption: str) -> str:
    return "\n".join(
        [
            r"\begin{table}[htbp]",
            r"\centering",
            rf"\caption{{{escape_latex(capitalised(caption))}}}",
            # A table of many columns shrinks to the line instead of running out of the page.
            r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            tabular + "}",
            r"\end{table}",
        ]
    )


def _flags(results: SweepResults) -> str:
    raised = raised_flags(results)
    if not raised:
        return ""
    items = [
        rf"\item[{{{escape_latex(flag_name(each.flag))}}}] {escape_latex(SENTENCES[each.flag].replace('`', ''))}"
        for each in raised
    ]
    return "\n".join([r"\begin{description}", *items, r"\end{description}"])


def _figure(sweep: str, name: str, caption: str) -> str:
    return "\n".join(
        [
            r"\begin{figure}[htbp]",
            r"\centering",
            # \detokenize keeps underscores of file names; the name has letters, digits and _.=- alone.
            rf"\includegraphics[width=\linewidth]{{\detokenize{{figures/{figure_file(sweep, name)}}}}}",
            rf"\caption{{{escape_latex(capitalised(caption))}}}",
            r"\end{figure}",
        ]
    )
