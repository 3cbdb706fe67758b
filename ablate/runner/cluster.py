"""Runs in actors of Ray (https://docs.ray.io), on this machine or all over a cluster.

    RayExecutor(address="auto").execute(work.todo, session)

This process alone writes the store. An actor or a node that is lost costs its runs one retry; a new actor takes
its place where there is room. Ray itself is imported when runs are executed, so that planning works without it.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablate.core.errors import Interrupted
from ablate.core.specs import RunSpec
from ablate.runner.devices import available_gpus
from ablate.runner.local import default_workers
from ablate.runner.pool_executor import PoolExecutor
from ablate.runner.session import ExecutorUnavailable

if TYPE_CHECKING:
    from ablate.runner.actors import Actors

__all__ = ["RayExecutor"]

MISSING = "executor=ray needs Ray, which is not installed here: pip install 'ablate[ray]'"


@dataclass(frozen=True)
class RayExecutor(PoolExecutor):
    """Workers that are actors: as many as the cluster has room for, unless `workers` says less.

    The machines of a cluster need the same ablate, and the data under the same path.

    Attributes:
        address: of the cluster, `host:port`, or `auto` for the one that this machine is a part of; None for a Ray
            of its own on this machine, which ends with the work.
        gpus_per_worker: GPUs of a worker whose runs need one; of less than 1 several workers share one.
    """

    address: str | None = None
    gpus_per_worker: float = 1.0

    def worker_count(self, todo: Sequence[RunSpec]) -> int | None:
        """How many workers `todo` is given; None where a cluster has to be joined to know."""
        if self.address is not None and self.workers is None:
            return None
        return self._worker_count(todo, self._room_here(todo))

    @contextmanager
    def _joined(self, todo: Sequence[RunSpec]) -> Iterator[tuple[Actors, int]]:
        try:
            from ablate.runner.actors import Actors, joined
        except ModuleNotFoundError as error:
            if error.name != "ray":
                raise
            raise ExecutorUnavailable(MISSING) from error
        numerics = [spec.numerics for spec in todo]
        cores = self._worker_count(todo, self._room_here(todo)) * max(each.threads for each in numerics)
        gpus = available_gpus() if any(each.device == "gpu" for each in numerics) else ()
        with ExitStack() as until:
            try:
                until.enter_context(joined(self.address, cores, len(gpus)))
            except SystemExit as ended:
                raise Interrupted(signal.SIGTERM, 0, len(todo)) from ended
            actors = Actors(self.gpus_per_worker)
            yield actors, actors.room(numerics)

    def _positive(self) -> list[str]:
        return [*super()._positive(), "gpus_per_worker"]

    def _room_here(self, todo: Sequence[RunSpec]) -> int:
        numerics = [spec.numerics for spec in todo]
        return default_workers(numerics, available_gpus())
