"""Runs in worker processes on this machine, each of which lives for many runs.

    LocalExecutor(workers=4).execute(work.todo, session)
    LocalExecutor(gpus=(0, 2)).execute(work.todo, session)     # a worker for each of two GPUs

A worker that dies, falls silent or gets stuck costs its run one retry and is replaced. Workers never
outlive their parent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ablate.core.machine import available_cores
from ablate.core.specs import Numerics, RunSpec
from ablate.runner.devices import available_gpus, chosen_gpus
from ablate.runner.pool_executor import PoolExecutor
from ablate.runner.process import Processes

__all__ = ["LocalExecutor", "default_workers"]


@dataclass(frozen=True)
class LocalExecutor(PoolExecutor):
    """Workers that are processes: by default as many as the available cores can give their threads, or, for runs
    that need one, one for each GPU. A worker sees one GPU.

    Attributes:
        gpus: which of the visible GPUs: a number of them, their indexes from 0, or None for all.
    """

    gpus: int | tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not _says_which(self.gpus):
            raise ValueError(f"gpus is {self.gpus}: it is null, a number from 1, or a list of indexes from 0")

    def worker_count(self, todo: Sequence[RunSpec]) -> int:
        """How many workers `todo` is given.

        Raises:
            DeviceAbsent: when there are fewer GPUs than `gpus` says.
        """
        return self._worker_count(todo, default_workers([spec.numerics for spec in todo], self._gpus_for(todo)))

    @contextmanager
    def _joined(self, todo: Sequence[RunSpec]) -> Iterator[tuple[Processes, int]]:
        gpus = self._gpus_for(todo)
        yield Processes(gpus), default_workers([spec.numerics for spec in todo], gpus)

    def _gpus_for(self, todo: Sequence[RunSpec]) -> tuple[str, ...]:
        needs_one = any(spec.numerics.device == "gpu" for spec in todo)
        return chosen_gpus(self.gpus, available_gpus()) if needs_one else ()


def default_workers(numerics: Sequence[Numerics], gpus: Sequence[str]) -> int:
    """One worker for each GPU if any run needs one, else as many as the cores can give their threads."""
    if any(each.device == "gpu" for each in numerics):
        return max(1, len(gpus))
    threads = max((each.threads for each in numerics), default=1)
    return max(1, available_cores() // threads)


def _says_which(gpus: object) -> bool:
    """Whether a setting, as a config may have it, is one of GPUs."""
    if gpus is None or type(gpus) is int:
        return gpus is None or gpus >= 1
    if not isinstance(gpus, (list, tuple)) or not gpus:
        return False
    return len(set(gpus)) == len(gpus) and all(type(index) is int and index >= 0 for index in gpus)
