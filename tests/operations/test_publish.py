"""What publishing takes: reading a store is dear, and so is judging."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from ablate.analysis import judging
from ablate.analysis.frame import study_tables
from ablate.operations.publish import publish
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder
from tests.synthetic import completed_runs, dropout_sweep, optimizer_sweep, plan_of

WIDE = dropout_sweep((0.2, 0.5, 0.7), seeds=4)
SWEEPS = (
    optimizer_sweep(seeds=3, optimizers={"sgd": 0.01, "adam": 0.001, "adamw": 0.001}),
    dropout_sweep((0.0, 0.3)),
    replace(WIDE, spec=replace(WIDE.spec, name="wide")),
)
PLAN = plan_of(*SWEEPS)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, ...]]:
    """The arms of a sweep → how often they were judged."""
    counted: Counter[tuple[str, ...]] = Counter()
    judge_arms = judging.judge_arms

    def counting(arms, *rest, **named):
        counted[tuple(arms)] += 1
        return judge_arms(arms, *rest, **named)

    monkeypatch.setattr(judging, "judge_arms", counting)
    monkeypatch.setattr("ablate.publishing.writing._figures", lambda results: {})
    return counted


def published(folder: Path) -> None:
    store, study = RunStore(folder), StudyFolder(folder, PLAN.name)
    if not study.plan_lines():
        study.record_plan(PLAN, argv=["+sweep=[optimizers,dropout]"])
        for run in completed_runs(*SWEEPS).values():
            store.put(run)
    publish(study, store, folder / "reports")


def test_each_sweep_is_judged_once_for_tables_and_report_together(tmp_path: Path, judged) -> None:
    once = {tuple(arm.name for arm in sweep.arms): 1 for sweep in PLAN.sweeps}
    published(tmp_path)
    assert judged == once
    report = tmp_path / "reports" / PLAN.name
    verdicts = (report / "data" / "verdicts.csv").read_bytes()
    assert verdicts == (tmp_path / "studies" / PLAN.name / "verdicts.csv").read_bytes()
    assert verdicts == study_tables(PLAN, completed_runs(*SWEEPS)).files()["verdicts.csv"]
    assert "`dropout=0.7`" in (report / "report.md").read_text()


def test_a_report_that_stands_takes_no_more_than_its_tables(tmp_path: Path, judged) -> None:
    published(tmp_path)
    judged.clear()
    published(tmp_path)
    assert set(judged.values()) == {1}
