"""What is read of a store whose runs are many: each file once at most, and only those that the answer needs."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ablate.core.specs import Study
from ablate.storage.runs import RunStore
from tests.benchmarks.many_runs import NAME, stored_run, write_runs, write_study
from tests.cli.conftest import Ablate

ARMS, SEEDS = 50, 2
RUNS = ARMS * SEEDS


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study]:
    folder = tmp_path_factory.mktemp("generated")
    study = write_study(folder, ARMS, SEEDS)
    write_runs(study, folder / "results")
    return folder, study


@pytest.fixture
def study(generated: tuple[Path, Study], folder: Path) -> Study:
    shutil.copytree(generated[0], folder, dirs_exist_ok=True)
    return generated[1]


def test_the_generator_writes_what_the_store_writes(study: Study, folder: Path, tmp_path: Path) -> None:
    store = RunStore(tmp_path / "other")
    for spec in list(study.run_specs().values())[:SEEDS]:  # of the first arm, whose quality is 0
        store.put(stored_run(spec))
        written, generated = store.folder(spec.run_id), RunStore(folder / "results").folder(spec.run_id)
        assert {path.name: path.read_bytes() for path in written.iterdir()} == {
            path.name: path.read_bytes() for path in generated.iterdir()
        }


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("list", {"record.json": RUNS}),
        ("list runs", {"record.json": RUNS}),
        ("list model.dropout=0.3 optimizer=adam", {"record.json": RUNS}),
        (f"plan +sweep={NAME}", {"record.json": RUNS}),
        (f"plan +sweep={NAME} sweep.metric=test_accuracy study=other", {"record.json": RUNS, "arrays.npz": RUNS}),
    ],
)
def test_each_file_is_read_once_at_most(
    words: str, read: dict[str, int], study: Study, ablate: Ablate, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: Counter[str] = Counter()
    opened_by_system = os.open

    def counted(path: Path | str, *arguments: Any, **settings: Any) -> int:
        if Path(path).parent.name in study.run_specs():
            opened[Path(path).name] += 1
        return opened_by_system(path, *arguments, **settings)

    monkeypatch.setattr("ablate.sanitize.files.os.open", counted)
    said = ablate(*words.split())
    assert (said.code, opened) == (0, read)
    assert f"{RUNS} runs, all done" in said.out or words.startswith("list")
