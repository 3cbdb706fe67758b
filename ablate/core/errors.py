"""What a person is told when something cannot be done: the message, what to do about it, and the exit code.

An error that is meant for the person who asked is an `Explained` one. It knows its exit code and its hint, so that the
command line has nothing to do but print them, and a caller from Python can show both.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["ExitCode", "Explained", "UsageError"]


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    INTERNAL_ERROR = 1
    BAD_INPUT = 2
    SOME_RUNS_FAILED = 3
    DATA_PROBLEM = 4
    DEVICE_ABSENT = 5
    SIGNAL = 128  # plus the number of the signal


class Explained:
    """Mixed into exceptions whose message is for the person who asked.

    It is no exception of its own: one of them, `Interrupted`, must pass by what catches `Exception`.
    """

    @property
    def exit_code(self) -> int:
        """The code that a command ends with which raises this."""
        return ExitCode.BAD_INPUT

    @property
    def hint(self) -> str:
        """What to do about it, in a line of its own; empty where the message says it."""
        return ""


class UsageError(Explained, Exception):
    """What was asked for cannot be; the message says what can."""
