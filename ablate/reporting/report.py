"""A report: its answer, one section for each sweep, and how to make all of it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

import ablate
from ablate.analysis.results import StudyResults
from ablate.reporting import latex, markdown
from ablate.reporting.answer import answer_of_study, answer_of_sweep, findings_of
from ablate.reporting.blocks import (
    Block,
    Code,
    CodeBlock,
    Heading,
    Link,
    Part,
    Row,
    Text,
    bullets,
    joined,
    paragraph,
    strong,
    table,
    text,
)
from ablate.reporting.interpolations import interpolations_section
from ablate.reporting.photo_predictions import photographs_section
from ablate.reporting.premises import scope_blocks
from ablate.reporting.replication import conclusions_table
from ablate.reporting.sections import anchor_of, sweep_section
from ablate.reporting.shown_figures import figures_of_sweeps

__all__ = ["report_blocks", "report_latex", "report_markdown"]


def report_markdown(results: StudyResults, command: Sequence[str] = ()) -> str:
    """The report as markdown that ends with a newline, see `report_blocks`."""
    return markdown.render(report_blocks(results, command)) + "\n"


def report_latex(results: StudyResults, command: Sequence[str] = ()) -> str:
    """The report as a document to be compiled in its folder, where `figures/` lies; it ends with a newline."""
    return latex.document(report_blocks(results, command)) + "\n"


def report_blocks(results: StudyResults, command: Sequence[str] = ()) -> list[Block]:
    """The report.

    It is a function of its arguments and of the package's version; nothing of the day or the machine on
    which it is written enters.

    Args:
        command: the words after `ablate` that made the study, without places on a machine.
    """
    is_alone = len(results.sweeps) == 1
    return [
        Heading(1, text(results.plan.name)),
        *_question(results),
        *([] if is_alone else [*_opening(results), *scope_blocks(results.sweeps)]),
        *(
            block
            for sweep, figures in zip(results.sweeps, figures_of_sweeps(results), strict=True)
            for block in sweep_section(sweep, figures, command, is_alone)
        ),
        *(photographs_section(results.photo_predictions) if results.photo_predictions else []),
        *(interpolations_section(results.interpolations) if results.interpolations else []),
        Heading(2, text("How to rebuild")),
        _rebuilding(results.plan.name, command),
        Heading(2, text("Computed with")),
        *_environment(results.environment),
    ]


def _question(results: StudyResults) -> list[Block]:
    """The study's question, unless it only repeats what the sweeps ask below."""
    asked_below = " ".join(sweep.planned.spec.question for sweep in results.sweeps)
    return [] if results.plan.question in asked_below else paragraph(strong(results.plan.question), part=Part.QUESTION)


def _opening(results: StudyResults) -> list[Block]:
    """Of several sweeps: how much of it held, all conclusions, and the answer of each sweep with a link to it."""
    found = [findings_of(sweep) for sweep in results.sweeps]
    return [
        *paragraph(answer_of_study(found), part=Part.ANSWER),
        *conclusions_table(results, _link),
        *paragraph("The sweeps, each with its answer:"),
        bullets(text(_link(each.name), ": ", answer_of_sweep(each)) for each in found),
    ]


def _link(sweep: str) -> Link:
    return Link(text(Code(sweep)), anchor_of(sweep))


def _rebuilding(name: str, command: Sequence[str]) -> CodeBlock:
    lines = [
        *([f"python -m ablate {' '.join(map(_shell_word, command))}  # trains what is missing"] if command else []),
        f"python -m ablate report {_shell_word(name)}  # from the stored runs",
        f"python -m ablate report --from reports/{_shell_word(name)}/data  # from this folder alone",
    ]
    return CodeBlock("\n".join(lines), "sh")


def _shell_word(word: str) -> str:
    return shlex.quote(word.replace("\n", " "))


def _environment(environment: Mapping[str, tuple[str, ...]]) -> list[Block]:
    rows: list[Row] = [[Code(name), _distinct(values)] for name, values in environment.items()]
    found = [table(["runs were computed with", "value"], rows)] if rows else []
    return [*paragraph(f"ablate {ablate.__version__} wrote this report."), *found]


def _distinct(values: tuple[str, ...], most: int = 3) -> Text:
    shown = joined(", ", map(Code, values[:most]))
    return text(shown, f" and {len(values) - most} more" if len(values) > most else "")
