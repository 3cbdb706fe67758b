"""A results folder as earlier commands would have left it, without any training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ablate.core.plans import StudyPlan
from ablate.core.records import StoredRun
from ablate.core.specs import Sweep
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder
from tests.synthetic import study


def keep(results_dir: Path, sweep: Sweep, runs: Mapping[str, StoredRun]) -> StudyPlan:
    """Keeps the plan of a study of this sweep, and the runs."""
    plan = StudyPlan.of(study(sweep))
    StudyFolder(results_dir, plan.name).record_plan(plan, [f"+sweep={sweep.spec.name}"])
    for run in runs.values():
        RunStore(results_dir).put(run)
    return plan
