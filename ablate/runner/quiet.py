"""What the backend says of the machine of its own accord, which is no answer to what was asked.

It has to be told before it is imported, and what it says while it is imported it says to the file descriptor. What
ends a process later on is said all the same. Workers say everything: their output is read, and its end stands in the
record of a run that took its worker with it.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from ablate.core.backend import TENSORFLOW

__all__ = ["TALKATIVE", "quiet_backend"]

# In the environment of a process whose output is read.
TALKATIVE = TENSORFLOW.talkative_variables
STDERR = 2  # the file descriptor, which native code writes to


def quiet_backend() -> None:
    """Has the backend say nothing in this process, whoever imports it. How much it says once it is imported stays what
    the user has set, if they have."""
    for name, value in TENSORFLOW.quiet_variables.items():
        os.environ.setdefault(name, value)
    if TENSORFLOW.distribution not in sys.modules and not any(isinstance(each, _Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds the backend, once, as others would, and has it executed where nobody hears it."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - of a package's own
        target: ModuleType | None = None,  # noqa: ARG002 - of a reload
    ) -> ModuleSpec | None:
        if fullname != TENSORFLOW.distribution:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = _unheard(spec.loader.exec_module)  # type: ignore[assignment, method-assign]
        return spec


def _unheard(execute: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    def hushed_execute(module: ModuleType) -> None:
        with _hushed():
            execute(module)

    return hushed_execute


@contextmanager
def _hushed() -> Iterator[None]:
    """Lets native code write nothing to stderr. Exceptions of Python go their way."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()
    kept, nowhere = os.dup(STDERR), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, STDERR)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)
        os.close(nowhere)
