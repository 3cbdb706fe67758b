"""Ctrl-C and SIGTERM as something to look at, so that nothing is cut off in the middle of a write."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from ablate.core.errors import Interrupted

__all__ = ["SignalWatch", "watched_signals"]

WATCHED = (signal.SIGINT, signal.SIGTERM)


@dataclass
class SignalWatch:
    """`received` is the number of the first signal that came, None while none has."""

    received: int | None = None

    def check(self, done: int, remaining: int) -> None:
        """Raises Interrupted, with these counts of runs, once a signal has come."""
        if self.received is not None:
            raise Interrupted(self.received, done, remaining)


@contextmanager
def watched_signals() -> Iterator[SignalWatch]:
    """Notes the first SIGINT or SIGTERM; a second one does what it did before, so that a stuck process
    can still be stopped. Outside the main thread, where Python delivers no signals, it never notes any."""
    watch = SignalWatch()
    if threading.current_thread() is not threading.main_thread():
        yield watch
        return
    before = {number: signal.getsignal(number) for number in WATCHED}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, _: FrameType | None) -> None:
        watch.received = number
        restore()

    for number in WATCHED:
        signal.signal(number, note)
    try:
        yield watch
    finally:
        restore()
