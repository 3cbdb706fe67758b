"""Whatever stands in whatever place of a store, of a report, of a user's caches, or of a photograph: each operation
answers in words, at once, and loses nothing."""

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
from PIL import Image, ImageDraw

from ablate.analysis.results import StudyResults
from ablate.core.errors import AblateError
from ablate.core.plans import StudyPlan
from ablate.core.records import StoredRun
from ablate.core.specs import RunSpec, Study
from ablate.operations.catalogue import catalogue
from ablate.operations.compare import compare
from ablate.operations.export import export
from ablate.operations.fsck import fsck
from ablate.operations.gc import gc
from ablate.operations.plan import plan
from ablate.operations.predict import predict
from ablate.operations.publish import publish
from ablate.operations.report import report
from ablate.operations.request import read_request, read_settings
from ablate.operations.run import run
from ablate.operations.show import show
from ablate.operations.watch import watch
from ablate.publishing.writing import _figure_names
from ablate.runner.session import Progress
from ablate.storage.leases import Leases
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder
from tests.cli.kept import keep
from tests.damage import ODDITIES, age
from tests.operations.conftest import TINY, made_up
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
# Of all pairs so many are tried; each takes a second or two.
TRIED = 12
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


@pytest.fixture
def no_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    from ablate.publishing.writing import Written

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


@pytest.mark.usefixtures("no_reports")
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


WORDS = ("+sweep=dropout", "sweep.factors={model.dropout: [0.0, 0.3]}", "sweep.seeds=1", "keep=[weights]", *TINY)
# Where what the words ask for lies; the run is one of it.
OWN = "results/studies/dropout"
ALL_PLACES = (
    *("results/runs", "results/RUN", "results/RUN/record.json", "results/RUN/arrays.npz", "results/RUN/artefacts"),
    *("results/RUN/artefacts/weights.npz", "results/claims", "results/claims/ID"),
    *(f"{OWN}/{name}" for name in ("plans.jsonl", "study_log.jsonl", "runs.csv", "photographs.npz", "lines.npz")),
    *("reports", "reports/dropout", "reports/dropout/report.md", "reports/dropout/figures"),
    *("reports/dropout/figures/FIGURE", "reports/dropout/data"),
    *(f"reports/dropout/data/{name}" for name in ("plan.json", "stamp.json", "runs.csv", "photographs.npz")),
    *("cache/ablate", "cache/ablate/datasets", "cache/ablate/datasets/FACTS", "one.png"),
)
TRIED_ANYWHERE = 10


class Again:
    """Trains nothing: it gives the run that was known."""

    def __init__(self, runs: dict[str, StoredRun]) -> None:
        self._runs = runs

    def train(self, spec: RunSpec, progress: Progress) -> StoredRun:
        return self._runs[spec.run_id]


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, StoredRun]]:
    """All that a user has: a study whose runs are done, its report with a photograph in it, caches; and these runs."""
    root = tmp_path_factory.mktemp("user")
    image = Image.new("L", (200, 260), 230)
    ImageDraw.Draw(image).line([(100, 30), (100, 230)], fill=30, width=36)
    image.save(root / "one.png")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(root / "cache"))
        patched.setattr("ablate.publishing.writing._figures", undrawn)
        study = read_request([*WORDS, *places(root)]).work
        assert isinstance(study, Study)
        runs = {
            run_id: replace(each, artefacts={"weights": made_up(0, 0.3)})
            for run_id, each in completed_runs(*study.sweeps).items()
        }
        StudyFolder(root / "results", study.name).record_plan(StudyPlan.of(study), WORDS)
        for each in runs.values():
            RunStore(root / "results").put(each)
        arm = f"{study.name}:{study.sweeps[0].baseline.name}"
        predict(arm, [root / "one.png"], settings=read_settings(places(root)), report=True)
    return root, runs


def places(root: Path) -> list[str]:
    return [f"results_dir={root}/results", f"reports_dir={root}/reports"]


def undrawn(results: StudyResults) -> dict[str, bytes]:
    return dict.fromkeys(_figure_names(results), b"a picture")


def test_the_places_are_those_that_there_are(user: tuple[Path, dict[str, StoredRun]]) -> None:
    root, runs = user
    absent = {f"{OWN}/{name}" for name in ("study_log.jsonl", "lines.npz")} | {"results/claims", "results/claims/ID"}
    for place in sorted(set(ALL_PLACES) - absent):
        assert placed(root, place, min(runs)).exists(), place


def placed(root: Path, place: str, run_id: str) -> Path:
    """A place in a folder of a user: that of the run, and that of the facts of its data, named."""
    (facts, *_) = sorted(path.name for path in (root / "cache" / "ablate" / "datasets").glob("*.json"))
    (figure, *_) = sorted(path.name for path in (root / "reports" / "dropout" / "figures").iterdir())
    named = {"FIGURE": figure, "RUN": f"runs/{run_id[:2]}/{run_id}", "ID": run_id, "FACTS": facts}
    return root / "/".join(named.get(part, part) for part in place.split("/"))


def everything(root: Path, runs: dict[str, StoredRun]) -> tuple[Callable[[], object], ...]:
    words, settings = [*WORDS, *places(root)], read_settings(places(root))
    results, reports = root / "results", root / "reports"
    arm = "dropout:model.dropout=0.0"
    return (
        lambda: plan(words),
        lambda: next(watch("dropout", results_dir=results)),
        lambda: export(["dropout"], settings=settings, form="tensorboard", out=root / "histories"),
        lambda: export([min(runs)], settings=settings, form="keras", out=root / "models"),
        lambda: predict(arm, [root / "one.png"], settings=settings, out=root / "read", report=True),
        lambda: report("dropout", results_dir=results, reports_dir=reports),
        lambda: report(data=reports / "dropout" / "data", with_latex=True),
        lambda: run([*words, "executor=inline"]),
        lambda: fsck(results, reports, repair=True),
        lambda: run([*words, "executor=inline"]),
        lambda: plan(words),
    )


@pytest.mark.parametrize(
    ("place", "oddity"), random.Random(19).sample(sorted(product(ALL_PLACES, ODDITIES)), TRIED_ANYWHERE)
)
def test_an_odd_file_anywhere_is_survived_by_whatever_trains_or_shows(
    tmp_path: Path,
    user: tuple[Path, dict[str, StoredRun]],
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    oddity: str,
) -> None:
    root, runs = tmp_path / "user", user[1]
    shutil.copytree(user[0], root)
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "cache"))
    monkeypatch.setattr("ablate.publishing.writing._figures", undrawn)
    monkeypatch.setattr("ablate.runner.inline._trainers", lambda data_dir, numerics: lambda spec: Again(runs))
    path = placed(root, place, min(runs))
    if path.exists():
        path.rename(tmp_path / "former")
    path.parent.mkdir(exist_ok=True)
    ODDITIES[oddity](path)
    before = contents(root / "results")
    for operation in everything(root, runs):
        with suppress(AblateError):
            operation()
    assert before <= contents(root / "results")
