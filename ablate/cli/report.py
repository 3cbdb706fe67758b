"""Write the tables and the report of a study again: from the store, or from the data/ of a report alone.

ablate report optimizers
ablate report --from reports/optimizers_mnist/data
ablate report --from theirs/data reports_dir=mine       the same, in a folder of the study's name under mine

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
from ablate.sanitize.paths import user_path

WORDS = "study"
WORDS_HELP = "the name of a study in the store (and results_dir=…, reports_dir=…)"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(parser)
    parser.add_argument("--from", dest="data", type=Path, help="the data/ folder of a report: no store is needed")
    parser.add_argument("--redraw", action="store_true", help="write even over a report that says the same already")
    parser.add_argument("--format", choices=("latex",), help="write report.tex beside report.md as well")


def execute(invocation: Invocation, output: Output) -> int:
    settings, names = invocation.settings()
    options = invocation.options
    with_latex = options.format == "latex"
    reports: tuple[ReportFiles, ...] = ()
    if options.data is not None:
        # In the folder around it, unless this very command says where.
        is_asked = any(word.startswith("reports_dir=") for word in invocation.words)
        into = settings.reports_dir if is_asked else None
        reports = report(
            data=user_path(options.data),
            results_dir=settings.results_dir,
            reports_dir=into,
            with_latex=with_latex,
            redraw=options.redraw,
        )
    if names or options.data is None:
        reports += report(
            *names,
            results_dir=settings.results_dir,
            reports_dir=settings.reports_dir,
            with_latex=with_latex,
            redraw=options.redraw,
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
    output.result(str(written.html))
    if written.latex is not None:
        output.result(str(written.latex))
