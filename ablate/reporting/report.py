"""The text of a report: a heading, one section for each sweep, and how to make all of it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

import ablate
from ablate.analysis.results import StudyResults
from ablate.reporting.interpolations import interpolations_section
from ablate.reporting.markdown import code, escape, fenced, join_blocks, table
from ablate.reporting.photo_predictions import photographs_section
from ablate.reporting.replication import conclusions_of_study
from ablate.reporting.sections import sweep_section

__all__ = ["report_markdown"]


def report_markdown(results: StudyResults, command: Sequence[str] = ()) -> str:
    """The report as markdown that ends with a newline.

    It is a function of its arguments and of the package's version; nothing of the day or the machine on
    which it is written enters.

    Args:
        command: the words after `ablate` that made the study, without places on a machine.
    """
    return (
        join_blocks(
            [
                f"# {escape(results.plan.name)}",
                _question(results),
                *(sweep_section(sweep, command, is_alone=len(results.sweeps) == 1) for sweep in results.sweeps),
                photographs_section(results.photo_predictions) if results.photo_predictions else "",
                interpolations_section(results.interpolations) if results.interpolations else "",
                *_conclusions(results),
                "## How to rebuild",
                _rebuilding(results.plan.name, command),
                "## Computed with",
                _environment(results.environment),
            ]
        )
        + "\n"
    )


def _question(results: StudyResults) -> str:
    """The study's question, unless it only repeats what the sweeps ask below."""
    asked_below = " ".join(sweep.planned.spec.question for sweep in results.sweeps)
    return "" if results.plan.question in asked_below else f"**{escape(results.plan.question)}**"


def _conclusions(results: StudyResults) -> list[str]:
    """Of all sweeps together; a lone sweep has told its own."""
    found = conclusions_of_study(results) if len(results.sweeps) > 1 else ""
    return ["## What the original claimed, and what held", found] if found else []


def _rebuilding(name: str, command: Sequence[str]) -> str:
    lines = [
        *([f"python -m ablate {' '.join(map(_shell_word, command))}  # trains what is missing"] if command else []),
        f"python -m ablate report {_shell_word(name)}  # from the stored runs",
        f"python -m ablate report --from reports/{_shell_word(name)}/data  # from this folder alone",
    ]
    return fenced("\n".join(lines), "sh")


def _shell_word(word: str) -> str:
    return shlex.quote(word.replace("\n", " "))


def _environment(environment: Mapping[str, tuple[str, ...]]) -> str:
    rows = [[code(name), _distinct(values)] for name, values in environment.items()]
    return join_blocks([f"ablate {ablate.__version__} wrote this report.", _environment_table(rows)])


def _environment_table(rows: list[list[str]]) -> str:
    return table(["runs were computed with", "value"], rows) if rows else ""


def _distinct(values: tuple[str, ...], most: int = 3) -> str:
    shown = ", ".join(code(value) for value in values[:most])
    return shown if len(values) <= most else f"{shown} and {len(values) - most} more"
