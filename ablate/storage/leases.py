"""Leases: which process is training which run, so that several can work on one store and never on one run.

A lease is a file named by the run that says who holds it. A dead holder's lease is void: on this host
when its process is gone, on another (or from before this one's last start) when the file has not been
touched for a while. No clock is trusted: who sets it makes nobody dead. Two processes that mistake each
other for dead lose time, not results: the store keeps the first outcome.

    with Leases(results_dir) as leases:         # a thread touches the leases until the end, then they go
        if leases.take(run_id):
            ...
            leases.release(run_id)
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import platform
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType

import psutil
from filelock import FileLock

from ablate.core.machine import boot_id
from ablate.sanitize.files import oddity_of, read_file
from ablate.sanitize.types import as_declared
from ablate.storage.atomic import Damaged, ReadRefused, holding, is_set_aside, open_stored, set_aside, writing
from ablate.storage.epochs import forget_epochs

__all__ = ["Leases", "Owner"]

BEAT_SECONDS = 5.0
STALE_SECONDS = 60.0
# Of one look at a lease of another host, whose clock may be wrong by minutes, this much is a death.
DEAD_SECONDS = 3600.0
# psutil derives both a start and the boot from the clock, and rounds the one more than the other.
START_TOLERANCE_SECONDS = 2.0
# What a lease is written into before it has its name; nobody writes one without the lock.
TEMPORARY = ".tmp-claim"
# A lease takes some two hundred. No system numbers its processes higher.
MOST_BYTES, MOST_PID = 2**16, 2**31 - 1

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Owner:
    """Who holds a lease.

    Attributes:
        host: the machine, by its name and its boot: numbers of processes say nothing beyond these.
        started_seconds: when the process started, since the machine did; tells it from a later one with its number.
        token: tells two holders in one process apart.
    """

    host: str
    pid: int
    started_seconds: float
    token: str

    @classmethod
    def current(cls) -> Owner:
        """This process, as a holder of its own."""
        host = f"{platform.node()} {boot_id()}"
        return cls(host, os.getpid(), _started_seconds(psutil.Process()), uuid.uuid4().hex)


@dataclass(frozen=True)
class _Lease:
    """What one look at a lease shows; `owner` is None where it names nobody."""

    owner: Owner | None
    touched_at_nanoseconds: int


@dataclass
class _Beats:
    """When a lease was last seen to be touched.

    Ages are measured from one look to the next on the watcher's own clock: the clocks of two hosts
    that share a folder need not agree.
    """

    monotonic: Callable[[], float]
    seen: dict[str, tuple[int, float]] = field(default_factory=dict)

    def silent_seconds(self, run_id: str, touched_at_nanoseconds: int) -> float:
        now = self.monotonic()
        if self.seen.get(run_id, (None, 0.0))[0] != touched_at_nanoseconds:
            self.seen[run_id] = (touched_at_nanoseconds, now)
        return now - self.seen[run_id][1]


class Leases:
    """The leases under `root/claims`, on behalf of one holder; the folder keeps the name that older stores have.

    `me`, `is_running` and `monotonic` stand for the host, its processes and its clock, and are given by tests.
    """

    def __init__(
        self,
        root: Path,
        me: Owner | None = None,
        is_running: Callable[[Owner], bool] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = root / "claims"
        self._me = me or Owner.current()
        # What stands in a lease of this holder.
        self._named = json.dumps(asdict(self._me)).encode("ascii")
        self._is_running = is_running or process_is_running
        self._beats = _Beats(monotonic)
        self._held: set[str] = set()
        self._lock = FileLock(self._folder / ".lock")
        self._ended = threading.Event()

    def take(self, run_id: str) -> bool:
        """Lease a run; False when a living process other than this holder has it.

        Raises:
            WriteFailed: when the file system refuses.
        """
        path = self._folder / run_id
        with writing(path, len(self._named)):
            self._folder.mkdir(parents=True, exist_ok=True)
            with holding(self._lock):
                if self._is_held_elsewhere(run_id):
                    return False
                # Whole or not at all: a lease that names nobody would hold the run until it is stale.
                temporary = self._folder / TEMPORARY
                temporary.write_bytes(self._named)
                if oddity_of(path):
                    log.warning("%s is no claim; set aside as %s", path, set_aside(path).name)
                temporary.replace(path)
        self._held.add(run_id)
        return True

    def release(self, run_id: str) -> None:
        """Give a run back, and what was noted of its epochs with it. A lease that another process has taken over
        meanwhile is left to it.

        Raises:
            WriteFailed: when the file system refuses.
        """
        self._held.discard(run_id)
        path = self._folder / run_id
        # Without the lock: only whoever takes this holder for dead can come between the two lines, and then the run is
        # being trained twice already.
        with writing(path, 0), contextlib.suppress(FileNotFoundError):
            if not oddity_of(path) and read_file(path, MOST_BYTES) == self._named:
                forget_epochs(self._folder.parent, run_id)
                path.unlink()

    def owner(self, run_id: str) -> Owner | None:
        """Who is named in the lease, dead or alive; None when there is no lease or it names nobody."""
        lease = self._read(run_id)
        return None if lease is None else lease.owner

    def holder(self, run_id: str) -> Owner | None:
        """The living process, other than this holder, that is training the run; None when there is none."""
        return self.owner(run_id) if self._is_held_elsewhere(run_id) else None

    def names(self) -> tuple[str, ...]:
        """The runs that there is a lease of, its holder alive or dead, sorted."""
        found = self._folder.iterdir() if self._folder.is_dir() else ()
        return tuple(sorted(path.name for path in found if not (path.name.startswith(".") or is_set_aside(path))))

    def is_void(self, run_id: str, now: float) -> bool:
        """Whether a lease's holder is dead, as far as one look can tell: on this host its process is gone; from
        another the lease has not been touched for an hour. `now` is in seconds since 1970.
        """
        try:
            lease = self._read(run_id)
        except ReadRefused:
            return False
        if lease is None:
            return False
        if lease.owner is not None and lease.owner.host == self._me.host:
            return not self._is_running(lease.owner)
        return now - lease.touched_at_nanoseconds / 1e9 > DEAD_SECONDS

    def clear(self, run_id: str, now: float) -> bool:
        """Remove the lease of a dead holder; whether it was one.

        Raises:
            WriteFailed: when the file system refuses.
        """
        path = self._folder / run_id
        with writing(path, 0), self._lock:
            is_void = self.is_void(run_id, now)
            if is_void:
                forget_epochs(self._folder.parent, run_id)
                path.unlink(missing_ok=True)
        return is_void

    def __enter__(self) -> Leases:
        threading.Thread(target=self._beat, name="leases", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for run_id in sorted(self._held):
            self.release(run_id)

    def _is_held_elsewhere(self, run_id: str) -> bool:
        lease = self._read(run_id)
        if lease is None or lease.owner == self._me:
            return False
        if lease.owner is not None and lease.owner.host == self._me.host:
            return self._is_running(lease.owner)
        return self._beats.silent_seconds(run_id, lease.touched_at_nanoseconds) < STALE_SECONDS

    def _read(self, run_id: str) -> _Lease | None:
        """A lease as it stands; None where there is none, or none any more: it may be given back at any moment."""
        path = self._folder / run_id
        try:
            with open_stored(path) as file:
                touched_at_nanoseconds = os.fstat(file.fileno()).st_mtime_ns
                content = file.read(MOST_BYTES)
        except (FileNotFoundError, Damaged):  # nobody writes anything but a file
            return None
        try:
            return _Lease(_owner(content), touched_at_nanoseconds)
        except (ValueError, TypeError, OverflowError, RecursionError):
            return _Lease(None, touched_at_nanoseconds)

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            self.touch()

    def touch(self) -> None:
        """Show that the holder lives: moves the modification time of every lease held."""
        for run_id in tuple(self._held):
            path = self._folder / run_id
            # Released a moment ago, or the folder is out of reach for now: the next beat will tell.
            with contextlib.suppress(OSError):
                os.utime(path)


def _owner(content: bytes) -> Owner:
    """Raises ValueError, TypeError, OverflowError, RecursionError for what no process has written."""
    owner = as_declared(Owner(**json.loads(content)))
    if not 0 < owner.pid <= MOST_PID or not math.isfinite(owner.started_seconds):
        raise ValueError(f"no process has the number {owner.pid}")
    return owner


def process_is_running(owner: Owner) -> bool:
    """Whether the process of `owner`, who is on this host, still runs; a zombie does not."""
    try:
        process = psutil.Process(owner.pid)
        same = abs(_started_seconds(process) - owner.started_seconds) < START_TOLERANCE_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # it is there, and somebody else's
        return True


def _started_seconds(process: psutil.Process) -> float:
    # Whoever sets the clock moves both by as much.
    return process.create_time() - psutil.boot_time()
