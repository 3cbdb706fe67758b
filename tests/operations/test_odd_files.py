"""Whatever stands in whatever place of a store: each operation answers in words, at once, and loses nothing."""

from __future__ import annotations

import hashlib
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import FrameType

import numpy as np
import pytest

from ablate.core.errors import AblateError
from ablate.operations.catalogue import catalogue
from ablate.operations.compare import compare
from ablate.operations.fsck import fsck
from ablate.operations.gc import gc
from ablate.operations.publish import publish
from ablate.operations.report import report
from ablate.operations.show import show
from ablate.storage.leases import Leases
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder
from tests.cli.kept import keep
from tests.damage import ODDITIES, age
from tests.synthetic import completed_runs, optimizer_sweep

SWEEP = optimizer_sweep(seeds=1, optimizers={"adam": 0.001, "sgd": 0.01})
RUN = SWEEP.baseline.spec.run_id
OTHER = SWEEP.arms[1].spec.run_id
FOLDER = f"runs/{RUN[:2]}/{RUN}"
STUDY = "studies/optimizers"
PLACES = (
    "runs",
    f"runs/{RUN[:2]}",
    FOLDER,
    *(f"{FOLDER}/{name}" for name in ("record.json", "spec.json", "arrays.npz", "artefacts", "artefacts/weights.npz")),
    "studies",
    STUDY,
    *(f"{STUDY}/{name}" for name in ("plans.jsonl", "study_log.jsonl", "runs.csv", "runs.parquet", "history.csv")),
    "claims",
    f"claims/{RUN}",
)
# Of all pairs so many are tried; each takes two seconds.
TRIED = 24
MOST_SECONDS = 60
# What can be made again at any time.
DERIVED = (".csv", ".parquet", ".lock")
GIANT = 2**30


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sound")
    runs = completed_runs(SWEEP)
    runs[RUN] = replace(runs[RUN], artefacts={"weights": {"kernel": np.arange(30, dtype=np.float32)}})
    keep(root, SWEEP, runs)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ablate.operations.publish.write_packed", lambda *arguments: None)
        folder = StudyFolder(root, "optimizers")
        folder.log("post_hoc_seeds", {"optimizers": [1]})
        publish(folder, RunStore(root), root / "reports")
    Leases(root).take(RUN)
    return root


@pytest.fixture(autouse=True)
def no_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    from ablate.reporting.writing import Written

    monkeypatch.setattr(
        "ablate.operations.publish.write_packed", lambda data, folder, redraw: Written(folder / "report.md", True)
    )


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    def late(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt(f"not done after {MOST_SECONDS} seconds")

    former = signal.signal(signal.SIGALRM, late)
    signal.alarm(MOST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, former)


def contents(root: Path) -> set[str]:
    """The checksum of every file that nothing else tells."""
    files = (path for path in root.rglob("*") if not path.is_symlink() and path.is_file())
    return {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.suffix not in DERIVED and path.stat().st_size < GIANT
    }


def operations(root: Path) -> tuple[Callable[[], object], ...]:
    reports = root / "reports"
    return (
        lambda: catalogue("studies", results_dir=root),
        lambda: catalogue("runs", results_dir=root),
        lambda: catalogue("optimizer=adam", results_dir=root),
        lambda: show(RUN[:12], results_dir=root),
        lambda: compare("optimizers:optimizer=adam", "optimizers:optimizer=sgd", results_dir=root),
        lambda: gc(root),
        lambda: fsck(root, reports),
        lambda: Leases(root).take(RUN),
        lambda: report("optimizers", results_dir=root, reports_dir=reports),
        lambda: fsck(root, reports, repair=True),
        lambda: RunStore(root).put(completed_runs(SWEEP)[RUN]),
        lambda: catalogue("runs", results_dir=root),
        lambda: fsck(root, reports),
    )


@pytest.mark.parametrize(("place", "oddity"), random.Random(18).sample(sorted(product(PLACES, ODDITIES)), TRIED))
def test_an_odd_file_anywhere_is_survived(tmp_path: Path, sound: Path, place: str, oddity: str) -> None:
    root = tmp_path / "results"
    shutil.copytree(sound, root)
    path = root / place
    path.rename(tmp_path / "former")
    ODDITIES[oddity](path)
    before = contents(root)
    is_file = Path(place).suffix in (".json", ".npz", ".jsonl", ".csv", ".parquet") or place.startswith("claims/")
    if is_file or "folder" not in oddity:
        # None that is met is taken for sound.
        assert any(finding.is_problem for finding in fsck(root, root / "reports").findings)
    for operation in operations(root):
        with suppress(AblateError):
            operation()
    # Of runs that are set aside or planned anew all is there still.
    assert before <= contents(root)
    for folder in RunStore(root).folder(OTHER).parent.glob("*"):
        age(folder, 86400.0)
    with suppress(AblateError):
        gc(root, remove=True, with_lone_runs=True)
    # What was set aside may go, and no run that the study needs.
    if place not in ("runs", f"runs/{OTHER[:2]}"):
        assert RunStore(root).has(OTHER)
