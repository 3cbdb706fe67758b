"""Say what no study needs, with sizes; it is removed with --remove only. What processes that live may want is never
listed: leased runs, runs of the last ten minutes, what is being written.

ablate gc                               what could be removed
ablate gc --remove                      set-asides, what the dead left, artefacts of code that was given up
ablate gc --remove --lone-runs          runs that no plan of any study names, as well: nobody but you needs those
ablate gc --remove --older-than 30      of these what has not changed for 30 days
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ablate.cli.output import Output, bytes_text, seconds_text
from ablate.cli.space import folded, refuse_names, space_table
from ablate.cli.verbs import Invocation, add_json_option
from ablate.cli.wording import counted
from ablate.core.errors import ExitCode
from ablate.operations.as_json import to_json
from ablate.operations.gc import SECONDS_A_DAY, Collection, Listed, gc

WORDS = "setting"
WORDS_HELP = "where the store is: results_dir=…"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--remove", action="store_true", help="remove for good what is listed")
    parser.add_argument("--lone-runs", action="store_true", help="count runs of no study among it")
    parser.add_argument("--older-than", type=float, default=0.0, metavar="DAYS", help="only what has not changed since")
    add_json_option(parser)


def execute(invocation: Invocation, output: Output) -> int:
    settings, words = invocation.settings()
    refuse_names(words)
    options = invocation.options
    found = gc(
        settings.results_dir,
        remove=options.remove,
        with_lone_runs=options.lone_runs,
        older_than_days=options.older_than,
    )
    if found.unknown:
        output.problem(found.unknown)
    if options.json:
        output.data(to_json(found))
    else:
        show(found, output)
    return ExitCode.DONE


def show(found: Collection, output: Output) -> None:
    for kind in dict.fromkeys(each.kind for each in found.listed):
        lines = [line_of(each) for each in found.listed if each.kind is kind]
        output.result("\n".join(folded(kind, lines)))
    if found.listed:
        output.result(space_table(found.space))
    output.result(verdict(found))


def line_of(listed: Listed) -> str:
    """What could be removed, in a line."""
    age, done = age_text(max(listed.age_seconds, 0.0)), ", removed" if listed.is_removed else ""
    return f"{listed.kind}: {listed.subject} ({bytes_text(listed.bytes)}, {age} old{done})"


def age_text(seconds: float) -> str:
    days = int(seconds / SECONDS_A_DAY)
    return counted(days, "day") if days else seconds_text(seconds)


def verdict(found: Collection) -> str:
    """What it comes to, and what to do about it."""
    listed, chosen, removed = found.listed, found.chosen, found.removed
    if not listed:
        return "There is nothing that no study needs."
    lines = []
    if removed:
        lines.append(f"{counted(len(removed), 'thing')} removed, {size_text(removed)}.")
    elif chosen:
        lines.append(f"Nothing was removed. To remove {size_text(chosen)} for good, add --remove.")
    if len(chosen) < len(listed):
        lines.append("Runs of no study are kept unless --lone-runs is given.")
    if len(removed) < len(chosen) and removed:
        lines.append(f"{counted(len(chosen) - len(removed), 'thing')} stayed: somebody has claimed or renewed it.")
    return "\n".join(lines)


def size_text(listed: Sequence[Listed]) -> str:
    return bytes_text(sum(each.bytes for each in listed))
