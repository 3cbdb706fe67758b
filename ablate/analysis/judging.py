"""A sweep's questions, put to the engine: its arms, its claims, the effects of its factors, its selected arm.

    judged = judge_sweep(plan.sweeps[0], runs)
    judged.verdicts, judged.claims, judged.effects, judged.on_test
    judge_study(plan, runs)           # each sweep of a plan

What is compared, in which family, on which scale and within which margin stands in the plan, written before any
run; the runs add numbers and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import cast

import numpy as np

from ablate.analysis.grid_effects import FactorialRows
from ablate.analysis.grid_tables import factor_tables, source_shares
from ablate.analysis.quantities import value_of
from ablate.analysis.selections import Selection, select_arm
from ablate.analysis.settings import setting_text
from ablate.analysis.summaries import summarise
from ablate.analysis.values import MISSING, Digests, Runs, Value, column_info, status_of, value_in
from ablate.core.artefacts import PROBE_QUANTITIES
from ablate.core.claims import EPOCHS_TO, Quantity, parse_statement, quantity_info, resolve_statement, stated_margin
from ablate.core.late_changes import AS_PLANNED, Event, Premise
from ablate.core.plans import PlannedSweep, StudyPlan
from ablate.core.records import METRICS, TEST, VALIDATION, Status, StoredRun, twin
from ablate.core.specs import SEED_PARTS, PlannedRun
from ablate.stats.factorial import dose_slopes, factorial_effects
from ablate.verdicts.divergence import composite_values, standing_value
from ablate.verdicts.effects import EffectValues
from ablate.verdicts.engine import (
    PairedQuestion,
    arm_spreads,
    judge_arms,
    judge_claims,
    judge_effects,
    judge_exploratory,
    judge_pairs,
)
from ablate.verdicts.pairing import ArmValues
from ablate.verdicts.scales import analysis_scale, on_scale
from ablate.verdicts.verdict import Flag, Scale, Verdict

__all__ = [
    "STUDY",
    "Judged",
    "arms_to_confirm",
    "judge_all_pairs",
    "judge_study",
    "judge_sweep",
    "questions_that_share",
    "spreads",
]

FEWEST_DOSES = 3
# The multiplicity that bounds a whole study, and what a confirmation adds to its questions.
STUDY = "study"
CONFIRMING_QUESTIONS = 2
# A loss without settings → the measure that its mean over the examples is.
LOSS_MEASURES = {
    "ablate.training.losses.mean_squared_error": "mse",
    "ablate.training.losses.mean_absolute_error": "mae",
}
_ENDED = (Status.COMPLETED.value, Status.DIVERGED.value)
# Factors whose levels are numbers in name only: there is no more or less of them.
STREAMS = ("randomness.salt", "dataset.split_seed", *(f"seed_parts.{part}" for part in SEED_PARTS))


@dataclass(frozen=True)
class Judged:
    """What the engine said of a sweep.

    Attributes:
        verdicts: of each arm but the baseline, on the sweep's metric.
        claims: of each claim.
        slopes: of a numeric factor that is varied alone: the change of the metric for each unit of it.
        on_test: exploratory: each arm on the test split, which chose nothing.
        grid: what a full grid showed of its factors; None for other designs.
        selection: the arm with the best mean; None where there are not two others to be the best of.
    """

    verdicts: tuple[Verdict, ...]
    claims: tuple[Verdict, ...]
    slopes: tuple[Verdict, ...]
    on_test: tuple[Verdict, ...]
    grid: FactorialRows | None
    selection: Selection | None

    @property
    def effects(self) -> tuple[Verdict, ...]:
        """Exploratory rows about factors: those of a grid, or slopes."""
        return self.slopes if self.grid is None else (*self.grid.main_effects, *self.grid.interactions)

    @property
    def rows(self) -> tuple[Verdict, ...]:
        """Everything, as the table of verdicts lists it."""
        confirmation = () if self.selection is None else self.selection.confirmation
        return (*self.verdicts, *self.claims, *confirmation, *self.effects, *self.on_test)


def judge_study(plan: StudyPlan, runs: Runs, events: Sequence[Event] = ()) -> tuple[Judged, ...]:
    """Every sweep of the plan, in its order. Tables and reports take it: each sweep need be judged once for both.

    Args:
        events: the study's log, which tells what was changed after there were results.
    """
    return tuple(judge_sweep(sweep, runs, events, plan) for sweep in plan.sweeps)


def judge_sweep(
    sweep: PlannedSweep, runs: Runs, events: Sequence[Event] = (), study: StudyPlan | None = None
) -> Judged:
    """Everything that the sweep asked, as far as `runs` (run_id → run) can answer it.

    Args:
        events: the study's log, which tells what was changed after there were results.
        study: that the sweep stands in, whose other questions may share its error; None for a sweep alone.
    """
    sweeps = (sweep,) if study is None else study.sweeps
    read = _Reader(sweep, runs, Premise.of(sweep.spec, events), questions_that_share(sweeps, events))
    if sweep.spec.is_about_noise:
        return Judged(verdicts=(), claims=_claims(read), slopes=(), on_test=(), grid=None, selection=None)
    return Judged(
        verdicts=_arms(read),
        claims=_claims(read),
        slopes=_slopes(read),
        on_test=_on_test(read),
        grid=_grid(read),
        selection=_selection(read),
    )


def judge_all_pairs(
    sweep: PlannedSweep, runs: Runs, reference: str, events: Sequence[Event] = ()
) -> tuple[Verdict, ...]:
    """Every arm against `reference`, which need not be the baseline, adjusted for all k(k − 1)/2 pairs of the sweep's k
    arms: whoever picks a pair after a look has looked at all of them.

    Args:
        events: the study's log, which tells what was changed after there were results.
    """
    read = _Reader(sweep, runs, Premise.of(sweep.spec, events))
    metric, names = read.spec.metric, [reference, *(arm.name for arm in sweep.arms if arm.name != reference)]
    questions = [
        PairedQuestion(
            subject=arm,
            arm=arm,
            reference=other,
            metric=read.metric,
            arm_values=read.arm(arm, metric),
            reference_values=read.arm(other, metric),
            margin=read.spec.margin,
            scale=read.scale,
            n_examples=read.examples(metric),
            classes=read.classes,
            worst=read.spec.worst,
            is_unpaired=not read.spec.paired,
            test_to_train=read.test_to_train(metric),
        )
        for other, arm in combinations(names, 2)
    ]
    multiplicity = "holm" if read.spec.multiplicity == "holm" else "joint"
    judged = _of_splits(judge_pairs(questions, read.spec.alpha, multiplicity), read)
    return _as_planned([row for row in judged if row.reference == reference], read.premise)


def spreads(sweep: PlannedSweep, runs: Runs) -> list[tuple[int, float]]:
    """The pairs of seeds and their sd, of each arm but the baseline that has any: as in `Judged.verdicts`."""
    read = _Reader(sweep, runs)
    metric = sweep.spec.metric
    return arm_spreads(
        read.arms(metric),
        sweep.baseline.name,
        read.metric,
        margin=sweep.spec.margin,
        scale=read.scale,
        n_examples=read.examples(metric),
    )


def arms_to_confirm(sweep: PlannedSweep, runs: Runs) -> tuple[str, ...]:
    """The selected arm, the baseline and the runner-up, once every planned run has an outcome; else none, nor where no
    arm can be better.

    These are the arms that a sweep with `confirm` trains on its confirmation seeds.
    """
    if (
        sweep.spec.is_about_noise
        or not sweep.confirmation
        or any(status_of(runs, run.run_id) not in _ENDED for run in sweep.runs)
    ):
        return ()
    selected = _selection(_Reader(sweep, runs))
    if selected is None:
        return ()
    return tuple(dict.fromkeys(name for name in (selected.arm, sweep.baseline.name, selected.runner_up) if name))


class _Reader:
    """The values of a sweep's arms, by column."""

    def __init__(
        self, sweep: PlannedSweep, runs: Runs, premise: Premise = AS_PLANNED, questions_of_study: int = 0
    ) -> None:
        self.sweep = sweep
        self.spec = sweep.spec
        self.runs = runs
        self.premise = premise
        self.questions_of_study = questions_of_study
        self.metric = column_info(sweep.spec.metric)
        self.scale = None if sweep.spec.scale is None else Scale(sweep.spec.scale)
        self.stored = [runs[run.run_id] for run in sweep.runs if run.run_id in runs]
        self._read: dict[tuple[str, str], ArmValues] = {}
        self.labels = next((run.arrays["test/label"] for run in self.stored if "test/label" in run.arrays), None)

    def arms(self, column: str) -> dict[str, ArmValues]:
        """Arm → its values, in the order of the design."""
        return {arm.name: self.arm(arm.name, column) for arm in self.sweep.arms}

    def arm(self, name: str, column: str) -> ArmValues:
        if (name, column) not in self._read:
            planned, with_examples = self.sweep.runs_of(name), self.has_shared_examples(name, column)
            self._read[name, column] = self.values(planned, value_in(column), with_examples)
        return self._read[name, column]

    def has_shared_examples(self, arm: str, column: str) -> bool:
        """Whether its runs were right or wrong on the same examples: a split of its own may draw those as well."""
        return column == "test_accuracy" and arm not in self.resplit

    @cached_property
    def resplit(self) -> frozenset[str]:
        """The arms of which every seed has a split of its own."""
        return frozenset(arm.name for arm in self.sweep.arms if arm.resplits)

    def test_to_train(self, column: str) -> float:
        """n_test/n_train of the splits that the column is measured on; 0 where seeds share one, or this is not known of
        all arms alike."""
        if len(self.resplit) < len(self.sweep.arms) or _measured_on(column) != VALIDATION:
            return 0.0
        datasets = [cast(Mapping[str, float], arm.settings["dataset"]) for arm in self.sweep.arms]
        fraction, *others = {dataset["validation_fraction"] for dataset in datasets}
        return 0.0 if others else fraction / (1 - fraction)

    def values(self, planned: Sequence[PlannedRun], value: Value, with_examples: bool = False) -> ArmValues:
        status = {run.seed: status_of(self.runs, run.run_id) for run in planned}
        completed = [self.runs[run.run_id] for run in planned if status[run.seed] == Status.COMPLETED.value]
        tested = completed if with_examples else []
        correct = {run.spec.seed: right for run in tested if (right := _correct(run)) is not None}
        return ArmValues(
            values={run.spec.seed: value(run) for run in completed},
            planned=tuple(status),
            diverged=tuple(seed for seed, ended in status.items() if ended == Status.DIVERGED.value),
            failed=tuple(seed for seed, ended in status.items() if ended == Status.FAILED.value),
            correct=correct,
            digests=Digests({run.seed: self.runs[run.run_id] for run in planned if status[run.seed] in _ENDED}),
        )

    def examples(self, column: str) -> int | None:
        """How many examples the column was measured on, where the runs tell."""
        return len(self.labels) if self.labels is not None and _measured_on(column) == TEST else None

    def sharing(self, asked: int) -> tuple[str, int]:
        """How `asked` questions share their error: the adjustment, and how many others have a part in it."""
        if self.spec.multiplicity != STUDY:
            return self.spec.multiplicity, 0
        return "joint", max(0, self.questions_of_study - asked)

    @property
    def classes(self) -> int | None:
        is_class = self.labels is not None and self.labels.dtype.kind in "iu" and self.labels.size
        return int(self.labels.max()) + 1 if is_class and self.labels is not None else None


def _measured_on(column: str) -> str:
    """The split of a column, of what probes measure too."""
    return (PROBE_QUANTITIES.get(column) or column_info(column)).split


def _correct(run: StoredRun) -> np.ndarray | None:
    labels, predictions = run.arrays.get("test/label"), run.arrays.get("test/prediction")
    if labels is None or predictions is None or labels.dtype.kind not in "iu":
        return None
    right: np.ndarray = labels == predictions
    return right


# arms and claims ---------------------------------------------------------------------------------------


def _arms(read: _Reader) -> tuple[Verdict, ...]:
    spec = read.spec
    multiplicity, others = read.sharing(len(read.sweep.arms) - 1)
    judged = judge_arms(
        read.arms(spec.metric),
        read.sweep.baseline.name,
        read.metric,
        margin=spec.margin,
        scale=read.scale,
        alpha=spec.alpha,
        multiplicity=multiplicity,
        n_examples=read.examples(spec.metric),
        classes=read.classes,
        others=others,
        worst=spec.worst,
        unpaired=not spec.paired,
        test_to_train=read.test_to_train(spec.metric),
    )
    return _as_planned(_of_splits(judged, read), read.premise)


def _of_splits(judged: Sequence[Verdict], read: _Reader) -> tuple[Verdict, ...]:
    """Exploratory where seeds have splits of their own, and nothing was corrected for how these overlap."""

    def is_naive(row: Verdict) -> bool:
        # An effect is of all arms.
        sides = {row.arm, row.reference} & read.resplit if row.arm else read.resplit
        return bool(sides) and Flag.RESPLITS not in row.flags

    return tuple(row.as_exploratory(Flag.OTHER_SPLITS) if is_naive(row) else row for row in judged)


def _claims(read: _Reader) -> tuple[Verdict, ...]:
    """Those that were planned are a family, in which one that was withdrawn goes on counting; what suggested a later
    one cannot test it."""
    premise, alpha = read.premise, read.spec.alpha
    first = [text for text in read.spec.claims if text not in premise.added_claims]
    withdrawn = len(premise.withdrawn_claims)
    multiplicity, others = read.sharing(len(first) + withdrawn)
    planned = _of_splits(
        judge_claims([_claim(text, read) for text in first], alpha, multiplicity, others + withdrawn), read
    )
    later = _of_splits(judge_claims([_claim(text, read) for text in premise.added_claims], alpha), read)
    judged = {
        **dict(zip(first, _as_planned(planned, premise), strict=True)),
        **{row.subject: row.as_exploratory(Flag.POST_HOC_CLAIMS, *_seed_flags(premise)) for row in later},
    }
    return tuple(judged[text] for text in read.spec.claims)


def _as_planned(judged: Sequence[Verdict], premise: Premise) -> tuple[Verdict, ...]:
    """Exploratory where the seeds are not those that were planned before the first look."""
    flags = _seed_flags(premise)
    return tuple(row.as_exploratory(*flags) if flags else row for row in judged)


def _seed_flags(premise: Premise) -> tuple[Flag, ...]:
    added = (Flag.POST_HOC_SEEDS,) if premise.added_seeds else ()
    return (*added, Flag.WITHDRAWN_SEEDS) if premise.withdrawn_seeds else added


def questions_that_share(sweeps: Sequence[PlannedSweep], events: Sequence[Event] = ()) -> int:
    """How many questions share the error of a study: arms, claims, and the two comparisons of a confirmation."""
    return sum(
        len(sweep.arms)
        - 1
        + len(sweep.spec.claims)
        + len(Premise.of(sweep.spec, events).withdrawn_claims)
        + (CONFIRMING_QUESTIONS if sweep.spec.confirm else 0)
        for sweep in sweeps
        if sweep.spec.multiplicity == STUDY
    )


def _claim(text: str, read: _Reader) -> PairedQuestion:
    statement = parse_statement(text)
    arm, reference = resolve_statement(statement, read.sweep.arms)
    quantity, info = statement.quantity, quantity_info(statement.quantity)
    is_primary = str(quantity) == read.spec.metric or _is_loss_itself(str(quantity), read)
    margin = stated_margin(statement, str(quantity) if is_primary else read.spec.metric, read.spec.margin)
    with_examples = read.has_shared_examples(arm, info.name)
    planned = read.sweep.runs_of(arm)
    return PairedQuestion(
        subject=text,
        arm=arm,
        reference=reference,
        metric=info,
        arm_values=_of_quantity(quantity, read, arm, with_examples),
        reference_values=_of_quantity(quantity, read, reference, with_examples)
        if statement.value is None
        else ArmValues(dict.fromkeys((run.seed for run in planned), statement.value)),
        has_stated_reference=statement.value is not None,
        relation=statement.relation,
        margin=margin,
        # A margin of its own brings its own scale: an absolute one may stand beside the sweep's ratio of errors.
        scale=read.scale if is_primary and statement.margin is None else None,
        n_examples=read.examples(info.name),
        classes=read.classes,
        worst=read.spec.worst if is_primary else None,
        is_unpaired=not read.spec.paired,
        test_to_train=read.test_to_train(info.name),
    )


def _is_loss_itself(quantity: str, read: _Reader) -> bool:
    """Whether a quantity is the sweep's metric under another name: `val_loss` is `val_mse` where every arm trains on
    the mean squared error, for no penalty is part of it."""
    asked, metric = METRICS.get(quantity), METRICS.get(read.spec.metric)
    losses = {str(arm.settings["loss"]["target"]) for arm in read.sweep.arms}  # type: ignore[index,call-overload]
    if asked is None or metric is None or (asked.split, asked.is_final) != (metric.split, metric.is_final):
        return False
    measures = {LOSS_MEASURES.get(losses.pop()) if len(losses) == 1 else None, "loss"}
    return {asked.measure, metric.measure} == measures


def _of_quantity(quantity: Quantity, read: _Reader, arm: str, with_examples: bool) -> ArmValues:
    """A run that trained and never got to a threshold has not diverged."""
    found = read.values(read.sweep.runs_of(arm), value_of(quantity), with_examples)
    if quantity.name != EPOCHS_TO:
        return found
    return replace(found, unreached=tuple(seed for seed, value in found.values.items() if value == math.inf))


def _on_test(read: _Reader) -> tuple[Verdict, ...]:
    """The same arms on the test split: not what the sweep asks, but what a reader wants to see beside it."""
    column = _test_column(read)
    if column is None:
        return ()
    values, baseline = read.arms(column), read.sweep.baseline.name
    questions = [
        PairedQuestion(
            subject=name,
            arm=name,
            reference=baseline,
            metric=column_info(column),
            arm_values=own,
            reference_values=values[baseline],
            n_examples=read.examples(column),
            classes=read.classes,
        )
        for name, own in values.items()
        if name != baseline
    ]
    return _of_splits(judge_exploratory(questions, read.spec.alpha), read)


def _test_column(read: _Reader) -> str | None:
    info = read.metric
    if info.split == TEST:
        return None
    if read.classes is not None:
        return "test_accuracy"
    found = None if info.is_final else twin(info, TEST)
    return found.name if found and any(found.name in run.record.metrics for run in read.stored) else None


# factors -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _ScaledArms:
    """Arm → seed → value, on the one scale of the sweep.

    `completed` is None where an error has no logarithm. `composite` has the worst value for each run that diverged, and
    no value of an arm for whose diverged runs nothing can stand.
    """

    scale: Scale
    completed: Mapping[str, Mapping[int, float] | None]
    composite: Mapping[str, Mapping[int, float]]


def _scaled_arms(read: _Reader) -> _ScaledArms:
    scale, examples = analysis_scale(read.spec.margin, read.scale)[0], read.examples(read.spec.metric)
    arms = read.arms(read.spec.metric)
    seen = [value for arm in arms.values() for value in arm.finite.values()]
    worst = standing_value(read.metric, seen, read.classes, read.spec.worst)

    def scaled(values: Mapping[int, float]) -> dict[int, float] | None:
        return on_scale(values, read.metric, scale, examples)

    def with_worst(arm: ArmValues) -> dict[int, float]:
        if worst is None and arm.diverged_seeds:
            return {}
        return scaled(composite_values(arm.finite, arm.diverged_seeds, worst or 0.0)) or {}

    return _ScaledArms(
        scale,
        {name: scaled(arm.finite) for name, arm in arms.items()},
        {name: with_worst(arm) for name, arm in arms.items()},
    )


def _effect(
    read: _Reader,
    scaled: _ScaledArms,
    arms: Sequence[str],
    contrasts: Mapping[int, float],
    composite: Mapping[int, float],
) -> EffectValues:
    cells = tuple(read.arm(name, read.spec.metric) for name in arms)
    return EffectValues(
        contrasts,
        cells,
        composite if any(cell.diverged_seeds for cell in cells) else None,
        is_positive=all(scaled.completed[name] is not None for name in arms),
    )


def _slopes(read: _Reader) -> tuple[Verdict, ...]:
    """The slope over the levels of a numeric factor, for each factor that is varied alone."""
    scaled = _scaled_arms(read)
    baseline, found = read.sweep.baseline.levels, {}
    for factor, levels in read.spec.factors.items():
        is_numeric = all(isinstance(level, int | float) and not isinstance(level, bool) for level in levels)
        if not is_numeric or factor in STREAMS:
            continue
        others = {key: setting_text(level) for key, level in baseline.items() if key != factor}
        doses: dict[str, float] = {
            arm.name: float(arm.levels[factor])  # type: ignore[arg-type]
            for arm in read.sweep.arms
            if all(setting_text(arm.levels[key]) == text for key, text in others.items())
        }
        if len(doses) >= FEWEST_DOSES:
            slopes, composite = (
                dose_slopes([(dose, values[name] or {}) for name, dose in doses.items()])
                for values in (scaled.completed, scaled.composite)
            )
            found[f"slope over {factor}"] = _effect(read, scaled, tuple(doses), slopes, composite)
    judged = judge_effects(found, read.metric, scale=scaled.scale, alpha=read.spec.alpha)
    return _of_splits(judged, read)


def _grid(read: _Reader) -> FactorialRows | None:
    factors = {name: tuple(map(setting_text, levels)) for name, levels in read.spec.factors.items()}
    varied = {name: levels for name, levels in factors.items() if len(levels) > 1}
    by_levels: dict[tuple[str, ...], str] = {
        tuple(setting_text(arm.levels[name]) for name in varied): arm.name for arm in read.sweep.arms
    }
    if len(varied) < 2 or len(by_levels) < math.prod(map(len, varied.values())):
        return None
    short = _short_names(tuple(varied))
    scaled = _scaled_arms(read)
    references = {short[name]: setting_text(read.sweep.baseline.levels[name]) for name in varied}
    named = {short[name]: levels for name, levels in varied.items()}
    found, composite = (
        factorial_effects(named, {levels: values[name] or {} for levels, name in by_levels.items()}, references)
        for values in (scaled.completed, scaled.composite)
    )
    # Every effect is over the seeds that all cells have, so a run that diverged anywhere is one that it lacks.
    effects = {
        effect.name: _effect(read, scaled, tuple(by_levels.values()), effect.contrasts, with_worst.contrasts)
        for effect, with_worst in zip(found.effects, composite.effects, strict=True)
    }
    judged = judge_effects(effects, read.metric, margin=read.spec.margin, scale=read.scale, alpha=read.spec.alpha)
    rows = _of_splits(judged, read)
    count = len(found.main_effects)
    return FactorialRows(
        tables=factor_tables(
            read.metric,
            named,
            {levels: scaled.completed[name] or {} for levels, name in by_levels.items()},
            scaled.scale,
            {levels: len(read.arm(name, read.spec.metric).diverged_seeds) for levels, name in by_levels.items()},
        ),
        main_effects=rows[:count],
        interactions=rows[count:],
        shares=source_shares((row.term, row.share) for row in found.shares),
        scale=scaled.scale,
        shared_seeds=found.seeds,
    )


def _short_names(factors: Sequence[str]) -> dict[str, str]:
    last = {name: name.rpartition(".")[2] for name in factors}
    return {name: part if list(last.values()).count(part) == 1 else name for name, part in last.items()}


# the selected arm --------------------------------------------------------------------------------------


def _selection(read: _Reader) -> Selection | None:
    if len(read.sweep.arms) < 3:
        return None
    selected = select_arm(summarise(read.sweep, read.runs, value_in(read.spec.metric)), read.metric)
    if selected is None:
        return None
    return replace(selected, confirmation=_confirmation(read, selected))


def _confirmation(read: _Reader, selected: Selection) -> tuple[Verdict, ...]:
    """The selected arm against the baseline and against the runner-up, on the seeds that chose nothing."""
    planned = {arm.name: [run for run in read.sweep.confirmation if run.arm == arm.name] for arm in read.sweep.arms}
    others = dict.fromkeys(
        name for name in (read.sweep.baseline.name, selected.runner_up) if name and name != selected.arm
    )
    tried = [run for name in (selected.arm, *others) for run in planned[name]]
    if not tried or all(status_of(read.runs, run.run_id) == MISSING for run in tried):
        return ()
    values = {name: read.values(planned[name], value_in(read.spec.metric)) for name in (selected.arm, *others)}
    questions = [
        PairedQuestion(
            subject=selected.arm,
            arm=selected.arm,
            reference=name,
            metric=read.metric,
            arm_values=values[selected.arm],
            reference_values=values[name],
            margin=read.spec.margin,
            scale=read.scale,
            n_examples=read.examples(read.spec.metric),
            classes=read.classes,
            worst=read.spec.worst,
            is_unpaired=not read.spec.paired,
            test_to_train=read.test_to_train(read.spec.metric),
        )
        for name in others
    ]
    multiplicity, beside = read.sharing(len(questions))
    judged = _of_splits(judge_pairs(questions, read.spec.alpha, multiplicity, beside), read)
    is_repeated = read.premise.is_confirmation_repeated
    return tuple(row.as_exploratory(Flag.REPEATED_CONFIRMATION) for row in judged) if is_repeated else judged
