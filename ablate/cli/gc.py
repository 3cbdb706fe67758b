"""Say what no study needs, with sizes; it is removed with --remove only. What processes that live may want is never
listed: leased runs, runs of the last ten minutes, what is being written.

ablate gc                               what could be removed
ablate gc --remove                      set-asides, what the dead left, artefacts of versions that were given up
ablate gc --remove --lone-runs          runs that no plan of any study names, as well: nobody but you needs those
ablate gc --remove --older-than 30      of these what has not changed for 30 days
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from ablate.cli.fsck import refuse
from ablate.cli.output import Output, bytes_text, seconds_text
from ablate.cli.space import folded, space_table
from ablate.cli.verbs import Invocation
from ablate.cli.wording import counted
from ablate.core.errors import ExitCode, UsageError
from ablate.core.identity import Json
from ablate.storage.garbage import (
    Garbage,
    GarbageKind,
    StoredItem,
    UnknownNeeds,
    find_garbage,
    lone_runs,
    remove,
    stored_items,
)

WORDS = "setting"
WORDS_HELP = "where the store is: results_dir=…"

SECONDS_A_DAY = 86400.0


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--remove", action="store_true", help="remove for good what is listed")
    parser.add_argument("--lone-runs", action="store_true", help="count runs of no study among it")
    parser.add_argument("--older-than", type=float, default=0.0, metavar="DAYS", help="only what has not changed since")
    parser.add_argument("--json", action="store_true", help="print one list of JSON objects instead of lines")


def execute(invocation: Invocation, output: Output) -> int:
    settings, words = invocation.settings()
    options, results_dir = invocation.options, settings.results_dir
    if not options.older_than >= 0:
        raise UsageError("--older-than takes a number of days from 0")
    refuse(words, results_dir)
    now = time.time()
    there = stored_items(results_dir)
    found = [*find_garbage(there, results_dir, now), *lone(there, results_dir, now, options.lone_runs, output)]
    old = [each for each in found if now - each.item.modified_at >= options.older_than * SECONDS_A_DAY]
    chosen = [each for each in old if options.lone_runs or each.kind is not GarbageKind.LONE_RUN]
    removed = [each for each in chosen if options.remove and remove(each, results_dir, now)]
    if options.json:
        output.data([garbage_json(each, each in chosen, each in removed, results_dir, now) for each in old])
    else:
        show(old, chosen, removed, now, output)
    return ExitCode.DONE


def lone(
    there: Sequence[StoredItem], results_dir: Path, now: float, are_wanted: bool, output: Output
) -> Sequence[Garbage]:
    """The runs of no study. Where a plan cannot be read none is known to be one, which is an error only if these
    are what is wanted.

    Raises:
        UnknownNeeds: when they are wanted and are not known.
    """
    try:
        return lone_runs(there, results_dir, now)
    except UnknownNeeds as error:
        if are_wanted:
            raise
        output.problem(str(error))
        return ()


def show(
    found: Sequence[Garbage], chosen: Sequence[Garbage], removed: Sequence[Garbage], now: float, output: Output
) -> None:
    for kind in dict.fromkeys(each.kind for each in found):
        lines = [line_of(each, each in removed, now) for each in found if each.kind is kind]
        output.result("\n".join(folded(kind, lines)))
    if found:
        output.result(space_table((each.kind, each.item.bytes) for each in found))
    output.result(verdict(found, chosen, removed))


def line_of(garbage: Garbage, is_removed: bool, now: float) -> str:
    """What could be removed, in a line."""
    age = age_text(max(now - garbage.item.modified_at, 0.0))
    done = ", removed" if is_removed else ""
    return f"{garbage.kind}: {garbage.subject} ({bytes_text(garbage.item.bytes)}, {age} old{done})"


def age_text(seconds: float) -> str:
    days = int(seconds / SECONDS_A_DAY)
    return counted(days, "day") if days else seconds_text(seconds)


def verdict(found: Sequence[Garbage], chosen: Sequence[Garbage], removed: Sequence[Garbage]) -> str:
    """What it comes to, and what to do about it."""
    if not found:
        return "There is nothing that no study needs."
    lines = []
    if removed:
        lines.append(f"{counted(len(removed), 'thing')} removed, {size_text(removed)}.")
    elif chosen:
        lines.append(f"Nothing was removed. To remove {size_text(chosen)} for good, add --remove.")
    if len(chosen) < len(found):
        lines.append("Runs of no study are kept unless --lone-runs is given.")
    if len(removed) < len(chosen) and removed:
        lines.append(f"{counted(len(chosen) - len(removed), 'thing')} stayed: somebody has claimed or renewed it.")
    return "\n".join(lines)


def size_text(found: Sequence[Garbage]) -> str:
    return bytes_text(sum(each.item.bytes for each in found))


def garbage_json(garbage: Garbage, is_chosen: bool, is_removed: bool, results_dir: Path, now: float) -> dict[str, Json]:
    return {
        "kind": garbage.kind.value,
        "subject": garbage.subject,
        "path": str(garbage.item.path.relative_to(results_dir)),
        "bytes": garbage.item.bytes,
        "age_seconds": now - garbage.item.modified_at,
        "is_chosen": is_chosen,
        "is_removed": is_removed,
    }
