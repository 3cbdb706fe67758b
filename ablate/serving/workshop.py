"""What takes long to make: one thing after the other, in a thread of its own, so that a page says soon that it is
being made rather than keep whoever asked waiting. Nothing of it is kept on the disk.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ablate.core.errors import UsageError

__all__ = ["Busy", "Made", "Workshop"]

Value = TypeVar("Value")


@dataclass(frozen=True)
class Made(Generic[Value]):
    """What was asked for; `is_current` unless it is of a former version, and another is being made."""

    value: Value
    is_current: bool


@dataclass
class _Job(Generic[Value]):
    version: Hashable
    make: Callable[[], Value]
    value: Value | None = None
    error: Exception | None = None
    done: threading.Event = field(default_factory=threading.Event)


class Busy(UsageError):
    """So much is being made already that nothing more is taken on."""

    def __init__(self) -> None:
        super().__init__("Too many pages are being made at once; this one has to wait for the others.")

    @property
    def hint(self) -> str:
        return "Load it again in a minute."


class Workshop(Generic[Value]):
    """Keeps the last version of each of the `most` names that were asked for last, as long as they weigh no more than
    `most_weight` together; the last one stays whatever it weighs.

    Args:
        most_waiting: how many names may be on their way at once.
        weigh: of a value, how heavy it is.
    """

    def __init__(self, most: int, most_waiting: int, most_weight: float, weigh: Callable[[Value], float]) -> None:
        self._most, self._most_waiting, self._most_weight, self._weigh = most, most_waiting, most_weight, weigh
        self._made: OrderedDict[Hashable, tuple[Hashable, Value]] = OrderedDict()
        self._jobs: OrderedDict[Hashable, _Job[Value]] = OrderedDict()
        self._lock = threading.Lock()
        self._is_working = False

    def known(self, name: Hashable, version: Hashable) -> Value | None:
        """What is made already of this version; None where nothing is."""
        with self._lock:
            found = self._made.get(name)
            return found[1] if found is not None and found[0] == version else None

    def get(self, name: Hashable, version: Hashable, make: Callable[[], Value], patience: float) -> Made[Value] | None:
        """What is made under a name, of this version if that takes `patience` seconds at most, else of the former one;
        None where there is neither yet. Whoever asks again later gets it.

        Raises:
            Busy: when too many others are waited for.
            Exception: what `make` has raised; the next who asks has it tried again.
        """
        with self._lock:
            found = self._made.get(name)
            if found is not None and found[0] == version:
                self._made.move_to_end(name)
                return Made(found[1], True)
            job = self._jobs.get(name)
            if job is None:
                self._make_room()
                job = self._jobs[name] = _Job(version, make)
            if not self._is_working:
                self._is_working = True
                threading.Thread(target=self._work, name="workshop", daemon=True).start()
        job.done.wait(patience)
        if job.error is not None:
            with self._lock:
                if self._jobs.get(name) is job:
                    del self._jobs[name]
            raise job.error
        if job.done.is_set():
            return Made(job.value, job.version == version)  # type: ignore[arg-type]
        return None if found is None else Made(found[1], False)

    def _make_room(self) -> None:
        """What failed, and nobody came back for, gives way."""
        if len(self._jobs) >= self._most_waiting:
            for name in [name for name, job in self._jobs.items() if job.done.is_set()]:
                del self._jobs[name]
        if len(self._jobs) >= self._most_waiting:
            raise Busy

    def _work(self) -> None:
        """Until nothing waits. What failed stays until somebody was told, and is then forgotten."""
        while True:
            with self._lock:
                waiting = [(name, job) for name, job in self._jobs.items() if not job.done.is_set()]
                if not waiting:
                    self._is_working = False
                    return
                name, job = waiting[0]
            try:
                value = job.value = job.make()
            except Exception as error:
                job.error = error
            else:
                with self._lock:
                    self._keep(name, job.version, value)
            job.done.set()

    def _keep(self, name: Hashable, version: Hashable, value: Value) -> None:
        del self._jobs[name]
        self._made[name] = (version, value)
        self._made.move_to_end(name)
        while len(self._made) > 1 and (
            len(self._made) > self._most
            or sum(self._weigh(value) for _, value in self._made.values()) > self._most_weight
        ):
            self._made.popitem(last=False)
