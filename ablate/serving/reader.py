"""Asks the process that reads pictures, and never has a page wait for it.

    reader = Reader(settings)
    number = reader.ask(Question(("optimizers:adam",), picture))      # at once
    reader.state(number).step, reader.state(number).reading           # Step.STARTING, None … Step.DONE, a Reading
    reader.close()

The process is started for the first question, ended when nobody has asked for a while, and started anew for the next
one after it has crashed or was ended because it took too long. Questions wait in a queue that has an end.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from multiprocessing.connection import Connection
from typing import Any

import psutil

from ablate.config.runs import Settings
from ablate.core.errors import AblateError
from ablate.serving.readings import News, Question, Reading

__all__ = ["Busy", "Limits", "Reader", "State", "Step"]

COMMAND = (
    "import sys; descriptor, parent = map(int, sys.argv[1:]); "
    "from ablate.runner.die_with_parent import die_with; die_with(parent); "
    "from ablate.serving.reading_process import main; main(descriptor)"
)


class Step(Enum):
    """Where a question is."""

    WAITING = "waiting"
    STARTING = "starting"
    READING = "reading"
    DONE = "done"
    FAILED = "failed"
    REPLACED = "replaced"

    @property
    def is_last(self) -> bool:
        return self in (Step.DONE, Step.FAILED, Step.REPLACED)


@dataclass(frozen=True)
class State:
    """How far a question is, in words as well; its reading once it is done."""

    step: Step
    said: str = ""
    reading: Reading | None = None


@dataclass(frozen=True)
class Limits:
    """
    Attributes:
        idle_seconds: after which the process is ended that nobody has asked anything.
        answer_seconds: after which one question has taken too long; starting TensorFlow included.
        waiting: how many questions wait at most.
        remembered: how many states are kept, the last of all.
        resident_bytes: more than these the process may not hold once it has answered.
    """

    idle_seconds: float = 300.0
    answer_seconds: float = 180.0
    waiting: int = 6
    remembered: int = 24
    resident_bytes: int = 4 * 2**30


class Busy(AblateError):
    """More questions wait than can be answered soon."""

    @property
    def hint(self) -> str:
        return "Ask again in a few seconds."


@dataclass
class _Asked:
    number: str
    question: Question
    asker: str


class Reader:
    """One process at most, which answers one question after the other.

    Args:
        command: the program of the process, for tests of what it may do wrong.
    """

    def __init__(self, settings: Settings, limits: Limits = Limits(), command: str = COMMAND) -> None:
        self._settings, self._limits, self._command = settings, limits, command
        self._changed = threading.Condition()
        self._waiting: list[_Asked] = []
        self._states: OrderedDict[str, State] = OrderedDict()
        self._news: News | None = None
        self._process: _Process | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def ask(self, question: Question, asker: str = "") -> str:
        """Puts a question in the queue; its number.

        Args:
            asker: who asks, such as one page: what it asked before and is still waiting for gives way.

        Raises:
            Busy: when too many wait.
        """
        with self._changed:
            for earlier in [each for each in self._waiting if asker and each.asker == asker]:
                self._waiting.remove(earlier)
                self._set(earlier.number, State(Step.REPLACED, "Something else was asked."))
            if self._is_closed or len(self._waiting) >= self._limits.waiting:
                raise Busy(f"{len(self._waiting)} pictures are waiting to be read.")
            asked = _Asked(secrets.token_urlsafe(12), question, asker)
            self._waiting.append(asked)
            self._set(asked.number, State(Step.WAITING, "Waiting for those who asked before"))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="reader", daemon=True)
                self._thread.start()
            self._changed.notify_all()
            return asked.number

    def state(self, number: str) -> State | None:
        """How far a question is; None for one that was never asked, or long ago."""
        with self._changed:
            found = self._states.get(number)
            if found is None or found.step is not Step.WAITING or self._news is None:
                return found
            # Whoever waits is told what is being done meanwhile.
            return State(Step.WAITING if self._news.has_started else Step.STARTING, self._news.said)

    @property
    def pid(self) -> int | None:
        """Of the process, where there is one."""
        process = self._process
        return None if process is None else process.pid

    def close(self) -> None:
        """Ends the process, and answers nothing any longer."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            process, thread = self._process, self._thread
        if process is not None:
            process.kill()
        if thread is not None:
            thread.join(timeout=10.0)

    # in the thread -----------------------------------------------------------------------------------

    def _work(self) -> None:
        while (asked := self._next()) is not None:
            state = self._answered(asked)
            with self._changed:
                self._news = None
                self._set(asked.number, state)
        self._end()

    def _next(self) -> _Asked | None:
        """The next question; None once it is over."""
        with self._changed:
            idle_since = time.monotonic()
            while not self._is_closed:
                if self._waiting:
                    return self._waiting.pop(0)
                left = idle_since + self._limits.idle_seconds - time.monotonic()
                if self._process is not None and left <= 0:
                    self._end()
                self._changed.wait(None if self._process is None else left)
        return None

    def _answered(self, asked: _Asked) -> State:
        if self._process is None or not self._process.lives:
            self._end()
            process = _Process(self._command, self._settings)
            with self._changed:  # which closes it, or finds it closed
                self._process = process
                if self._is_closed:
                    process.kill()
        assert self._process is not None
        self._note(asked, News("Starting", has_started=False) if self._process.is_new else News("Reading", True))
        deadline = time.monotonic() + self._limits.answer_seconds
        try:
            self._process.send(asked.question)
            while True:
                message = self._process.receive(deadline)
                if isinstance(message, Reading):
                    break
                self._note(asked, message)
        except TimeoutError:
            self._end()
            said = f"It took more than {self._limits.answer_seconds:g} seconds, and was given up."
            return State(Step.FAILED, said)
        except (EOFError, OSError):
            how = self._process.ending()
            self._end()
            return State(Step.FAILED, f"The process that reads pictures {how}. The next question starts another one.")
        if self._process.resident_bytes > self._limits.resident_bytes:
            self._end()
        return State(Step.DONE, "", message)

    def _note(self, asked: _Asked, news: News) -> None:
        with self._changed:
            self._news = news
            self._set(asked.number, State(Step.READING if news.has_started else Step.STARTING, news.said))

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.end()

    def _set(self, number: str, state: State) -> None:
        self._states[number] = state
        self._states.move_to_end(number)
        while len(self._states) > self._limits.remembered:
            oldest = next((each for each, state in self._states.items() if state.step.is_last), None)
            if oldest is None:
                return
            del self._states[oldest]


class _Process:
    """A fresh interpreter at the other end of a socket, in a session of its own: a Ctrl-C on the terminal reaches the
    server alone, which then ends it. It dies with the server in any case."""

    def __init__(self, command: str, settings: Settings) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", command, str(theirs.fileno()), str(os.getpid())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                start_new_session=True,
            )
        self._connection: Connection[Any, Any] = Connection(ours.detach())
        self.is_new = True
        with suppress(OSError):  # which is noticed when something is asked
            self._connection.send(settings)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    @property
    def resident_bytes(self) -> int:
        try:
            resident: int = psutil.Process(self.pid).memory_info().rss
        except psutil.Error:
            return 0
        return resident

    def send(self, question: Question) -> None:
        self._connection.send(question)

    def receive(self, deadline: float) -> News | Reading:
        """
        Raises:
            TimeoutError: when nothing has come until the deadline.
            EOFError, OSError: when the process has ended.
        """
        if not self._connection.poll(max(0.0, deadline - time.monotonic())):
            raise TimeoutError
        message: News | Reading = self._connection.recv()
        self.is_new = self.is_new and isinstance(message, News) and not message.has_started
        return message

    def ending(self) -> str:
        """How it ended: `was killed by SIGKILL`."""
        try:
            code = self._process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            return "hung up"
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"

    def kill(self) -> None:
        """With all that it has started, whose group bears its number."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def end(self) -> None:
        if self.lives:
            self.kill()
        self._process.wait()
        self._connection.close()
