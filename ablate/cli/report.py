"""Write the tables and the report of a study again: from the store, or from the data/ of a report alone.

ablate report optimizers
ablate report --from reports/optimizers_mnist/data

A report that stands there already, with equal text and with tables that agree within 1e-9, is left as it is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ablate.cli.output import Output
from ablate.cli.verbs import Invocation
from ablate.core.errors import ExitCode, UsageError
from ablate.operations.publish import publish
from ablate.operations.sides import known_studies
from ablate.reporting.writing import Written, rebuild, write_latex
from ablate.storage.atomic import WriteFailed
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder, UnknownStudy

WORDS = "study"
WORDS_HELP = "the name of a study in the store (and results_dir=…, reports_dir=…)"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="data", type=Path, help="the data/ folder of a report: no store is needed")
    parser.add_argument("--redraw", action="store_true", help="write even over a report that says the same already")
    parser.add_argument("--format", choices=("latex",), help="write report.tex beside report.md as well")


def execute(invocation: Invocation, output: Output) -> int:
    settings, names = invocation.settings()
    data: Path | None = invocation.options.data
    if data is None and not names:
        raise UsageError(f"Which study? {known_studies(settings.results_dir)}")
    redraw = invocation.options.redraw
    reports = [from_data(data, redraw)] if data is not None else []
    reports += [from_store(name, settings.results_dir, settings.reports_dir, redraw) for name in names]
    for report in reports:
        if not report.changed:
            output.say(f"{report.path} (unchanged; --redraw writes it all the same)")
        output.result(str(report.path))
        if invocation.options.format == "latex":
            output.result(str(write_latex(report.path.parent / "data")))
    return ExitCode.DONE


def from_data(folder: Path, redraw: bool) -> Written:
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; --from takes the data/ folder of a report")
    try:
        return rebuild(folder, redraw=redraw)
    except WriteFailed:
        raise
    except Exception as error:  # what comes from elsewhere can contradict itself in more ways than can be checked
        raise UsageError(f"{folder} is not the data/ folder of a report: {type(error).__name__}: {error}") from error


def from_store(name: str, results_dir: Path, reports_dir: Path, redraw: bool) -> Written:
    try:
        return publish(StudyFolder(results_dir, name), RunStore(results_dir), reports_dir, redraw).report
    except (UnknownStudy, ValueError) as error:
        raise UsageError(f"{error}. {known_studies(results_dir)}") from error
