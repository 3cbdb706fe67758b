"""The executors of the package keep the contract of all executors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ablate.runner.cluster import RayExecutor
from ablate.runner.inline import InlineExecutor
from ablate.runner.local import LocalExecutor
from ablate.testing.executors import ExecutorContract, WorkersContract
from tests.runner.scripted import NAME


class TestInline(ExecutorContract):
    scripted_trainer = NAME

    def executor(self) -> InlineExecutor:
        return InlineExecutor()


class TestLocal(WorkersContract):
    scripted_trainer = NAME

    def executor(self) -> LocalExecutor:
        return LocalExecutor(workers=2)

    def test_nothing_to_do_takes_no_turn(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ablate.runner.worker_pool.WorkerPool.turn", None)
        self.test_nothing_to_do_starts_nothing(tmp_path)


@pytest.fixture(scope="module")
def ray_of_its_own() -> Iterator[None]:
    """One Ray for all of these tests; an executor makes use of what its process has joined."""
    pytest.importorskip("ray")
    from ablate.runner.actors import joined

    with joined(None, cores=2, gpus=0):
        yield


@pytest.mark.usefixtures("ray_of_its_own")
class TestRay(WorkersContract):
    scripted_trainer = NAME

    def executor(self) -> RayExecutor:
        return RayExecutor(workers=2)
