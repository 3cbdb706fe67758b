"""What takes space in a results folder, and what of it no study needs.

    items = stored_items(results_dir)                         # every run, artefact, study, set-aside, … with its size
    found = find_garbage(items, results_dir, now=time.time()) # those that nothing needs
    remove(found[0], results_dir, now=time.time())            # for good

Needed are the runs of every plan that was ever made of a study, those of its confirmation included. A run that no
plan names is the user's own (`ablate optimizer=sgd seed=3` makes one), so it is garbage of a kind of its own. What
may be somebody's who lives is no garbage: what a process is writing, runs that are leased, runs of the last minutes.
"""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from ablate.core.artefacts import ARTEFACTS, is_of_metric
from ablate.core.errors import ExitCode
from ablate.core.identity import RUN_ID, short_id
from ablate.sanitize.files import stands
from ablate.storage.atomic import (
    CORRUPT,
    Damaged,
    ReadRefused,
    StoreError,
    discard,
    is_set_aside,
    is_temporary,
)
from ablate.storage.leases import Leases
from ablate.storage.runs import ARTEFACT_FOLDER, RunStore, artefact_version
from ablate.storage.studies import PLANS, StudyFolder, UnreadablePlan, study_names, unplanned_names

__all__ = [
    "Garbage",
    "GarbageKind",
    "ItemKind",
    "NoResultsFolder",
    "StoredItem",
    "UnknownNeeds",
    "find_garbage",
    "lone_runs",
    "planned_ids",
    "remove",
    "stored_items",
]

# Nobody takes an hour to write a run or a table, not even over a slow network.
DEAD_SECONDS = 3600.0
# A lone run that young may belong to a command that is still at work.
RECENT_SECONDS = 600.0
# What a checkout says of the folder stands in it.
README = "README.md"
WAY_OUT = "To mend what can be mended: ablate fsck --repair. Else run the command of the study again,"
# The upper folders, and how deep a folder may be a link: a run's own may, and a study's.
FOLDERS = {"runs": 3, "studies": 2, "claims": 1, "patches": 1}


class ItemKind(StrEnum):
    """What something in a results folder is."""

    RUN = "runs"
    ARTEFACT = "artefacts"
    STUDY = "studies"
    LEASE = "claims"
    PATCH = "patches"
    SET_ASIDE = "set aside"
    TEMPORARY = "temporary"
    OTHER = "other"


class GarbageKind(StrEnum):
    """Why nothing needs it."""

    SET_ASIDE = "set aside"
    TEMPORARY = "temporary"
    VOID_LEASE = "void claim"
    SUPERSEDED = "superseded"
    LONE_RUN = "lone run"


@dataclass(frozen=True)
class StoredItem:
    """A thing in a results folder: a run without its artefacts, an artefact, a study's folder, …

    `bytes` is the sum over its files; `modified_at` the latest change of any of them, in seconds since 1970.
    """

    kind: ItemKind
    path: Path
    bytes: int
    modified_at: float


@dataclass(frozen=True)
class Garbage:
    """A thing that nothing needs. `subject` is how a reader knows it: a run by the beginning of its id."""

    kind: GarbageKind
    subject: str
    item: StoredItem


class NoResultsFolder(StoreError):
    """Nothing lies there, nor can: it is no folder."""


class UnknownNeeds(StoreError):
    """A study whose plans cannot be read: which runs it needs is not known."""

    @property
    def exit_code(self) -> int:
        return ExitCode.DATA_PROBLEM


def stored_items(results_dir: Path) -> tuple[StoredItem, ...]:
    """Everything in the folder, sorted by path. Locks are left out: they are empty. So is the README,
    which explains the folder and is no part of a store.

    Raises:
        NoResultsFolder: where there is none.
    """
    if not results_dir.is_dir():
        raise NoResultsFolder(f"There is no results folder {results_dir}. Another place: results_dir=…")
    found: dict[Path, tuple[ItemKind, int, float]] = {}
    for file, size, modified_at in _files(results_dir):
        kind, path = _thing(file.relative_to(results_dir))
        if file == results_dir / README or (kind is ItemKind.OTHER and file.is_dir() and not file.is_symlink()):
            continue
        _, bytes_before, latest = found.get(path, (kind, 0, 0.0))
        found[path] = (kind, bytes_before + size, max(latest, modified_at))
    return tuple(
        StoredItem(kind, results_dir / path, size, modified_at)
        for path, (kind, size, modified_at) in sorted(found.items())
    )


def find_garbage(there: Sequence[StoredItem], results_dir: Path, now: float) -> tuple[Garbage, ...]:
    """What nothing needs, lone runs left out. `now` is in seconds since 1970."""
    leases = Leases(results_dir)
    has_metrics = any(each.kind is ItemKind.ARTEFACT and is_of_metric(each.path.stem) for each in there)
    asked = _asked_metrics(results_dir) if has_metrics else frozenset()
    return tuple(_without_use(there, results_dir, leases, now, asked))


def lone_runs(there: Sequence[StoredItem], results_dir: Path, now: float) -> tuple[Garbage, ...]:
    """Runs of no study that are not leased, and not of the last minutes; with the sizes of their artefacts.

    Raises:
        UnknownNeeds: when the plans of a study are damaged, or of another version.
    """
    leases = Leases(results_dir)
    leased = {run_id for run_id in leases.names() if not leases.is_void(run_id, now)}
    needed = planned_ids(results_dir) | leased
    beside: dict[Path, int] = defaultdict(int)
    for each in there:
        if each.kind is ItemKind.ARTEFACT:
            beside[each.path.parent.parent] += each.bytes
    return tuple(
        Garbage(GarbageKind.LONE_RUN, _run_title(each.path), replace(each, bytes=each.bytes + beside[each.path]))
        for each in there
        if each.kind is ItemKind.RUN and each.path.name not in needed and now - each.modified_at > RECENT_SECONDS
    )


def planned_ids(results_dir: Path) -> frozenset[str]:
    """Every run that any plan of any study names.

    Raises:
        UnknownNeeds: when a study's plans are damaged, of another version, set aside, or not there.
    """
    studies = results_dir / "studies"
    if stands(studies) and not studies.is_dir():
        raise UnknownNeeds(f"Which runs studies need is not known: {studies} is no folder.")
    try:
        for name in unplanned_names(results_dir):
            raise _unknown(name, f"{studies / name} has no {PLANS}", studies / name)
        folders = [StudyFolder(results_dir, name) for name in study_names(results_dir)]
        return frozenset(run_id for folder in folders for run_id in _needs(folder))
    except ReadRefused as error:
        raise UnknownNeeds(f"Which runs studies need is not known: {error}") from error


def remove(garbage: Garbage, results_dir: Path, now: float) -> bool:
    """Remove it for good; whether it could be. A run or a lease that somebody has taken meanwhile stays, and so does
    an artefact that was made anew.

    Raises:
        WriteFailed: when the file system refuses.
    """
    path, leases = garbage.item.path, Leases(results_dir)
    # What former code of a metric has measured is never made anew: its name holds the digest of the code.
    if garbage.kind is GarbageKind.SUPERSEDED and not (is_of_metric(path.stem) or _is_superseded(path)):
        return False
    if garbage.kind is GarbageKind.VOID_LEASE:
        return leases.clear(path.name, now)
    if garbage.kind is GarbageKind.LONE_RUN and not leases.take(path.name):
        return False
    try:
        _discard(path, results_dir)
    finally:
        if garbage.kind is GarbageKind.LONE_RUN:
            leases.release(path.name)
    return True


def _files(folder: Path) -> Iterator[tuple[Path, int, float]]:
    """Each file with its size in bytes and the time of its last change; what is gone by now is left out.

    The upper folders may be links, to another disk; each is gone into once. A link to any other is looked at as such,
    and a folder that cannot be looked into is there all the same.
    """
    seen: set[tuple[int, int]] = set()
    closed: list[Path] = []
    for parent, folders, names in os.walk(
        folder, followlinks=True, onerror=lambda error: closed.append(Path(error.filename))
    ):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        left = [name for name in links if not _is_gone_into(Path(parent, name), folder, seen)]
        folders[:] = [name for name in folders if name not in left]
        # A folder that holds nothing is there all the same.
        for path in (Path(parent, name) for name in ([*names, *left] if names or folders or left else ["."])):
            if path.name.endswith(".lock") and not path.is_dir():
                continue
            try:
                state = path.lstat()
            except FileNotFoundError:
                continue
            yield path, state.st_size if stat.S_ISREG(state.st_mode) else 0, state.st_mtime
    for path in closed:
        with suppress(OSError):
            yield path, 0, path.lstat().st_mtime


def _is_gone_into(link: Path, root: Path, seen: set[tuple[int, int]]) -> bool:
    """Whether a link to a folder is one of the upper folders of a store, and was not gone into before."""
    parts = link.relative_to(root).parts
    if len(parts) > FOLDERS.get(parts[0], 0):
        return False
    state = link.stat()
    key = (state.st_dev, state.st_ino)
    is_above = any(parent.exists() and parent.samefile(link) for parent in link.parents)
    if key in seen or is_above:
        return False
    seen.add(key)
    return True


def _thing(path: Path) -> tuple[ItemKind, Path]:
    """Of which thing a file is a part, and where that stands; both relative to the results folder."""
    parts = path.parts
    for depth in range(1, len(parts) + 1):
        whole = Path(*parts[:depth])
        if is_temporary(whole):
            return ItemKind.TEMPORARY, whole
        # A study may be called so.
        if (depth > 2 or parts[0] == "claims") and is_set_aside(whole):
            return ItemKind.SET_ASIDE, whole
    match parts:
        case ("runs", _, run_id, *rest) if RUN_ID.fullmatch(run_id):
            is_artefact = rest[:1] == [ARTEFACT_FOLDER] and len(rest) > 1
            return (ItemKind.ARTEFACT, Path(*parts[:5])) if is_artefact else (ItemKind.RUN, Path(*parts[:3]))
        case ("studies", _, _, *_):
            return ItemKind.STUDY, Path(*parts[:2])
        case ("claims", _, *_):
            return ItemKind.LEASE, Path(*parts[:2])
        case ("patches", _):  # of the code that ran; records name them
            return ItemKind.PATCH, path
    return ItemKind.OTHER, path


def _without_use(
    there: Sequence[StoredItem], results_dir: Path, leases: Leases, now: float, asked: frozenset[str]
) -> Iterator[Garbage]:
    for each in there:
        match each.kind:
            case ItemKind.SET_ASIDE:
                yield Garbage(GarbageKind.SET_ASIDE, str(each.path.relative_to(results_dir)), each)
            case ItemKind.TEMPORARY if now - each.modified_at > DEAD_SECONDS:
                yield Garbage(GarbageKind.TEMPORARY, str(each.path.relative_to(results_dir)), each)
            case ItemKind.LEASE if leases.is_void(each.path.name, now):
                yield Garbage(GarbageKind.VOID_LEASE, _run_title(each.path), each)
            case ItemKind.ARTEFACT if _is_superseded(each.path) or _is_of_other_code(each.path.stem, asked):
                run = each.path.parent.parent
                yield Garbage(GarbageKind.SUPERSEDED, f"{_run_title(run)}, {each.path.stem}", each)


def _is_superseded(path: Path) -> bool:
    """Whether an artefact is of a version that the code which is running has given up; it counts as missing."""
    try:
        return path.stem in ARTEFACTS and artefact_version(path) < ARTEFACTS[path.stem].version
    except (OSError, Damaged):
        return False


def _is_of_other_code(artefact: str, asked: frozenset[str]) -> bool:
    """Whether it holds an open metric that studies ask for, and none as this code has measured it."""
    metric = artefact.partition("@")[0]
    return is_of_metric(artefact) and artefact not in asked and any(name.partition("@")[0] == metric for name in asked)


def _asked_metrics(results_dir: Path) -> frozenset[str]:
    """The artefacts of the open metrics that studies ask for, of each metric as the study's last plan with it does: the
    code that an earlier one named was given up. None where a plan cannot be read, which leaves open what is asked for.
    """
    asked: set[str] = set()
    try:
        for name in study_names(results_dir):
            lines = StudyFolder(results_dir, name).plan_lines()
            asked.update({each.partition("@")[0]: each for line in lines for each in line.plan.measured}.values())
    except StoreError:
        return frozenset()
    return frozenset(asked)


def _needs(folder: StudyFolder) -> Iterator[str]:
    plans, _ = folder.journals
    damaged = plans.damaged()
    if damaged:
        number, reason = damaged[0]
        raise _unknown(folder.name, f"{plans.path}, line {number} is damaged ({reason})", folder.path)
    try:
        lines = folder.plan_lines()
    except UnreadablePlan as error:
        raise UnknownNeeds(f"Which runs study {folder.name} needs is not known: {error}") from error
    if not lines:
        raise _unknown(folder.name, f"{plans.path} is empty", folder.path)
    for path in sorted(folder.path.iterdir()):
        if path.name.startswith(f"{PLANS}{CORRUPT}"):
            raise UnknownNeeds(
                f"Which runs study {folder.name} needs is not known: plans of it were set aside as {path}.\n"
                f"Run the command of the study again, which plans what is missing, and remove {path.name}."
            )
    for line in lines:
        yield from line.plan.possible_run_ids


def _unknown(name: str, reason: str, folder: Path) -> UnknownNeeds:
    return UnknownNeeds(f"Which runs study {name} needs is not known: {reason}.\n{WAY_OUT} or remove {folder}.")


def _run_title(path: Path) -> str:
    return f"run {short_id(path.name)}" if RUN_ID.fullmatch(path.name) else path.name


def _discard(path: Path, results_dir: Path) -> None:
    store = RunStore(results_dir)
    if (results_dir / "runs") in path.parents:
        store.remove(path)
    elif stands(path):
        discard(path)
