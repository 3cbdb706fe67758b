"""All that a report says of a study, as frozen numbers: computed here, drawn and written elsewhere.

results = study_results(plan, runs)
for sweep in results.sweeps:
    sweep.summaries, sweep.verdicts       # in the order of the design
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ablate.analysis.arm_divergence import ArmDivergence, arm_divergences
from ablate.analysis.confusion import Confusion, count_confusion
from ablate.analysis.curves import ArmCurves, MetricCurves, learning_curves
from ablate.analysis.displacement import Displacement, displacement_curves
from ablate.analysis.ensembles import EnsembleGain, StudyEnsembles
from ablate.analysis.examples import ShownExamples, shown_examples
from ablate.analysis.generated import Samples, samples_of_arms
from ablate.analysis.grid_effects import FactorialRows
from ablate.analysis.interpolations import ArmInterpolations
from ablate.analysis.judging import Judged, judge_study, judge_sweep
from ablate.analysis.photo_predictions import ArmPhotoPredictions
from ablate.analysis.probe_pictures import ProbePictures, probe_pictures
from ablate.analysis.quantities import value_of
from ablate.analysis.replication import Revisited, revisit
from ablate.analysis.seed_noise import SeedNoise, seed_noise
from ablate.analysis.selections import Selection
from ablate.analysis.settings import flat_environments, setting_text
from ablate.analysis.summaries import ArmSummary, summarise
from ablate.analysis.sweep_flags import RaisedFlag, sweep_flags
from ablate.analysis.values import (
    Runs,
    column_info,
    history_metric,
    metric_of,
    metric_rank,
    metric_values,
    status_of,
    stored,
    training_metric,
    value_in,
)
from ablate.core.artefacts import PROBE_QUANTITIES
from ablate.core.claims import Quantity
from ablate.core.identity import canonical
from ablate.core.late_changes import AS_PLANNED, Premise
from ablate.core.plans import PlannedSweep, StudyPlan
from ablate.core.records import TEST, TRAINING, VALIDATION, MetricInfo, RunRecord, StoredRun
from ablate.core.specs import PlannedRun
from ablate.verdicts.scales import analysis_scale
from ablate.verdicts.verdict import Scale, Verdict

__all__ = [
    "SECONDS",
    "MetricSummaries",
    "RunOutcome",
    "StudyResults",
    "SweepResults",
    "study_results",
    "sweep_results",
]

NO_PICTURES = ProbePictures()
SECONDS = MetricInfo("seconds", "time of a run without compilation", "min", "seconds", is_error=True)


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
        validation, training: curves of the metric that `history_metric` names, and of its training twin.
        further: curves of the other metrics that the epochs of a run have, on training and validation examples.
        secondary: the validation and test metrics that the question is not about.
        confusions: of the baseline, and of the arm whose mean lies farthest from it.
        verdicts: one for each arm but the baseline, in the order of the design.
        claims: one for each claim of the sweep.
        slopes: exploratory: the change of the metric with a numeric factor.
        on_test: exploratory: the arms on the test split.
        multiplicity: how the verdicts of a family share their errors: `holm`, `joint` or `study`.
        premise: what was changed after the first results.
        flags: those of the sweep as a whole; each verdict bears its own.
        divergences: of the arms where a run diverged, or one of the baseline's.
        selection: the arm with the best mean, where the report is to name one.
        factorial: what a full grid showed of its factors.
        revisited: what became of the document that the sweep puts to the test.
        examples: test examples as a run of the baseline reads them, where they were kept.
        displacements: accuracy against displacement, a curve an arm, where it was measured.
        ensembles: arm to what its seeds gain together, where their probabilities were kept.
        probes, pictures: what probes measured of the runs, as far as it was kept.
        samples: what the generators of its arms made.
        confirmation: what became of the runs on fresh seeds that were tried; none of `outcomes` is among them.
        noise: which parts of a seed the noise of a run comes from, where the sweep asks that.
    """

    planned: PlannedSweep
    metric: MetricInfo
    outcomes: tuple[RunOutcome, ...]
    summaries: tuple[ArmSummary, ...]
    curve_metric: MetricInfo
    validation: tuple[ArmCurves, ...]
    training: tuple[ArmCurves, ...]
    gap: MetricSummaries
    seconds: MetricSummaries
    secondary: tuple[MetricSummaries, ...]
    confusions: tuple[Confusion, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    claims: tuple[Verdict, ...] = ()
    slopes: tuple[Verdict, ...] = ()
    on_test: tuple[Verdict, ...] = ()
    multiplicity: str = "holm"
    premise: Premise = AS_PLANNED
    flags: tuple[RaisedFlag, ...] = ()
    divergences: tuple[ArmDivergence, ...] = ()
    selection: Selection | None = None
    factorial: FactorialRows | None = None
    revisited: Revisited | None = None
    examples: ShownExamples | None = None
    displacements: tuple[Displacement, ...] = ()
    ensembles: Mapping[str, EnsembleGain] = field(default_factory=dict)
    probes: tuple[MetricSummaries, ...] = ()
    pictures: ProbePictures = NO_PICTURES
    samples: tuple[Samples, ...] = ()
    confirmation: tuple[RunOutcome, ...] = ()
    noise: SeedNoise | None = None
    further: tuple[MetricCurves, ...] = ()

    @property
    def baseline(self) -> ArmSummary:
        return next(summary for summary in self.summaries if summary.is_baseline)

    @property
    def scale(self) -> Scale:
        """The one scale on which the sweep compares its metric, as the plan says."""
        spec = self.planned.spec
        return analysis_scale(spec.margin, None if spec.scale is None else Scale(spec.scale))[0]

    @property
    def stated(self) -> dict[str, float]:
        """Arm → what the document that is put to the test states of it on the sweep's metric, on the same data."""
        if self.revisited is None or not self.revisited.is_on_its_data:
            return {}
        return {each.arm: each.stated for each in self.revisited.numbers if each.quantity.name == self.metric.name}

    @property
    def distinct_configurations(self) -> int:
        """Arms whose levels resolve to the same settings are one configuration, trained once."""
        return len({canonical(arm.settings) for arm in self.planned.arms})


@dataclass(frozen=True)
class StudyResults:
    """`environment` maps each entry of the records' environments to its distinct values, as text;
    `photo_predictions` is what an arm of the study made of photographs, `interpolations` what lies between the runs of
    two arms, where these were asked."""

    plan: StudyPlan
    sweeps: tuple[SweepResults, ...]
    environment: Mapping[str, tuple[str, ...]]
    photo_predictions: ArmPhotoPredictions | None = None
    interpolations: tuple[ArmInterpolations, ...] = ()


def study_results(
    plan: StudyPlan,
    runs: Runs,
    events: Sequence[Mapping[str, Any]] = (),
    ensembles: StudyEnsembles | None = None,
    photo_predictions: ArmPhotoPredictions | None = None,
    interpolations: tuple[ArmInterpolations, ...] = (),
    judged: Sequence[Judged] | None = None,
) -> StudyResults:
    """
    Args:
        events: the study's log, see `StudyFolder.events`.
        ensembles: what seeds gain together; it is made of more than the runs of a report still hold.
        photo_predictions: of photographs.
        interpolations: between the runs of two arms.
        judged: each sweep of the plan by these runs, where that has been done already (`judge_study`).
    """
    gains = ensembles or {}
    return StudyResults(
        plan=plan,
        sweeps=tuple(
            replace(sweep_results(sweep, runs, events, found), ensembles=gains.get(sweep.spec.name, {}))
            for sweep, found in zip(
                plan.sweeps, judge_study(plan, runs, events) if judged is None else judged, strict=True
            )
        ),
        environment=_environment([runs[run_id].record for run_id in plan.possible_run_ids if run_id in runs]),
        photo_predictions=photo_predictions,
        interpolations=interpolations,
    )


def sweep_results(
    sweep: PlannedSweep, runs: Runs, events: Sequence[Mapping[str, Any]] = (), judged: Judged | None = None
) -> SweepResults:
    """
    Args:
        events: the study's log, see `StudyFolder.events`.
        judged: the sweep by these runs, where that has been done already.
    """
    found = judge_sweep(sweep, runs, events) if judged is None else judged
    return _with_artefacts(_with_judgement(_measured(sweep, runs), found, runs, events), runs)


def _measured(sweep: PlannedSweep, runs: Runs) -> SweepResults:
    """What became of the runs: their outcomes, summaries and curves, with no word about any difference."""
    column = sweep.spec.metric
    metric = column_info(column)
    curve_metric = history_metric(metric.name)
    summaries = summarise(sweep, runs, value_in(column))
    return SweepResults(
        planned=sweep,
        metric=metric,
        outcomes=tuple(_outcome(run, runs, column) for run in sweep.runs),
        summaries=summaries,
        curve_metric=column_info(curve_metric),
        validation=learning_curves(sweep, runs, curve_metric),
        training=learning_curves(sweep, runs, training_metric(curve_metric)),
        gap=MetricSummaries(column_info("gap"), summarise(sweep, runs, value_in("gap"))),
        seconds=MetricSummaries(SECONDS, summarise(sweep, runs, _seconds)),
        further=_further(sweep, runs, {curve_metric, training_metric(curve_metric)}),
        secondary=_secondary(sweep, runs, column),
        divergences=arm_divergences(sweep, runs),
        confirmation=tuple(_outcome(run, runs, column) for run in sweep.confirmation if run.run_id in runs),
        noise=seed_noise(sweep, summaries, metric),
    )


def _with_judgement(
    results: SweepResults, judged: Judged, runs: Runs, events: Sequence[Mapping[str, Any]]
) -> SweepResults:
    """With what was said of the arms, claims and factors, and what depends on that."""
    sweep = results.planned
    interactions = judged.grid.interactions if judged.grid else ()
    return replace(
        results,
        confusions=_confusions(sweep, runs, judged.verdicts),
        verdicts=judged.verdicts,
        claims=judged.claims,
        slopes=judged.slopes,
        on_test=judged.on_test,
        multiplicity=sweep.spec.multiplicity,
        premise=Premise.of(sweep.spec, events),
        flags=sweep_flags(sweep, runs, judged.verdicts, events, judged.selection, interactions),
        selection=judged.selection,
        factorial=judged.grid,
        revisited=revisit(sweep, runs, judged.claims),
    )


def _with_artefacts(results: SweepResults, runs: Runs) -> SweepResults:
    """With what was kept of the runs beside their numbers: examples, displacements, probes, images."""
    sweep = results.planned
    return replace(
        results,
        examples=shown_examples(sweep, runs),
        displacements=displacement_curves(sweep, runs),
        probes=_probes(sweep, runs),
        pictures=probe_pictures(sweep, runs),
        samples=samples_of_arms(sweep, runs),
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
    names = {name for run in present for name in metric_values(run)}
    columns = set(filter(_is_secondary, names))
    return tuple(
        MetricSummaries(column_info(name), summarise(sweep, runs, value_in(name)))
        for name in sorted(columns - {column}, key=metric_rank)
    )


def _further(sweep: PlannedSweep, runs: Runs, shown: Collection[str]) -> tuple[MetricCurves, ...]:
    """Curves beside those of the metrics that are `shown`: what is no metric of examples, as the learning rate, has
    none."""
    recorded = {name for run in stored(runs, sweep.runs) for name in run.history}
    names = {name for name in recorded if column_info(name).split in (TRAINING, VALIDATION) and name not in shown}
    return tuple(
        MetricCurves(column_info(name), learning_curves(sweep, runs, name))
        for name in sorted(names, key=metric_rank)
        if not column_info(name).is_final
    )


def _probes(sweep: PlannedSweep, runs: Runs) -> tuple[MetricSummaries, ...]:
    present = {name for run in stored(runs, sweep.runs) for name in run.probes}
    return tuple(
        MetricSummaries(info, summarise(sweep, runs, value_of(Quantity(name))))
        for name, info in PROBE_QUANTITIES.items()
        if name in present
    )


def _is_secondary(column: str) -> bool:
    return metric_of(column) == column and column_info(column).split in (VALIDATION, TEST)


def _confusions(sweep: PlannedSweep, runs: Runs, verdicts: tuple[Verdict, ...]) -> tuple[Confusion, ...]:
    arms = [sweep.baseline.name]
    measured = [verdict for verdict in verdicts if verdict.raw_diff is not None]
    if measured:
        arms.append(max(measured, key=lambda verdict: abs(verdict.raw_diff or 0.0)).arm)
    counted = (count_confusion(arm, stored(runs, sweep.runs_of(arm))) for arm in arms)
    return tuple(confusion for confusion in counted if confusion is not None)


def _environment(records: list[RunRecord]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    environments = flat_environments(record.environment for record in records)
    for environment in {id(each): each for each in environments}.values():
        for name, value in environment.items():
            found.setdefault(name, set()).add(setting_text(value))
    return {name: tuple(sorted(values)) for name, values in sorted(found.items())}
