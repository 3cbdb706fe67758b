"""Everything in a results folder, verified, and what can be mended of it.

    found = fsck(results_dir, reports_dir)                  # changes nothing
    found.findings                                          # (StoreFinding(DAMAGED, "run 3fa9…", …), …)
    fsck(results_dir, reports_dir, repair=True).mended      # those that were mended

Verified are the checksums of every record, of its spec and arrays, of every artefact, plan and event; that each run
bears the name that its spec gives it; that the weights of completed runs are finite; and that the tables of each
study are those that its plan and its runs give.
"""

from __future__ import annotations

import errno
import io
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

import numpy as np

from ablate.core.artefacts import ARTEFACTS, is_of_metric
from ablate.core.identity import short_id
from ablate.core.plans import StudyPlan
from ablate.core.records import STATISTICS, Status, StoredRun
from ablate.operations.as_json import document, shows
from ablate.operations.lost_plans import rebuild, remains, unplanned
from ablate.operations.request import reports_folder, results_folder
from ablate.operations.space import Space, space_by_kind
from ablate.sanitize.files import oddity_of, stands
from ablate.storage.atomic import Damaged, ReadRefused, file_system_time, open_stored, read_stored, set_aside
from ablate.storage.garbage import (
    FOLDERS,
    Garbage,
    GarbageKind,
    ItemKind,
    StoredItem,
    UnknownNeeds,
    find_garbage,
    lone_runs,
    remove,
    stored_items,
)
from ablate.storage.journal import Journal
from ablate.storage.runs import (
    ARTEFACT_FOLDER,
    MissingRun,
    RunStore,
    UnreadableRecord,
    open_artefact,
    read_run,
    read_unlocked,
)
from ablate.storage.studies import StudyFolder, UnreadablePlan, study_names

__all__ = ["Inspection", "StoreFinding", "What", "fsck"]


class What(StrEnum):
    """What was found. Of garbage it is the `GarbageKind`."""

    DAMAGED = "damaged"
    REFUSED = "cannot be read"
    TABLES = "tables"
    ANOTHER_VERSION = "another version"
    STRAY = "stray"


# A table can be made again at any time; what is about to be written anew is nothing wrong. See `is_problem`.
PROBLEMS = (What.DAMAGED, What.REFUSED, What.TABLES)
# Of a table.
MISSING = "is missing"
# Of a run, see `_is_broken`.
BROKEN = "is completed, and its weights are not finite: it diverged"
# How many times as long as ours a parquet file may be that says the same.
LONGER = 100
# What a repair removes: nobody can want it. The rest is for `ablate gc`.
REMOVED = (GarbageKind.TEMPORARY, GarbageKind.VOID_LEASE)


@shows("what", "subject", "detail", "path", "bytes", "is_problem", "is_mended")
@dataclass(frozen=True)
class StoreFinding:
    """One thing that is not as it should be, or that need not be there.

    Attributes:
        subject: how a reader knows it: a run by the beginning of its id, a study by its name.
        detail: what is wrong with it; empty for garbage.
        path: where it is, seen from the results folder. Of a table the folder of its study.
        bytes: how much space it takes; 0 for what is wrong inside a file.
        is_problem: whether something was lost, or would be believed wrongly: damage, files that the system does not
            let read, tables of a study whose runs are all done that are not those of its runs.
        garbage: what it is as such.
        is_mended: whether a repair has mended it.
    """

    what: What | GarbageKind
    subject: str
    detail: str
    path: Path
    bytes: int = 0
    is_problem: bool = False
    garbage: Garbage | None = None
    is_mended: bool = field(default=False, compare=False)


@document("fsck", version=1)
@shows("results_dir", "findings", "space", "problems_left=number_of_problems_left")
@dataclass(frozen=True)
class Inspection:
    """What was found, problems first; and what of each kind lies in the folder since then."""

    results_dir: Path
    findings: tuple[StoreFinding, ...]
    space: Mapping[str, Space]

    @property
    def mended(self) -> tuple[StoreFinding, ...]:
        return tuple(finding for finding in self.findings if finding.is_mended)

    @property
    def problems_left(self) -> tuple[StoreFinding, ...]:
        return tuple(finding for finding in self.findings if finding.is_problem and not finding.is_mended)

    @property
    def number_of_problems_left(self) -> int:
        return len(self.problems_left)


def fsck(
    results_dir: Path | str | None = None, reports_dir: Path | str | None = None, *, repair: bool = False
) -> Inspection:
    """Everything in the results folder, verified. Without `repair` no file is changed, nor any lock taken.

    Args:
        reports_dir: where reports of studies whose tables were mended are written again.
        repair: whether to set aside what is damaged, remove what dead processes left, and write the tables and
            reports of studies again. Runs that were set aside count as missing.

    Raises:
        NoResultsFolder: where there is none.
        WriteFailed: when the file system refuses a repair; what was mended before stays so.
    """
    results = results_folder(results_dir)
    there = stored_items(results)
    # What is removed is removed by the clock that dates the files; looking writes nothing.
    now = file_system_time(results) if repair else time.time()
    findings = _findings(there, results, now)
    if not repair:
        return _inspection(results, findings, (), there)
    mended = _mended(findings, results, reports_folder(reports_dir), now)
    return _inspection(results, findings, mended, stored_items(results))


def _inspection(
    results_dir: Path,
    findings: tuple[StoreFinding, ...],
    mended: tuple[StoreFinding, ...],
    there: tuple[StoredItem, ...],
) -> Inspection:
    are_mended = set(mended)
    return Inspection(
        results_dir,
        tuple(
            replace(finding, path=finding.path.relative_to(results_dir), is_mended=finding in are_mended)
            for finding in findings
        ),
        space_by_kind((each.kind.value, each.bytes) for each in there),
    )


def _findings(there: tuple[StoredItem, ...], results_dir: Path, now: float) -> tuple[StoreFinding, ...]:
    """Everything that is found, problems first. `now` is in seconds since 1970."""
    found = [
        *_of_runs(there),
        *_of_artefacts(there),
        *_of_leases(there),
        *_of_places(results_dir),
        *_of_studies(results_dir),
        *_of_strays(there, results_dir),
        *map(_of_garbage, find_garbage(there, results_dir, now)),
    ]
    # Which runs are lone is not known while a plan cannot be read, which was found above.
    with suppress(UnknownNeeds):
        found += map(_of_garbage, lone_runs(there, results_dir, now))
    return tuple(sorted(found, key=lambda finding: not finding.is_problem))


def _mended(
    findings: tuple[StoreFinding, ...], results_dir: Path, reports_dir: Path, now: float
) -> tuple[StoreFinding, ...]:
    """Mends what can be mended; those findings, in their order."""
    from ablate.operations.publish import publish

    store = RunStore(results_dir)
    mended = {finding for finding in findings if _mend(finding, store, now)}
    of_tables = [finding for finding in findings if finding.what is What.TABLES]
    # A plan that was set aside a moment ago is missing by now.
    rebuilt = [name for name in unplanned(results_dir) if rebuild(results_dir, reports_dir, name)]
    mended |= {each for each in findings if _is_of_study(each, results_dir) and each.path.name in rebuilt}
    # With fewer plan lines the tables may be others.
    journals = [finding.path.parent.name for finding in mended if finding.path.suffix == ".jsonl"]
    for finding in (*of_tables, *_of_tables(sorted({*journals, *rebuilt}), results_dir)):
        publish(StudyFolder(results_dir, finding.path.name), store, reports_dir)
    return tuple(finding for finding in findings if finding in mended or finding in of_tables)


def _mend(finding: StoreFinding, store: RunStore, now: float) -> bool:
    """Whether a finding that is not about tables could be mended."""
    path = finding.path
    if finding.garbage is not None:
        return finding.garbage.kind in REMOVED and remove(finding.garbage, store.root, now)
    # What studies need stays: aside, it would be missed by nobody.
    if finding.what is not What.DAMAGED or path == store.root / "studies" or _is_of_study(finding, store.root):
        return False
    if path.parent in (store.root, store.root / "claims") or _is_left(path, store.root):
        if stands(path):
            set_aside(path)
    elif path.suffix == ".jsonl":
        Journal(path).repair()
    elif path.suffix == ".npz":
        with suppress(FileNotFoundError):
            try:
                open_artefact(path, path.parent.parent.name, path.stem)
            except Damaged as damage:
                store.set_aside(path, damage)
    elif path.is_dir() and path == store.folder(path.name):
        # Reading sets aside, under the lock, what is damaged still.
        with suppress(MissingRun):
            if _is_broken(store.get(path.name)):
                store.set_aside(path, Damaged(f"{path} {BROKEN}"))
    else:
        store.set_aside(path, Damaged(f"{path} {finding.detail}"))
    return True


def _is_left(path: Path, results_dir: Path) -> bool:
    """Whether it is of a study, and neither of its journals."""
    return path.parent.parent == results_dir / "studies" and path.suffix != ".jsonl"


def _is_of_study(finding: StoreFinding, results_dir: Path) -> bool:
    """Whether it is about a study without a plan."""
    return finding.what is What.DAMAGED and finding.path.parent == results_dir / "studies"


def _of_runs(there: tuple[StoredItem, ...]) -> Iterator[StoreFinding]:
    sizes = {each.path: each.bytes for each in there if each.kind is ItemKind.RUN}
    beside = {each.path.parent.parent for each in there if each.kind is ItemKind.ARTEFACT}
    for folder in sorted({*sizes, *beside}):
        artefacts = folder / ARTEFACT_FOLDER
        if _is_no_folder(artefacts):
            subject = f"run {short_id(folder.name)}, {ARTEFACT_FOLDER}"
            yield StoreFinding(What.DAMAGED, subject, "is no folder", artefacts, is_problem=True)
        found = _of_run(folder)
        if found is not None:
            what, detail = found
            yield StoreFinding(
                what, f"run {short_id(folder.name)}", detail, folder, sizes.get(folder, 0), what in PROBLEMS
            )


def _of_run(folder: Path) -> tuple[What, str] | None:
    if folder.parent.name != folder.name[:2]:
        return What.DAMAGED, f"stands in {folder.parent.name}/, where no run of its name is looked for"
    try:
        run = read_unlocked(folder, read_run)
    except Damaged as damage:
        return What.DAMAGED, _without_folder(str(damage), folder)
    except UnreadableRecord as error:
        return What.ANOTHER_VERSION, error.reason
    except OSError as error:
        return What.REFUSED, _said(error)
    except MissingRun:
        return None
    return (What.DAMAGED, BROKEN) if _is_broken(run) else None


def _is_broken(run: StoredRun) -> bool:
    """Whether it counts as completed and its weights are not finite: earlier versions looked at the losses alone,
    from which a graph of operations hides such weights, for its ReLU(NaN) is 0."""
    statistics = run.arrays.get(STATISTICS, np.zeros(()))
    is_finite = statistics.dtype.kind != "f" or bool(np.isfinite(statistics).all())
    return run.record.status is Status.COMPLETED and not is_finite


def _of_leases(there: tuple[StoredItem, ...]) -> Iterator[StoreFinding]:
    for each in there:
        if each.kind is ItemKind.LEASE:
            subject = f"claim of run {short_id(each.path.name)}"
            try:
                oddity = oddity_of(each.path)
            except OSError as error:
                yield StoreFinding(What.REFUSED, subject, _said(error), each.path, is_problem=True)
                continue
            if oddity:
                yield StoreFinding(What.DAMAGED, subject, oddity, each.path, is_problem=True)


def _of_places(results_dir: Path) -> Iterator[StoreFinding]:
    """The folders that hold all others, where one cannot be looked into or is none."""
    shards = (results_dir / "runs").glob("??")
    for path in (*(results_dir / name for name in FOLDERS), *sorted(shards)):
        subject = str(path.relative_to(results_dir))
        if _is_no_folder(path):
            yield StoreFinding(What.DAMAGED, subject, "is no folder", path, is_problem=True)
        elif path.is_dir() and not os.access(path, os.R_OK | os.X_OK):
            yield StoreFinding(What.REFUSED, subject, os.strerror(errno.EACCES), path, is_problem=True)


def _is_no_folder(path: Path) -> bool:
    """Whether something stands in the place of a folder and is none, a link that leads nowhere included."""
    return stands(path) and not path.is_dir()


def _of_artefacts(there: tuple[StoredItem, ...]) -> Iterator[StoreFinding]:
    for each in there:
        if each.kind is ItemKind.ARTEFACT:
            run, name = each.path.parent.parent, each.path.stem
            found = _of_artefact(each.path, run.name, name)
            if found is not None:
                what, detail = found
                subject = f"run {short_id(run.name)}, {name}"
                yield StoreFinding(what, subject, detail, each.path, each.bytes, what in PROBLEMS)


def _of_artefact(path: Path, run_id: str, name: str) -> tuple[What, str] | None:
    if path.suffix != ".npz":
        return What.STRAY, "is no artefact"
    try:
        version, _ = open_artefact(path, run_id, name)
    except Damaged as damage:
        return What.DAMAGED, _without_folder(str(damage), path.parent)
    except FileNotFoundError:
        return None
    except OSError as error:
        return What.REFUSED, _said(error)
    if is_of_metric(name):
        return None
    if name not in ARTEFACTS:
        return What.ANOTHER_VERSION, "an artefact that this version does not know"
    if version > ARTEFACTS[name].version:
        return What.ANOTHER_VERSION, f"an artefact of version {version}; this version reads {ARTEFACTS[name].version}"
    return None


def _of_studies(results_dir: Path) -> Iterator[StoreFinding]:
    try:
        names = study_names(results_dir)
        without = unplanned(results_dir)
    except ReadRefused as error:
        path = results_dir / "studies"
        yield StoreFinding(What.REFUSED, "studies", error.reason, path, is_problem=True)
        return
    for name in without:
        path = results_dir / "studies" / name
        yield StoreFinding(What.DAMAGED, f"study {name}", remains(results_dir, name), path, is_problem=True)
    for name in names:
        yield from _of_journals(StudyFolder(results_dir, name))
        yield from _of_left(StudyFolder(results_dir, name))
    yield from _of_tables(names, results_dir)


def _of_journals(folder: StudyFolder) -> Iterator[StoreFinding]:
    subject = f"study {folder.name}"
    for journal in folder.journals:
        try:
            for number, reason in journal.damaged():
                detail = f"{journal.path.name}, line {number} is damaged ({_without_folder(reason, folder.path)})"
                yield StoreFinding(What.DAMAGED, subject, detail, journal.path, is_problem=True)
        except ReadRefused as error:
            yield StoreFinding(What.REFUSED, subject, error.reason, journal.path, is_problem=True)


def _of_left(folder: StudyFolder) -> Iterator[StoreFinding]:
    # Arrays and what is made of them, which a message of usage need not wait for.
    from ablate.operations.publish import LEFT, read_left

    subject = f"study {folder.name}"
    for name, unpack in LEFT.items():
        path = folder.path / name
        try:
            read_left(folder, name, unpack)
        except Damaged as damage:
            yield StoreFinding(What.DAMAGED, subject, _without_folder(str(damage), folder.path), path, is_problem=True)
        except ReadRefused as error:
            yield StoreFinding(What.REFUSED, subject, error.reason, path, is_problem=True)


def _of_tables(names: Iterable[str], results_dir: Path) -> Iterator[StoreFinding]:
    # Reading must not set aside here what is damaged; it counts as missing all the same.
    store = RunStore(results_dir, sets_aside=False)
    for name in names:
        folder = StudyFolder(results_dir, name)
        try:
            # Which plan holds, or what came late, is not known where a line is damaged.
            plan = None if any(journal.damaged() for journal in folder.journals) else folder.plan()
        except ReadRefused:  # found already
            continue
        except UnreadablePlan as error:
            yield StoreFinding(What.ANOTHER_VERSION, f"study {name}", error.reason, folder.path)
            continue
        # A run that cannot be read has been found already; what tables it would give is not known.
        with suppress(UnreadableRecord, OSError):
            if plan is not None:
                yield from _of_tables_of(plan, folder, store)


def _of_tables_of(plan: StudyPlan, folder: StudyFolder, store: RunStore) -> Iterator[StoreFinding]:
    # pandas and pyarrow, which a message of usage need not wait for.
    from ablate.analysis.frame import study_tables

    present = store.present(plan.possible_run_ids, plan.measured).items()
    runs = {run_id: run for run_id, run in present if not _is_broken(run)}
    del present
    is_done = all(run_id in runs and runs[run_id].record.status.is_outcome for run_id in plan.run_ids)
    tables = study_tables(plan, runs, events=folder.events())
    del runs  # of ten thousand there is not room for these and for the files of the tables
    states = {name: _state_of_table(folder.path / name, [content]) for name, content in tables.files().items()}
    states["history.csv"] = _state_of_table(folder.path / "history.csv", tables.history_csv())
    wrong = [f"{name} {state}" for name, state in states.items() if state]
    if wrong:
        said = "none is written" if set(states.values()) == {MISSING} else ", ".join(wrong)
        detail = said + ("" if is_done else " (its runs are not all done)")
        yield StoreFinding(What.TABLES, f"study {folder.name}", detail, folder.path, is_problem=is_done)


def _state_of_table(path: Path, pieces: Iterable[bytes]) -> str:
    """What is wrong with a table that should be these pieces, one after the other; empty when nothing is."""
    try:
        with open_stored(path) as kept:
            if all(kept.read(len(piece)) == piece for piece in pieces) and not kept.read(1):
                return ""
            content = b"".join(pieces) if path.suffix == ".parquet" else b""
            # A table of another version of the library is about as long.
            if content and _says_the_same(read_stored(path, LONGER * len(content)), content):
                return ""
    except FileNotFoundError:
        return MISSING
    except Damaged as damage:
        return "is no file" if oddity_of(path) else f"is not what the plan and the runs give ({damage.__cause__})"
    return "is not what the plan and the runs give"


def _says_the_same(kept: bytes, content: bytes) -> bool:
    """Whether two parquet files hold one table, written by two versions of the library; one writes equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        theirs, ours = (pq.ParquetFile(io.BytesIO(each)) for each in (kept, content))
        is_other_version = theirs.metadata.created_by != ours.metadata.created_by
        # A few bytes of parquet can repeat a row as often as they like.
        is_as_long = theirs.metadata.num_rows == ours.metadata.num_rows
        return is_other_version and is_as_long and bool(theirs.read().equals(ours.read()))
    except (pa.ArrowException, OSError, ValueError):
        return False


def _of_strays(there: tuple[StoredItem, ...], results_dir: Path) -> Iterator[StoreFinding]:
    for each in there:
        if each.kind is ItemKind.OTHER:
            subject = str(each.path.relative_to(results_dir))
            yield StoreFinding(What.STRAY, subject, "is no part of a store", each.path, each.bytes)


def _of_garbage(garbage: Garbage) -> StoreFinding:
    return StoreFinding(garbage.kind, garbage.subject, "", garbage.item.path, garbage.item.bytes, garbage=garbage)


def _without_folder(message: str, folder: Path) -> str:
    """What was said of a file, without where all files of a run are."""
    return message.replace(f"{folder}/", "").removeprefix(f"{folder} ")


def _said(error: OSError) -> str:
    return error.reason if isinstance(error, ReadRefused) else error.strerror or str(error)
