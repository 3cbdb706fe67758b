"""The run store: a folder for each run, named by the hash of its spec, there whole or not at all.

    store = RunStore(Path("results"))
    store.put(run)                      # keeps what is there, unless that is a failure
    store.get(run.spec.run_id)          # a StoredRun, every byte of it verified
    store.find("3fa9")                  # the one id that begins so

On disk, under `results/runs/<first two digits>/<run_id>/`:

    spec.json     what was run: a pure function of the spec
    arrays.npz    history, predictions, statistics: uncompressed, and without times, so that equal arrays
                  are equal bytes on every machine
    record.json   what came out, when and where; holds the sizes and checksums of the other two and, last,
                  the checksum of its own canonical JSON
    artefacts/    what else was asked for, a file for each: <name>.npz, which bears the id of its run, its
                  version and its checksum in the comment of its archive

The folders are the whole state: there is no index. Further files may stand in a run's folder; the store
reads those it knows. What is damaged is renamed to `<run_id>.corrupt`, a damaged artefact to
`<name>.npz.corrupt`, with a warning in the log, and counts as missing. `<run_id>.superseded` is what a run was
before it was trained anew with other versions and came out otherwise.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import stat
import struct
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec
from filelock import FileLock

from ablate.core.artefacts import ARTEFACTS, PROBES, artefact_version as current_version, is_of_metric
from ablate.core.errors import ExitCode
from ablate.core.identity import RUN_ID, Json, digest_of_text, sha256_of_bytes, short_id
from ablate.core.records import Array, RunRecord, StoredRun, unlike
from ablate.core.specs import RunSpec, run_id_of
from ablate.sanitize.files import content_of, stands
from ablate.storage.atomic import (
    SUPERSEDED,
    Damaged,
    ReadRefused,
    StoreError,
    WriteFailed,
    discard,
    holding,
    move_into_place,
    open_stored,
    read_stored,
    sealed_text,
    set_aside,
    staged_folder,
    unseal,
    write_atomically,
)
from ablate.storage.npz import pack, unpack

__all__ = [
    "AmbiguousPrefix",
    "AnotherArtefact",
    "MissingArtefact",
    "MissingRun",
    "RunStore",
    "UnreadableRecord",
    "how_to_keep",
]

SPEC, ARRAYS, RECORD = "spec.json", "arrays.npz", "record.json"
ARTEFACT_FOLDER = "artefacts"
# The last field of an archive without a comment.
COMMENT_LENGTH = struct.Struct("<H")
SHOWN_CANDIDATES = 5
# Of a record, or a spec; of arrays, or an artefact, which may be the weights of a large model.
MOST_TEXT_BYTES, MOST_ARRAY_BYTES = 2**28, 2**36

Result = TypeVar("Result")
log = logging.getLogger(__name__)


class MissingRun(StoreError, LookupError):
    """No sound record has this id, or begins with this prefix of one."""

    def __init__(self, prefix: str) -> None:
        super().__init__(f"no run {prefix} in the store")
        self.prefix = prefix


class MissingArtefact(StoreError, LookupError):
    """The run is there, and this artefact of it is not, or is one of another version."""

    def __init__(self, run_id: str, name: str) -> None:
        super().__init__(f"run {short_id(run_id)} has no {name} saved. {how_to_keep(name)}")
        self.run_id = run_id
        self.name = name


def how_to_keep(name: str) -> str:
    """What helps whoever misses an artefact, where the words of the command are not known."""
    return f"The command that made it keeps {name} with keep=[{name}] added."


class AnotherArtefact(StoreError):
    """The run has this artefact already, with other numbers; what is there stays."""

    def __init__(self, run_id: str, name: str) -> None:
        super().__init__(f"run {short_id(run_id)} has {name} saved already, with other numbers")
        self.run_id = run_id
        self.name = name


class AmbiguousPrefix(StoreError, LookupError):
    """Several run ids begin with this prefix; `candidates` holds them all."""

    def __init__(self, prefix: str, candidates: tuple[str, ...]) -> None:
        shown = ", ".join(candidates[:SHOWN_CANDIDATES]) + (" …" if len(candidates) > SHOWN_CANDIDATES else "")
        super().__init__(f"{len(candidates)} runs begin with {prefix!r}: {shown}")
        self.prefix = prefix
        self.candidates = candidates


class UnreadableRecord(StoreError):
    """A record whose bytes are sound and whose meaning is unknown: another version of ablate wrote it."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"{folder} was written by another version of ablate: {reason}")
        self.folder = folder
        self.reason = reason

    @property
    def exit_code(self) -> int:
        return ExitCode.DATA_PROBLEM

    @property
    def hint(self) -> str:
        return "It stays as it is: the version that wrote it reads it. This one can use another results_dir."


class RunStore:
    """The runs under `root/runs`. Readers take no lock; whoever renames a run's folder does.

    With `sets_aside` off, what is damaged counts as missing as well, but stays where it is and is not spoken of:
    reading changes nothing on the disk.
    """

    def __init__(self, root: Path, sets_aside: bool = True) -> None:
        self.root = root
        self.sets_aside = sets_aside
        self._runs = root / "runs"
        # One lock object: it may be taken again by the thread that holds it, which a second object may not.
        self._lock = FileLock(self._runs / ".lock")

    def has(self, run_id: str) -> bool:
        """Whether `record` would find one."""
        try:
            self.record(run_id)
        except MissingRun:
            return False
        return True

    def record(self, run_id: str) -> RunRecord:
        """What came out of a run, from record.json alone; of its neighbours only the sizes are looked at.

        Raises:
            MissingRun: when there is none, or what was there is damaged and has been set aside.
            UnreadableRecord: when another version of ablate wrote it.
        """
        return self._read(run_id, read_record)

    def get(self, run_id: str) -> StoredRun:
        """A run with its spec and arrays, all checksums verified.

        Raises:
            MissingRun: when there is none, or what was there is damaged and has been set aside.
            UnreadableRecord: when another version of ablate wrote it.
        """
        return self._read(run_id, read_run)

    def arrays(self, record: RunRecord, names: Collection[str] | None = None) -> Mapping[str, Array]:
        """The arrays of a run whose record was read from here, verified by what that said of them; those called
        `names` at least.

        Raises:
            MissingRun: when it is gone, or what was there is damaged and has been set aside.
            UnreadableRecord: when another version of ablate wrote it.
        """
        path = self.folder(record.run_id) / ARRAYS
        try:
            content = _verified(path, record.files[ARRAYS], MOST_ARRAY_BYTES)
        except (KeyError, Damaged):
            # Another record than that one is there by now, or none that is sound.
            return self.get(record.run_id).arrays
        with _interpreting(path.parent):
            return unpack(content, names)

    def present(self, run_ids: Iterable[str], measured: Collection[str] = ()) -> dict[str, StoredRun]:
        """Those of the runs that there are, by id and in their order, with what probes have measured of them; all
        checksums verified.

        Args:
            measured: artefacts of open metrics that are wanted as well, see `ablate.core.metrics`.

        Raises:
            UnreadableRecord: when another version of ablate wrote one.
        """
        return dict(self._present(run_ids, measured))

    def put(self, run: StoredRun) -> bool:
        """Keep a run with its artefacts; whether it was kept.

        A completed or diverged record that is there already stays: equal specs have equal outcomes, so
        the first is as good as the second, and readers may hold it. A failed record gives way.

        Raises:
            WriteFailed: when the file system refuses; the store is as it was before.
            ValueError: when the record is another run's, or holds a number that JSON cannot say.
        """
        folder = self.folder(run.spec.run_id)
        with staged_folder(self._runs, encode_all(run)) as staged, holding(self._lock):
            if stands(folder) and self._has_outcome(run.spec.run_id):
                return False
            # Still there, unless it was damaged and has been set aside by that look.
            if stands(folder):
                discard(folder)
            move_into_place(staged, folder)
        return True

    def supersede(self, run: StoredRun) -> tuple[str, ...]:
        """Keep a run in place of the one that is there; what of that one did not come out again, to the last bit.

        A run that came out again goes, for nothing of it is lost; another is renamed to `<run_id>.superseded`.

        Raises:
            MissingRun: when there is none; nothing is kept then.
            WriteFailed: when the file system refuses.
            ValueError: as `put`.
        """
        folder = self.folder(run.spec.run_id)
        with staged_folder(self._runs, encode_all(run)) as staged, self._lock:
            what = unlike(self.get(run.spec.run_id), run)
            if what:
                set_aside(folder, SUPERSEDED)
            else:
                discard(folder)
            move_into_place(staged, folder)
        return what

    def artefacts(self, run_id: str) -> tuple[str, ...]:
        """The names of the artefacts that are kept of a run, in the order of `ARTEFACTS`; not one of another
        version. Only the end of each file is read."""
        folder = self.folder(run_id) / ARTEFACT_FOLDER
        if not os.path.isdir(folder):  # noqa: PTH112  # in half of the time, for each of ten thousand runs
            return ()
        return tuple(name for name in ARTEFACTS if is_current(folder / f"{name}.npz", name))

    def has_artefact(self, run_id: str, name: str) -> bool:
        """Whether an artefact is kept of a run, of the current version; only the end of its file is read."""
        return is_current(self.folder(run_id) / ARTEFACT_FOLDER / f"{name}.npz", name)

    def artefact(self, run_id: str, name: str) -> dict[str, Array]:
        """The arrays of an artefact, see `ablate.core.artefacts`; their checksum is verified.

        Raises:
            MissingArtefact: when it was not kept, is of another version, or was damaged and has been set aside.
        """
        path = self.folder(run_id) / ARTEFACT_FOLDER / f"{name}.npz"
        try:
            return read_artefact(path, run_id, name)
        except FileNotFoundError:
            raise MissingArtefact(run_id, name) from None
        except Damaged as damage:
            if self.sets_aside:
                try:
                    self.set_aside(path, damage)
                except WriteFailed as refusal:
                    log.warning("%s, so it counts as missing; it cannot be set aside: %s", damage, refusal.reason)
            raise MissingArtefact(run_id, name) from damage

    def open_metrics(self, run_id: str) -> dict[str, dict[str, Array]]:
        """The artefacts that hold what open metrics have measured of a run, see `ablate.core.metrics`. Where the code
        of one has changed there are several, of which the last that was written counts."""
        folder = self.folder(run_id) / ARTEFACT_FOLDER
        files = [path for path in folder.glob("*@*.npz") if is_of_metric(path.stem)]
        latest = {path.stem.partition("@")[0]: path.stem for path in sorted(files, key=_written_at)}
        found: dict[str, dict[str, Array]] = {}
        for name in sorted(latest.values()):
            with suppress(MissingArtefact):
                found[name] = self.artefact(run_id, name)
        return found

    def put_artefact(self, run_id: str, name: str, arrays: Mapping[str, Array]) -> bool:
        """Keep an artefact of a run that is there; whether it was not there before. One of another version gives
        way.

        Raises:
            MissingRun: when there is no such run.
            AnotherArtefact: when it is there with other numbers, to the last bit.
            WriteFailed: when the file system refuses; the store is as it was before.
        """
        folder = self.folder(run_id)
        if not folder.is_dir():
            raise MissingRun(run_id)
        with holding(self._lock):
            try:
                kept = self.artefact(run_id, name)
            except MissingArtefact:
                path = folder / ARTEFACT_FOLDER / f"{name}.npz"
                with self._telling(path):
                    write_atomically(path, encode_artefact(run_id, name, arrays))
                return True
        if pack(kept) != pack(arrays):
            raise AnotherArtefact(run_id, name)
        return False

    def set_aside(self, path: Path, damage: Damaged) -> None:
        """Give what is damaged under `root/runs` another name, with a warning in the log.

        Raises:
            WriteFailed: when the file system refuses.
        """
        with holding(self._lock):
            if stands(path):
                with self._telling(path):
                    log.warning("%s, so it counts as missing; set aside as %s", damage, set_aside(path).name)

    def remove(self, path: Path) -> None:
        """Remove a run's folder, or anything else under `root/runs`, for good; nothing when it is gone already.

        Raises:
            ValueError: when it is not under `root/runs`.
            WriteFailed: when the file system refuses.
        """
        if self._runs not in path.parents:
            raise ValueError(f"{path} is not under {self._runs}")
        with holding(self._lock):
            if stands(path):
                with self._telling(path):
                    discard(path)

    @contextmanager
    def _telling(self, path: Path) -> Iterator[None]:
        """Dates the upper folder that `path` is deep in anew, so that whoever remembers what it holds looks at few
        folders. Before, for a process that is killed in between; and after, for a disk that takes a while."""
        upper = [each for each in (path, *path.parents) if each.parent == self._runs]
        for folder in upper:
            with suppress(OSError):
                os.utime(folder)
        try:
            yield
        finally:
            for folder in upper:
                with suppress(OSError):
                    os.utime(folder)

    def ids(self) -> Iterator[str]:
        """The ids of all runs, sorted; whether a run is sound shows when it is read."""
        names = (folder.name for folder in self._runs.glob("??/*"))
        yield from sorted(name for name in names if RUN_ID.fullmatch(name))

    def find(self, prefix: str) -> str:
        """The one run id that begins with `prefix`.

        Raises:
            MissingRun: when none does.
            AmbiguousPrefix: when several do.
        """
        candidates = tuple(run_id for run_id in self.ids() if run_id.startswith(prefix))
        if not candidates:
            raise MissingRun(prefix)
        if len(candidates) > 1:
            raise AmbiguousPrefix(prefix, candidates)
        return candidates[0]

    def folder(self, run_id: str) -> Path:
        """Where the run is, or would be, kept.

        Raises:
            ValueError: when that is no run id.
        """
        if not RUN_ID.fullmatch(run_id):
            raise ValueError(f"{run_id!r} is no run id: that is 64 hexadecimal digits")
        return Path(f"{self._runs}/{run_id[:2]}/{run_id}")

    def _present(self, run_ids: Iterable[str], metrics: Collection[str]) -> Iterator[tuple[str, StoredRun]]:
        read = partial(read_run, spec_of=_sharing_settings())
        for run_id in run_ids:
            try:
                run = self._read(run_id, read)
            except MissingRun:
                continue
            yield run_id, replace(run, artefacts=dict(self.measured(run_id, metrics)))

    def measured(self, run_id: str, metrics: Collection[str] = ()) -> Iterator[tuple[str, Mapping[str, Array]]]:
        """Name and arrays of what probes have measured of a run, then of those of the metrics that there are."""
        for name in (*self.artefacts(run_id), *metrics):
            if name in PROBES or name in metrics:
                # One that was damaged is missing by now, and will be measured again.
                with suppress(MissingArtefact):
                    yield name, self.artefact(run_id, name)

    def _has_outcome(self, run_id: str) -> bool:
        try:
            return self.record(run_id).status.is_outcome
        except MissingRun:
            return False

    def _read(self, run_id: str, read: Callable[[Path], Result]) -> Result:
        folder = self.folder(run_id)
        try:
            return read_unlocked(folder, read)
        except Damaged as damage:
            if not self.sets_aside:
                raise MissingRun(run_id) from damage
            try:
                # Perhaps it was replaced between the reading of two of its files; under the lock it cannot be.
                return self._read_locked(folder, read)
            except WriteFailed as refusal:
                log.warning("%s, so the run counts as missing; it cannot be set aside: %s", damage, refusal.reason)
                raise MissingRun(run_id) from damage

    def _read_locked(self, folder: Path, read: Callable[[Path], Result]) -> Result:
        with holding(self._lock):
            try:
                return read(_existing(folder))
            except Damaged as damage:
                log.warning("%s, so the run counts as missing; set aside as %s", damage, set_aside(folder).name)
                raise MissingRun(folder.name) from damage


def encode_all(run: StoredRun) -> dict[str, bytes]:
    """The files of a run by name, those of its artefacts first: its record is written last.

    Raises:
        ValueError: as `encode` and `encode_artefact` do.
    """
    artefacts = {
        f"{ARTEFACT_FOLDER}/{name}.npz": encode_artefact(run.spec.run_id, name, arrays)
        for name, arrays in run.artefacts.items()
    }
    return {**artefacts, **encode(run)}


def encode(run: StoredRun) -> dict[str, bytes]:
    """The files of a run by name, in the order in which they must be written.

    Raises:
        ValueError: when the record is another run's, or holds a number that JSON cannot say.
    """
    if run.record.run_id != run.spec.run_id:
        raise ValueError(f"the record of run {run.record.run_id} comes with the spec of {run.spec.run_id}")
    contents = {SPEC: _text(run.spec.to_json()), ARRAYS: pack(run.arrays)}
    neighbours: dict[str, Json] = {
        name: {"bytes": len(content), "sha256": sha256_of_bytes(content)} for name, content in contents.items()
    }
    record = sealed_text({**run.record.to_json(), "files": neighbours})
    return {**contents, RECORD: f"{record}\n".encode("ascii")}


def encode_artefact(run_id: str, name: str, arrays: Mapping[str, Array]) -> bytes:
    """The file of an artefact: an .npz whose comment says whose it is, of which version, and its checksum.

    Raises:
        ValueError: when there is no such artefact, or an array holds Python objects.
    """
    if name not in ARTEFACTS and not is_of_metric(name):
        raise ValueError(f"no artefact is named {name!r}; there are {', '.join(ARTEFACTS)}")
    archive = pack(arrays)
    about: dict[str, Json] = {"run_id": run_id, "artefact": name, "version": current_version(name)}
    comment = sealed_text({**about, "sha256": sha256_of_bytes(archive)}).encode("ascii")
    # An archive ends in the length of its comment, and the comment.
    return archive[: -COMMENT_LENGTH.size] + COMMENT_LENGTH.pack(len(comment)) + comment


def read_artefact(path: Path, run_id: str, name: str) -> dict[str, Array]:
    """The arrays in the file of an artefact.

    Raises:
        FileNotFoundError: when there is none of the current version.
        Damaged: when it is not as it was written, or another's.
    """
    version, archive = open_artefact(path, run_id, name)
    if version != current_version(name):
        raise FileNotFoundError(path)
    try:
        return unpack(archive)
    except ValueError as error:
        raise Damaged(f"{path} is damaged ({error})") from error


def open_artefact(path: Path, run_id: str, name: str) -> tuple[int, bytes]:
    """The version of an artefact, whatever it is, and the bytes of its arrays.

    Raises:
        FileNotFoundError: when there is none.
        Damaged: when it is not as it was written, or another's.
    """
    # Its end first: what has none is not read.
    with open_stored(path) as file:
        comment = _comment(file, path)
        about = _about(comment, path)
        content = content_of(file, MOST_ARRAY_BYTES)
    if (about.get("run_id"), about.get("artefact")) != (run_id, name):
        raise Damaged(f"{path} is {about.get('artefact')!r} of run {about.get('run_id')!r}")
    version = _version(about, path)
    archive = content[: -len(comment) - COMMENT_LENGTH.size] + COMMENT_LENGTH.pack(0)
    if sha256_of_bytes(archive) != about.get("sha256"):
        raise Damaged(f"{path} is damaged (its checksum does not match)")
    return version, archive


def _written_at(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:  # gone meanwhile, and missing by the time it is read
        return 0.0


def is_current(path: Path, name: str) -> bool:
    """Whether an artefact is there, sound at its end, and of the version that this code makes."""
    try:
        return artefact_version(path) == current_version(name)
    except (FileNotFoundError, Damaged):
        return False


def artefact_version(path: Path) -> int:
    """Of which version an artefact is, by the end of its file alone.

    Raises:
        FileNotFoundError: when there is none.
        Damaged: when its end is not as it was written.
    """
    with open_stored(path) as file:
        return _version(_about(_comment(file, path), path), path)


def read_unlocked(folder: Path, read: Callable[[Path], Result]) -> Result:
    """What `read` makes of a run's folder, without a lock. A run that was replaced between the reading of two of its
    files is whole at the second look. Whether the folder is there at all is asked only then.

    Raises:
        MissingRun: when there is no such folder.
        Damaged, UnreadableRecord: as `read` does.
    """
    try:
        return read(folder)
    except Damaged:
        return read(_existing(folder))


def read_record(folder: Path) -> RunRecord:
    """The record in a run's folder.

    Raises:
        Damaged: when record.json, or the size of a neighbour, is not as it was written.
        UnreadableRecord: when another version of ablate wrote it.
    """
    with _interpreting(folder):
        return RunRecord.from_json(_sealed_record(folder))


def read_run(folder: Path, spec_of: Callable[[dict[str, Any]], RunSpec] = RunSpec.from_json) -> StoredRun:
    """The run in its folder.

    Args:
        spec_of: what is made of the JSON of its spec.

    Raises:
        Damaged: when any of its files is not as it was written.
        UnreadableRecord: when another version of ablate wrote it.
    """
    with _interpreting(folder):
        sealed = _sealed_record(folder)
        spec = _verified(folder / SPEC, sealed["files"][SPEC], MOST_TEXT_BYTES)
        arrays = _verified(folder / ARRAYS, sealed["files"][ARRAYS], MOST_ARRAY_BYTES)
        record, said = RunRecord.from_json(sealed), json.loads(spec)
        if not _is_spec_of(folder.name, spec, said, record.run_format):
            raise Damaged(f"{folder / SPEC} is the spec of another run")
        return StoredRun(spec_of(said), record, unpack(arrays))


def _is_spec_of(run_id: str, written: bytes, said: Mapping[str, Json], run_format: int) -> bool:
    """Whether a spec, as it is written and as it is read, is that of a run. As it is written it has its canonical text
    but for spaces, and to write it once more takes longer than all else that is read of a run."""
    try:
        text = msgspec.json.format(written, indent=-1).decode("ascii")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return run_id_of(said, run_format) == run_id
    return digest_of_text("run", run_format, text) == run_id or run_id_of(said, run_format) == run_id


def _sharing_settings() -> Callable[[dict[str, Any]], RunSpec]:
    """What makes specs of their JSON and keeps what those that differ in the seed alone have in common: of ten thousand
    runs there are a few hundred settings."""
    shared: dict[str, RunSpec] = {}

    def spec_of(said: dict[str, Any]) -> RunSpec:
        settings = repr({**said, "seed": type(said["seed"])})
        if settings not in shared:
            shared[settings] = RunSpec.from_json(said)
        return replace(shared[settings], seed=said["seed"])

    return spec_of


def _comment(file: BinaryIO, path: Path) -> bytes:
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.comment
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OverflowError, struct.error) as error:
        raise Damaged(f"{path} is damaged (it is no archive)") from error


def _about(comment: bytes, path: Path) -> dict[str, Any]:
    """Whose artefact it is, of which version, and the checksum of its archive."""
    try:
        return unseal(comment)
    except Damaged as damage:
        raise Damaged(f"{path} is damaged (its comment: {damage})") from damage


def _version(about: Mapping[str, Any], path: Path) -> int:
    version = about.get("version")
    if not isinstance(version, int):
        raise Damaged(f"{path} is damaged (its comment names no version)")
    return version


def _existing(folder: Path) -> Path:
    """The folder of a run.

    Raises:
        MissingRun: where nothing stands.
        Damaged: where something else does.
    """
    if folder.is_dir():
        return folder
    if stands(folder):
        raise Damaged(f"{folder} is no folder")
    raise MissingRun(folder.name)


def _sealed_record(folder: Path) -> dict[str, Any]:
    """The JSON of record.json, sound, of this run, with neighbours of the right size.

    Raises:
        Damaged: when one of these is not so.
        AttributeError, KeyError, TypeError: when it does not say which neighbours it has.
    """
    path = folder / RECORD
    try:
        sealed = unseal(_content(path, MOST_TEXT_BYTES))
    except Damaged as damage:
        said = str(damage)
        raise Damaged(said if str(path) in said else f"{path} is damaged ({said})") from damage
    belongs_to = sealed["run_id"]
    sizes = {f"{folder}/{name}": entry["bytes"] for name, entry in sealed["files"].items()}
    if belongs_to != folder.name:
        raise Damaged(f"{path} belongs to run {belongs_to!r}")
    for neighbour, bytes_written in sizes.items():
        _check_size(neighbour, bytes_written)
    return sealed


def _check_size(path: str, bytes_written: int) -> None:
    # Of a text: to make a Path takes as long as to look up what lies there, which a plan does ten thousand times.
    try:
        found = os.stat(path)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        found = None
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise ReadRefused(Path(path), error.strerror or str(error)) from error
        found = None
    if found is None or not stat.S_ISREG(found.st_mode) or found.st_size != bytes_written:
        raise Damaged(f"{path} is missing or not of {bytes_written} bytes")


def _verified(path: Path, entry: Mapping[str, Any], most_bytes: int) -> bytes:
    content = _content(path, most_bytes)
    if sha256_of_bytes(content) != entry.get("sha256"):
        raise Damaged(f"{path} is damaged (its checksum does not match)")
    return content


def _content(path: Path, most_bytes: int) -> bytes:
    try:
        return read_stored(path, most_bytes)
    except FileNotFoundError as error:
        raise Damaged(f"{path.name} is missing") from error


@contextmanager
def _interpreting(folder: Path) -> Iterator[None]:
    """Sound bytes that make no sense here made sense to whoever wrote them."""
    try:
        yield
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise UnreadableRecord(folder, f"{type(error).__name__}: {error}") from error


def _text(data: Mapping[str, Json]) -> bytes:
    text = json.dumps(data, sort_keys=True, allow_nan=False)
    try:
        # What `indent` of Python gives, sooner, for that is not written in C.
        return msgspec.json.format(text.encode("ascii"), indent=2) + b"\n"
    except msgspec.DecodeError:  # half a pair of UTF-16
        return (json.dumps(data, indent=2, sort_keys=True) + "\n").encode("ascii")
