"""Verify everything in the store: every checksum, the name of every run, and the tables of every study. Nothing is
changed without --repair. The code is 0 when all is sound or was repaired, 4 when something is damaged.

ablate fsck              what is damaged, what is left over, and the space that it takes
ablate fsck --repair     set aside what is damaged, remove what the dead left, write tables and reports again
"""

from __future__ import annotations

import argparse

from ablate.cli.output import Output, bytes_text
from ablate.cli.space import folded, refuse_names, space_table
from ablate.cli.verbs import Invocation, add_json_option
from ablate.cli.wording import counted
from ablate.core.errors import ExitCode
from ablate.operations.as_json import to_json
from ablate.operations.fsck import Inspection, StoreFinding, fsck

WORDS = "setting"
WORDS_HELP = "where the store is: results_dir=… (and reports_dir=…)"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repair", action="store_true", help="mend what can be mended")
    add_json_option(parser)


def execute(invocation: Invocation, output: Output) -> int:
    settings, words = invocation.settings()
    refuse_names(words)
    found = fsck(settings.results_dir, settings.reports_dir, repair=invocation.options.repair)
    if invocation.options.json:
        output.data(to_json(found))
    else:
        show(found, output)
    return ExitCode.DATA_PROBLEM if found.problems_left else ExitCode.DONE


def show(found: Inspection, output: Output) -> None:
    for kind in dict.fromkeys(finding.what for finding in found.findings):
        lines = [line_of(finding) for finding in found.findings if finding.what is kind]
        output.result("\n".join(folded(kind, lines)))
    if found.space:
        output.result(space_table(found.space))
    output.result(verdict(found))


def line_of(finding: StoreFinding) -> str:
    """What was found, in a line."""
    size = f" ({bytes_text(finding.bytes)})" if finding.garbage is not None else ""
    detail = f": {finding.detail}" if finding.detail else ""
    return f"{finding.what}: {finding.subject}{detail}{size}{' – mended' if finding.is_mended else ''}"


def verdict(found: Inspection) -> str:
    """What it comes to, and what to do about it."""
    left, mended = found.problems_left, found.mended
    removable = [finding for finding in found.findings if finding.garbage is not None and not finding.is_mended]
    lines = [f"{counted(len(left), 'problem')}{' left' if mended else ''}." if left else "All is sound."]
    if mended:
        lines.append(f"{counted(len(mended), 'finding')} mended.")
    if any(finding.what == "damaged" for finding in mended):
        lines.append("What was set aside counts as missing: the command of its study makes it again.")
    if left and not mended:
        lines.append("To mend what can be mended: ablate fsck --repair")
    if removable:
        lines.append("What no study needs is listed, and removed, by ablate gc.")
    return "\n".join(lines)
