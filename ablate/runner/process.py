"""The parent's side of one worker: starting it, talking to it, ending it with all it has started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import IO, Any

import psutil

from ablate.runner.events import EpochEnded
from ablate.runner.jobs import Job, Outcome
from ablate.runner.worker import Beat, WorkerSettings
from ablate.specs import Numerics, RunSpec

__all__ = ["WorkerProcess"]

COMMAND = (
    "import sys; descriptor, parent = map(int, sys.argv[1:]); "
    "from ablate.runner.lifeline import hold_on_to; hold_on_to(parent); "
    "from ablate.runner.worker import main; main(descriptor)"
)
OUTPUT_BYTES = 8_192
GRACE_SECONDS = 2.0


class Tail:
    """The last `OUTPUT_BYTES` of what a worker prints, read as it comes: a gigabyte of it costs nothing."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._content = b""
        self._reader = threading.Thread(target=self._read, name="worker output", daemon=True)
        self._reader.start()

    def text(self) -> str:
        """What there is once the worker has ended."""
        self._reader.join(timeout=1.0)
        return self._content.decode(errors="replace")

    def _read(self) -> None:
        with self._stream:
            while chunk := os.read(self._stream.fileno(), 65_536):
                self._content = (self._content + chunk)[-OUTPUT_BYTES:]


class WorkerProcess:
    """A worker, what it is training, and when it was last heard of.

    Attributes:
        number: which place among the workers it has, from 0.
        spec: what it is training; None while it is idle.
        program: the program it compiled last.
        has_started: whether it has been heard of at all. Until then it imports, which proves nothing.
    """

    def __init__(self, number: int, settings: WorkerSettings, environment: Mapping[str, str]) -> None:
        self.number = number
        self.numerics: Numerics = settings.numerics
        self.spec: RunSpec | None = None
        self.program: str | None = None
        self.has_started = False
        self._heard_at = self._progressed_at = time.monotonic()
        self._first_bytes: int | None = None
        self._process, self.connection = _start(environment)
        assert self._process.stdout is not None
        self._output = Tail(self._process.stdout)
        self._send(settings)

    def begin(self, job: Job) -> None:
        self.spec = job.spec
        self.program = job.spec.program_id
        self._heard_at = self._progressed_at = time.monotonic()
        self._send(job)

    def receive(self) -> Beat | EpochEnded | Outcome:
        """The next message, waited for.

        Raises:
            EOFError, OSError: when the worker has ended.
        """
        message: Beat | EpochEnded | Outcome = self.connection.recv()
        self._heard_at = time.monotonic()
        if not isinstance(message, Beat) or not self.has_started:
            self._progressed_at = self._heard_at
        self.has_started = True
        if isinstance(message, Outcome):
            self.spec = None
        return message

    @property
    def silent_seconds(self) -> float:
        return time.monotonic() - self._heard_at

    @property
    def stalled_seconds(self) -> float:
        """Since the last end of an epoch, the beginning of the run, or the first sign of life."""
        return time.monotonic() - self._progressed_at

    def grown_bytes(self) -> int:
        """By how much resident memory has grown since this was asked first."""
        with suppress(psutil.Error):
            resident: int = psutil.Process(self._process.pid).memory_info().rss
            self._first_bytes = self._first_bytes or resident
            return resident - self._first_bytes
        return 0

    def terminate(self) -> None:
        """Ask it, and all it has started, to end."""
        self._signal(signal.SIGTERM)

    def end(self, grace_seconds: float = 0.0) -> None:
        """Kill it, and all it has started, if it has not ended after `grace_seconds`."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(grace_seconds)
        self._signal(signal.SIGKILL)
        self._process.wait()
        self.connection.close()

    def last_words(self) -> tuple[str, str]:
        """How it ended (`exited with code 1`), and the end of what it printed."""
        code = self._process.returncode
        how = f"exited with code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"
        return how, self._output.text()

    def _send(self, message: WorkerSettings | Job) -> None:
        # A worker that is gone is noticed where its messages are waited for.
        with suppress(OSError):
            self.connection.send(message)

    def _signal(self, number: signal.Signals) -> None:
        # It leads a process group of its own, whose number is its own.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def _start(environment: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], Connection[Any, Any]]:
    """A fresh interpreter with the worker's end of a socket, in a session of its own: a Ctrl-C on the
    terminal reaches the parent alone."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, str(theirs.fileno()), str(os.getpid())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
            start_new_session=True,
        )
    return process, Connection(ours.detach())
