"""Write the tables and the report of a study again: from the store, or from the data/ of a report alone.

ablate report optimizers
ablate report --from reports/optimizers_mnist/data

A report that stands there already, with equal text and with tables that agree within 1e-9, is left as it is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ablate.cli.output import Output
from ablate.cli.verbs import Invocation, add_json_option
from ablate.core.errors import ExitCode
from ablate.operations.as_json import to_json
from ablate.operations.report import ReportFiles, report

WORDS = "study"
WORDS_HELP = "the name of a study in the store (and results_dir=…, reports_dir=…)"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(parser)
    parser.add_argument("--from", dest="data", type=Path, help="the data/ folder of a report: no store is needed")
    parser.add_argument("--redraw", action="store_true", help="write even over a report that says the same already")
    parser.add_argument("--format", choices=("latex",), help="write report.tex beside report.md as well")


def execute(invocation: Invocation, output: Output) -> int:
    settings, names = invocation.settings()
    reports = report(
        *names,
        data=invocation.options.data,
        results_dir=settings.results_dir,
        reports_dir=settings.reports_dir,
        with_latex=invocation.options.format == "latex",
        redraw=invocation.options.redraw,
    )
    for written in reports:
        if not written.changed:
            output.say(f"{written.markdown} (unchanged; --redraw writes it all the same)")
        if not invocation.options.json:
            show(written, output)
    if invocation.options.json:
        output.data(to_json(reports))
    return ExitCode.DONE


def show(written: ReportFiles, output: Output) -> None:
    output.result(str(written.markdown))
    if written.latex is not None:
        output.result(str(written.latex))
