"""A metric of one's own, from a folder with nothing but it, through the real command line."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.words import changed

METRIC = """
import numpy as np
from ablate.core.records import MetricInfo

FACTS = MetricInfo(
    "worst_class", "accuracy of the worst class", "max", "fraction", "classification", is_error=True, range=(0.0, 1.0)
)

def worst_class(labels, predictions, least):
    return max(least, min(float(np.mean(predictions[labels == each] == each)) for each in np.unique(labels)))
"""
FILES = {
    "handmade/__init__.py": "",
    "handmade/scores.py": METRIC,
    "conf/config.yaml": "allow_targets: [handmade]\n",
    "conf/metric/worst_class.yaml": "_target_: handmade.scores.worst_class\n_partial_: true\nleast: 0.001\n",
}
SWEEP = (
    "+sweep=activations",
    "sweep.factors.model.activation=[relu,gelu]",
    "sweep.seeds=3",
    "training.epochs=2",
    "model.hidden=[16]",
    "numerics.engine=graph",
    "executor=inline",
    "sweep.claims=[]",
    "sweep.margin=0.01",
)
MINE = (*SWEEP, "sweep.metric=test_worst_class", "study=mine")
CLAIM = changed(SWEEP, 'sweep.claims=["gelu > relu on test_worst_class within 5%"]', "study=claimed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ablate", *words]
    # The current folder is where `python -m` looks first; ablate itself may be anywhere.
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, env=dict(os.environ))


def rows(folder: Path, study: str) -> list[dict[str, str]]:
    with (folder / f"results/studies/{study}/runs.csv").open() as file:
        return list(csv.DictReader(file))


def worst(folder: Path, run_id: str) -> float:
    arrays = np.load(folder / f"results/runs/{run_id[:2]}/{run_id}/arrays.npz")
    labels, predictions = arrays["test/label"], arrays["test/prediction"]
    hits = np.zeros(10)
    for label, prediction in zip(labels, predictions, strict=True):
        hits[label] += label == prediction
    return max(0.001, float(np.min(hits / np.bincount(labels))))


def test_a_metric_of_ones_own_is_measured_where_it_is_asked_for(folder: Path) -> None:
    trained = run(folder, *SWEEP)
    assert trained.returncode == 0, trained.stderr
    records = {path: path.read_bytes() for path in folder.glob("results/runs/??/*/*.*")}
    assert "6 runs, test_worst_class of 6 to derive from predictions" in run(folder, "plan", *MINE).stdout

    mended = run(folder, *MINE)
    assert mended.returncode == 0, mended.stderr
    assert {path: path.read_bytes() for path in folder.glob("results/runs/??/*/*.*")} == records
    measured = rows(folder, "mine")
    assert len(measured) == 6
    for row in measured:
        assert float(row["test_worst_class"]) == pytest.approx(worst(folder, row["run_id"]), abs=1e-12)
    assert "6 runs, all done" in run(folder, "plan", *MINE).stdout
    (plan,) = (folder / "results/studies/mine/plans.jsonl").read_text().splitlines()
    (asked,) = json.loads(plan)["plan"]["sweeps"][0]["spec"]["metrics"]
    assert (asked["info"]["name"], asked["source"]["arguments"]) == ("test_worst_class", {"least": 0.001})

    claimed = run(folder, *CLAIM)
    assert claimed.returncode == 0, claimed.stderr
    report = (folder / "reports/claimed/report.md").read_text()
    assert "gelu &gt; relu on test_worst_class within 5.0%" in report or "on test_worst_class within 5%" in report
    assert "test accuracy of the worst class" in report

    # Its facts stand in the plan: what is made of it again needs no code.
    for name in ("handmade/scores.py", "handmade/__init__.py", "conf/metric/worst_class.yaml", "conf/config.yaml"):
        (folder / name).unlink()
    before = (folder / "reports/mine/report.md").read_bytes()
    for words in (["report", "mine"], ["report", "--from", "reports/mine/data", "--redraw"]):
        again = run(folder, *words)
        assert again.returncode == 0, again.stderr
        assert (folder / "reports/mine/report.md").read_bytes() == before
    compared = run(folder, "compare", "mine:relu", "mine:gelu")
    assert compared.returncode == 0, compared.stderr
    assert "test_worst_class" in compared.stdout or "test accuracy of the worst class" in compared.stdout
    assert run(folder, "list").returncode == 0
    assert "All is sound" in run(folder, "fsck").stdout

    # Other code is another measurement.
    for name, text in FILES.items():
        (folder / name).write_text(text.replace("least: 0.001", "least: 0.5"))
    assert "test_worst_class of 6 to derive from predictions" in run(folder, "plan", *MINE).stdout
    assert run(folder, *MINE).returncode == 0
    assert {float(row["test_worst_class"]) for row in rows(folder, "mine")} >= {0.5}
    assert len(list(folder.glob("results/runs/??/*/artefacts/test_worst_class@*.npz"))) == 12


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("conf/config.yaml", "allow_targets: []\n", "--allow-target"),
        ("handmade/scores.py", "def worst_class(labels, predictions, least):\n    return 1.0\n", "FACTS"),
        ("handmade/scores.py", METRIC.replace("(labels, pred", "(images, labels, pred"), "images"),
        ("handmade/scores.py", METRIC.replace("range=(0.0, 1.0)", "range=(1.0, 0.0)"), "range"),
    ],
)
def test_a_metric_that_cannot_be_is_refused_before_anything_is_trained(
    folder: Path, name: str, text: str, said: str
) -> None:
    (folder / name).write_text(text)
    refused = run(folder, "plan", *MINE)
    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_metric_is_no_choice_of_a_run(folder: Path) -> None:
    refused = run(folder, "plan", "metric=balanced_accuracy")
    assert refused.returncode == 2
    assert "sweep.metric=test_balanced_accuracy" in refused.stderr
