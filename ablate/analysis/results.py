"""All that a report says of a study, as frozen numbers: computed here, drawn and written elsewhere.

results = study_results(plan, runs)
for sweep in results.sweeps:
    sweep.summaries, sweep.differences       # in the order of the design
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ablate.analysis.confusion import Confusion, count_confusion
from ablate.analysis.contrasts import paired_difference
from ablate.analysis.curves import ArmCurves, learning_curves
from ablate.analysis.estimates import Estimate
from ablate.analysis.settings import flatten, setting_text
from ablate.analysis.summaries import ArmSummary, summarise
from ablate.analysis.values import (
    Runs,
    column_info,
    history_metric,
    metric_rank,
    metric_values,
    status_of,
    stored,
    value_in,
    values_by_seed,
)
from ablate.identity import canonical
from ablate.plans import PlannedSweep, StudyPlan
from ablate.records import MetricInfo, RunRecord, StoredRun
from ablate.specs import PlannedRun

__all__ = [
    "SECONDS",
    "ArmDifference",
    "MetricSummaries",
    "RunOutcome",
    "StudyResults",
    "SweepResults",
    "margin_in_metric_units",
    "study_results",
    "sweep_results",
]

SECONDS = MetricInfo("seconds", "time of a run without compilation", "min", "seconds")


@dataclass(frozen=True)
class ArmDifference:
    """The paired difference arm − baseline in the unit of the metric, over the seeds that completed in both."""

    arm: str
    estimate: Estimate


@dataclass(frozen=True)
class MetricSummaries:
    """One metric of every arm, in the order of the design."""

    metric: MetricInfo
    summaries: tuple[ArmSummary, ...]


@dataclass(frozen=True)
class RunOutcome:
    """What became of one planned run. `value` is the sweep's metric; `detail` says where a run diverged or
    why it failed."""

    arm: str
    seed: int
    run_id: str
    status: str
    epochs_run: int | None = None
    best_epoch: int | None = None
    value: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class SweepResults:
    """Every number of one sweep that a report shows.

    Attributes:
        differences: one for each arm but the baseline.
        margin: the stated margin in the unit of the metric; None when none is stated or a relative one
            has no baseline to refer to.
        validation, training: curves of the metric that `history_metric` names, and of its training twin.
        secondary: the validation and test metrics that the question is not about.
        confusions: of the baseline, and of the arm whose mean lies farthest from it.
    """

    planned: PlannedSweep
    metric: MetricInfo
    outcomes: tuple[RunOutcome, ...]
    summaries: tuple[ArmSummary, ...]
    differences: tuple[ArmDifference, ...]
    margin: float | None
    curve_metric: MetricInfo
    validation: tuple[ArmCurves, ...]
    training: tuple[ArmCurves, ...]
    gap: MetricSummaries
    seconds: MetricSummaries
    secondary: tuple[MetricSummaries, ...]
    confusions: tuple[Confusion, ...]

    @property
    def baseline(self) -> ArmSummary:
        return next(summary for summary in self.summaries if summary.is_baseline)

    @property
    def distinct_configurations(self) -> int:
        """Arms whose levels resolve to the same settings are one configuration, trained once."""
        return len({canonical(arm.settings) for arm in self.planned.arms})


@dataclass(frozen=True)
class StudyResults:
    """`environment` maps each entry of the records' environments to its distinct values, as text."""

    plan: StudyPlan
    sweeps: tuple[SweepResults, ...]
    environment: Mapping[str, tuple[str, ...]]


def study_results(plan: StudyPlan, runs: Runs) -> StudyResults:
    return StudyResults(
        plan=plan,
        sweeps=tuple(sweep_results(sweep, runs) for sweep in plan.sweeps),
        environment=_environment([runs[run_id].record for run_id in plan.run_ids if run_id in runs]),
    )


def sweep_results(sweep: PlannedSweep, runs: Runs) -> SweepResults:
    column = sweep.spec.metric
    metric = column_info(column)
    summaries = summarise(sweep, runs, value_in(column))
    differences = _differences(sweep, runs, column)
    curve_metric = history_metric(metric.name)
    return SweepResults(
        planned=sweep,
        metric=metric,
        outcomes=tuple(_outcome(run, runs, column) for run in sweep.runs),
        summaries=summaries,
        differences=differences,
        margin=margin_in_metric_units(sweep.spec.margin, metric, _baseline_mean(summaries)),
        curve_metric=column_info(curve_metric),
        validation=learning_curves(sweep, runs, curve_metric),
        training=learning_curves(sweep, runs, curve_metric.removeprefix("val_")),
        gap=MetricSummaries(column_info("gap"), summarise(sweep, runs, value_in("gap"))),
        seconds=MetricSummaries(SECONDS, summarise(sweep, runs, _seconds)),
        secondary=_secondary(sweep, runs, column),
        confusions=_confusions(sweep, runs, differences),
    )


def margin_in_metric_units(margin: float | str | None, metric: MetricInfo, baseline: float | None) -> float | None:
    """The stated margin as a number: `10%` is a tenth of the baseline's loss, or of its error 1 − mean where
    larger is better."""
    if margin is None or isinstance(margin, (int, float)):
        return margin
    if baseline is None:
        return None
    error = 1 - baseline if metric.sign > 0 else baseline
    return float(margin.rstrip("%")) / 100 * abs(error)


def _baseline_mean(summaries: tuple[ArmSummary, ...]) -> float | None:
    return next(summary.estimate.mean for summary in summaries if summary.is_baseline)


def _differences(sweep: PlannedSweep, runs: Runs, column: str) -> tuple[ArmDifference, ...]:
    values = {arm.name: values_by_seed(stored(runs, sweep.runs_of(arm.name)), value_in(column)) for arm in sweep.arms}
    baseline = values[sweep.baseline.name]
    return tuple(
        ArmDifference(arm.name, paired_difference(values[arm.name], baseline))
        for arm in sweep.arms
        if not arm.is_baseline
    )


def _outcome(run: PlannedRun, runs: Runs, column: str) -> RunOutcome:
    status = status_of(runs, run.run_id)
    if run.run_id not in runs:
        return RunOutcome(run.arm, run.seed, run.run_id, status)
    record = runs[run.run_id].record
    value = value_in(column)(runs[run.run_id])
    return RunOutcome(
        run.arm, run.seed, run.run_id, status, record.epochs_run, record.best_epoch, value, _detail(record)
    )


def _detail(record: RunRecord) -> str:
    if record.divergence is not None:
        return f"objective not finite in epoch {record.divergence.epoch}, step {record.divergence.step}"
    if record.failure is not None:
        return f"{record.failure.kind}: {record.failure.type}: {record.failure.message}"
    return ""


def _seconds(run: StoredRun) -> float:
    return run.record.timings.wall_seconds - run.record.timings.compile_seconds


def _secondary(sweep: PlannedSweep, runs: Runs, column: str) -> tuple[MetricSummaries, ...]:
    present = stored(runs, sweep.runs)
    columns = {name for run in present for name in metric_values(run) if _is_secondary(name)}
    return tuple(
        MetricSummaries(column_info(name), summarise(sweep, runs, value_in(name)))
        for name in sorted(columns - {column}, key=metric_rank)
    )


def _is_secondary(column: str) -> bool:
    return column.startswith(("val_", "test_")) and not column.endswith((".best", ".last"))


def _confusions(sweep: PlannedSweep, runs: Runs, differences: tuple[ArmDifference, ...]) -> tuple[Confusion, ...]:
    arms = [sweep.baseline.name]
    measured = [difference for difference in differences if difference.estimate.mean is not None]
    if measured:
        arms.append(max(measured, key=lambda difference: abs(difference.estimate.mean or 0.0)).arm)
    counted = (count_confusion(arm, stored(runs, sweep.runs_of(arm))) for arm in arms)
    return tuple(confusion for confusion in counted if confusion is not None)


def _environment(records: list[RunRecord]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for record in records:
        for name, value in flatten(record.environment).items():
            found.setdefault(name, set()).add(setting_text(value))
    return {name: tuple(sorted(values)) for name, values in sorted(found.items())}
