"""What a person is told when something cannot be done: the message, what to do about it, and the exit code.

Each error knows its exit code and its hint, so that the command line has nothing to do but print them, and a caller
from Python can show both.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["AblateError", "ExitCode", "Interrupted", "UsageError"]


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    INTERNAL_ERROR = 1
    BAD_INPUT = 2
    SOME_RUNS_FAILED = 3
    DATA_PROBLEM = 4
    DEVICE_ABSENT = 5
    NOT_SHOWN = 6  # a gate: neither that it is not worse, nor that it is
    SHOWN_WORSE = 7
    SIGNAL = 128  # plus the number of the signal


class AblateError(Exception):
    """An error whose message is for the person who asked."""

    @property
    def exit_code(self) -> int:
        """The code that a command ends with which raises this."""
        return ExitCode.BAD_INPUT

    @property
    def hint(self) -> str:
        """What to do about it, in a line of its own; empty where the message says it."""
        return ""


class UsageError(AblateError):
    """What was asked for cannot be; the message says what can."""


class Interrupted(BaseException):
    """A signal ended the work early. `signal_number` is the signal, `done` and `remaining` count runs.

    No `Exception`, as KeyboardInterrupt is none: what guards a run against its errors must let it pass.
    """

    def __init__(self, signal_number: int, done: int, remaining: int) -> None:
        super().__init__(
            f"Stopped. {done} runs of this call are kept, {remaining} remain; the same command goes on from here."
        )
        self.signal_number = signal_number
        self.done = done
        self.remaining = remaining

    @property
    def exit_code(self) -> int:
        return ExitCode.SIGNAL + self.signal_number

    @property
    def hint(self) -> str:
        return ""
