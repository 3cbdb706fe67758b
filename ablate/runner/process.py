"""Workers that are processes of this machine: starting one, talking to it, ending it with all it has started."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from tempfile import TemporaryDirectory
from typing import IO, Any

import psutil

from ablate.core.specs import Numerics
from ablate.runner.compiled import compiled_programs
from ablate.runner.devices import gpu_of, worker_environment
from ablate.runner.events import RunProgress
from ablate.runner.jobs import Job, JobResult
from ablate.runner.quiet import TALKATIVE
from ablate.runner.worker import Beat, WorkerSettings
from ablate.runner.worker_handle import WorkerHandle

__all__ = ["Processes", "WorkerProcess"]

COMMAND = (
    "import sys; descriptor, parent = map(int, sys.argv[1:]); "
    "from ablate.runner.die_with_parent import die_with; die_with(parent); "
    "from ablate.runner.worker import main; main(descriptor)"
)
OUTPUT_BYTES = 8_192
# Of the last line of a worker that ended itself.
LAST_CHARACTERS = 300
# What TensorFlow logs before a message: its level, the time, the process, and the line of its source.
_LOGGED = re.compile(r"^[IWEF]\d{4} \S+\s+\d+ [^\]]+\] ")


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


class WorkerProcess(WorkerHandle):
    """A process of this machine, reached through a socket."""

    def __init__(self, number: int, settings: WorkerSettings, environment: Mapping[str, str]) -> None:
        super().__init__(number, settings.numerics)
        self._first_bytes: int | None = None
        # A worker is ended by a signal, and cannot tidy up what it, or TensorFlow, has put among the temporary files.
        self._scratch = TemporaryDirectory(prefix="ablate-worker-", ignore_cleanup_errors=True)
        self._process, self.connection = _start({**environment, "TMPDIR": self._scratch.name})
        assert self._process.stdout is not None
        self._output = Tail(self._process.stdout)
        self._send(settings)

    def has_spoken(self) -> bool:
        return self.connection.poll()

    def grown_bytes(self) -> int:
        with suppress(psutil.Error):
            resident: int = psutil.Process(self._process.pid).memory_info().rss
            self._first_bytes = self._first_bytes or resident
            return resident - self._first_bytes
        return 0

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def end(self, grace_seconds: float = 0.0) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(grace_seconds)
        self._signal(signal.SIGKILL)
        self._process.wait()
        self.connection.close()
        self._scratch.cleanup()

    def exit_report(self) -> tuple[str, str]:
        """How it ended (`exited with code 1`), and the end of what it printed."""
        code = self._process.returncode
        how = f"exited with code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"
        output = self._output.text()
        # One that ends itself says why last; of one that others end the last line may be about anything.
        last = last_line(output) if code >= 0 or -code == signal.SIGABRT else ""
        return f"{how}: {last}" if last else how, output

    def _send(self, message: WorkerSettings | Job) -> None:
        with suppress(OSError):
            self.connection.send(message)

    def _next(self) -> Beat | RunProgress | JobResult:
        message: Beat | RunProgress | JobResult = self.connection.recv()
        return message

    def _signal(self, number: signal.Signals) -> None:
        # It leads a process group of its own, whose number is its own.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


class Processes:
    """The workers of this machine.

    Args:
        gpus: the GPUs that they share in turn, as CUDA_VISIBLE_DEVICES names them.
    """

    def __init__(self, gpus: Sequence[str]) -> None:
        self._gpus = gpus

    def start_worker(self, number: int, settings: WorkerSettings) -> WorkerProcess:
        numerics = settings.numerics
        environment = {**worker_environment(numerics, number, self._gpus), **compiled_programs(numerics)}
        return WorkerProcess(number, settings, environment)

    def device(self, number: int, numerics: Numerics) -> str:
        return gpu_of(number, self._gpus) if numerics.device == "gpu" else "cpu"

    def speaking(self, workers: Sequence[WorkerProcess], seconds: float) -> list[WorkerProcess]:
        heard = wait([worker.connection for worker in workers], seconds)
        return [worker for worker in workers if worker.connection in heard]


def last_line(output: str) -> str:
    """The last line that was printed, without the time and place that TensorFlow logs before it."""
    printed = [line.strip() for line in output.splitlines() if line.strip()]
    return _LOGGED.sub("", printed[-1])[:LAST_CHARACTERS] if printed else ""


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
            env={**os.environ, **TALKATIVE, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
            start_new_session=True,
        )
    return process, Connection(ours.detach())
