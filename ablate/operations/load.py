"""A study that is stored, for a notebook or a script.

study = load("optimizers")
study.verdicts          # a pandas frame, one row a verdict
study.results           # everything its report shows, frozen
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.core.plans import StudyPlan
from ablate.core.records import RunRecord, StoredRun
from ablate.operations.as_json import document, shows
from ablate.operations.request import results_folder
from ablate.operations.sides import known_studies
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder, UnknownStudy

if TYPE_CHECKING:
    from ablate.analysis.frame import Tables
    from ablate.analysis.results import StudyResults
    from ablate.analysis.tidy_frame import DataFrame

__all__ = ["LoadedStudy", "load"]


@document("study", version=1)
@shows("plan", "records")
@dataclass(frozen=True)
class LoadedStudy:
    """A study's latest plan and what the store holds of its runs, by run id. All else is made of these when it is
    asked for first."""

    plan: StudyPlan
    stored: Mapping[str, StoredRun]
    folder: StudyFolder

    @property
    def records(self) -> dict[str, RunRecord]:
        """Run id → what came out, of every run that the store holds."""
        return {run_id: run.record for run_id, run in self.stored.items()}

    @cached_property
    def tables(self) -> Tables:
        """The tables that lie in the study's folder: runs, history, timings, verdicts."""
        from ablate.analysis.frame import study_tables

        return study_tables(self.plan, self.stored, events=self.folder.events())

    @property
    def runs(self) -> DataFrame:
        """One row for each planned run; what a run does not have is null."""
        return self.tables.runs

    @property
    def history(self) -> DataFrame:
        """One row for each run, metric and epoch."""
        return self.tables.history

    @property
    def verdicts(self) -> DataFrame:
        """One row for each verdict: arms against the baseline, claims, effects, confirmations."""
        return self.tables.verdicts

    @cached_property
    def results(self) -> StudyResults:
        """Everything that its report shows, but for what was asked of photographs and of lines between runs."""
        from ablate.analysis.results import study_results

        return study_results(self.plan, self.stored, self.folder.events())


def load(study: str, *, results_dir: Path | str | None = None, sets_aside: bool = True) -> LoadedStudy:
    """The study of this name.

    Args:
        results_dir: where it lies; None for the place that the configuration of the current folder says.
        sets_aside: whether what is damaged is set aside; without, nothing in the store is touched.

    Raises:
        UnknownStudy: when nothing was planned under this name.
        DamagedPlan: when no plan of it can be read.
        UnreadablePlan, UnreadableRecord: when another version of ablate wrote it.
    """
    root = results_folder(results_dir)
    try:
        folder = StudyFolder(root, study)
    except ValueError as error:
        raise UnknownStudy(f"{error}. {known_studies(root)}") from error
    lines = folder.readable_lines()
    if not lines:
        raise UnknownStudy(f"no study {study} under {root}. {known_studies(root)}")
    plan = lines[-1].plan
    return LoadedStudy(plan, RunStore(root, sets_aside).present(plan.possible_run_ids, plan.measured), folder)
