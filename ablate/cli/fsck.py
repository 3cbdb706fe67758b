"""Verify everything in the store: every checksum, the name of every run, and the tables of every study. Nothing is
changed without --repair. The code is 0 when all is sound or was repaired, 4 when something is damaged.

ablate fsck              what is damaged, what is left over, and the space that it takes
ablate fsck --repair     set aside what is damaged, remove what the dead left, write tables and reports again
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ablate.cli.output import Output, bytes_text
from ablate.cli.space import folded, space_json, space_table
from ablate.cli.verbs import Invocation
from ablate.cli.wording import counted
from ablate.core.errors import ExitCode, UsageError
from ablate.core.identity import Json

if TYPE_CHECKING:
    from pathlib import Path

    from ablate.operations.fsck import Inspection, StoreFinding

WORDS = "setting"
WORDS_HELP = "where the store is: results_dir=… (and reports_dir=…)"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repair", action="store_true", help="mend what can be mended")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines and a table")


def execute(invocation: Invocation, output: Output) -> int:
    settings, words = invocation.settings()
    refuse(words, settings.results_dir)
    # Its checks of tables need pandas, which --help need not wait for.
    from ablate.operations.fsck import inspect, repair
    from ablate.storage.garbage import stored_items

    now = time.time()
    found = inspect(settings.results_dir, now)
    mended: tuple[StoreFinding, ...] = ()
    if invocation.options.repair:
        mended = repair(found.findings, settings.results_dir, settings.reports_dir, now)
        found = replace(found, there=stored_items(settings.results_dir))
    if invocation.options.json:
        output.data(found_json(found, mended, settings.results_dir))
    else:
        show(found, mended, output)
    return ExitCode.DATA_PROBLEM if problems_left(found, mended) else ExitCode.DONE


def refuse(words: Sequence[str], results_dir: Path) -> None:
    """For verbs about a whole store.

    Raises:
        UsageError: for words that are no settings, and where there is no store.
    """
    if words:
        raise UsageError(f"{words[0]}: this verb is about the whole store; it takes results_dir=… and no names")
    if not results_dir.is_dir():
        raise UsageError(f"There is no results folder {results_dir}. Another place: results_dir=…")


def problems_left(found: Inspection, mended: Sequence[StoreFinding]) -> list[StoreFinding]:
    return [finding for finding in found.findings if finding.is_problem and finding not in mended]


def show(found: Inspection, mended: Sequence[StoreFinding], output: Output) -> None:
    for kind in dict.fromkeys(finding.what for finding in found.findings):
        lines = [line_of(finding, finding in mended) for finding in found.findings if finding.what is kind]
        output.result("\n".join(folded(kind, lines)))
    if found.there:
        output.result(space_table((each.kind, each.bytes) for each in found.there))
    output.result(verdict(found, mended))


def line_of(finding: StoreFinding, is_mended: bool) -> str:
    """What was found, in a line."""
    size = f" ({bytes_text(finding.bytes)})" if finding.garbage is not None else ""
    detail = f": {finding.detail}" if finding.detail else ""
    return f"{finding.what}: {finding.subject}{detail}{size}{' – mended' if is_mended else ''}"


def verdict(found: Inspection, mended: Sequence[StoreFinding]) -> str:
    """What it comes to, and what to do about it."""
    left = problems_left(found, mended)
    removable = [finding for finding in found.findings if finding.garbage is not None and finding not in mended]
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


def found_json(found: Inspection, mended: Sequence[StoreFinding], results_dir: Path) -> dict[str, Json]:
    return {
        "findings": [
            {
                "what": finding.what.value,
                "subject": finding.subject,
                "detail": finding.detail,
                "path": str(finding.path.relative_to(results_dir)),
                "bytes": finding.bytes,
                "is_problem": finding.is_problem,
                "is_mended": finding in mended,
            }
            for finding in found.findings
        ],
        "space": space_json((each.kind.value, each.bytes) for each in found.there),
        "problems_left": len(problems_left(found, mended)),
    }
