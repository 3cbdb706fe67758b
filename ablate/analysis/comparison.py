"""What two or more groups of runs have in common, and where they part: the numbers of `ablate compare`.

    sides = [*sides_of_study(plan, runs, "adam"), *sides_of_study(plan, runs, "sgd")]
    comparison = compare(sides)
    comparison.mismatches            # () when the sides can be compared at all
    comparison.settings              # only what differs
    comparison.metrics[0].differences[1]    # paired with the first side, where seeds match

A side is a run, or an arm over its seeds. The first side is the one that the others are compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from ablate.analysis.confusion import Confusion, count_confusion
from ablate.analysis.curves import ArmCurves, arm_curves
from ablate.analysis.judging import judge_all_pairs, judge_sweep
from ablate.analysis.per_example import TestExamples, judge_test_examples
from ablate.analysis.settings import ABSENT, differing_names, flatten, setting_text
from ablate.analysis.values import (
    Digests,
    Runs,
    column_info,
    metric_of,
    metric_rank,
    metric_values,
    stored,
    value_in,
    values_by_seed,
)
from ablate.core.class_names import names_of_all
from ablate.core.errors import AblateError
from ablate.core.identity import Json, canonical
from ablate.core.late_changes import Event
from ablate.core.plans import PlannedArm, PlannedSweep, StudyPlan
from ablate.core.records import MetricInfo, Status, StoredRun
from ablate.stats.contrasts import paired_difference
from ablate.stats.estimates import Estimate, estimate_mean
from ablate.verdicts.engine import judge_arms
from ablate.verdicts.pairing import ArmValues
from ablate.verdicts.verdict import Flag, Scale, Verdict

__all__ = [
    "Asked",
    "Comparison",
    "Disagreement",
    "Disagreements",
    "MetricComparison",
    "Mismatch",
    "NoSuchArm",
    "Origin",
    "Scope",
    "SettingComparison",
    "Side",
    "arm_values",
    "asked_of",
    "compare",
    "mismatches",
    "sides_of_study",
]

CURVES = ("val_loss", "val_accuracy", "val_mse")


class NoSuchArm(AblateError, LookupError):
    """A level that names no arm of the study, or more than one."""


@dataclass(frozen=True)
class Origin:
    """An arm of a sweep of a study, with what the store holds of the study's runs, and its log."""

    plan: StudyPlan
    sweep: PlannedSweep
    arm: PlannedArm
    runs: Runs
    events: tuple[Event, ...] = ()


class Scope(StrEnum):
    """What the error rate of a comparison covers: the family of its sweep; all pairs of the sweep's arms, of which it
    shows some; nothing, where no study planned to compare its sides."""

    STUDY = "study"
    PAIRS = "pairs"
    EXPLORATORY = "exploratory"


@dataclass(frozen=True)
class Side:
    """A label and the runs behind it, no two of one seed, at least one; where they were planned, None for a run by
    itself."""

    label: str
    runs: tuple[StoredRun, ...]
    origin: Origin | None = None

    def __post_init__(self) -> None:
        seeds = [run.spec.seed for run in self.runs]
        if not seeds or len(set(seeds)) < len(seeds):
            raise ValueError(f"side {self.label!r} needs runs, each of another seed; its seeds are {seeds}")


@dataclass(frozen=True)
class Mismatch:
    """An aspect (data, split, metric or numerics) in which the sides are not comparable; one text a side."""

    aspect: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class SettingComparison:
    """A setting that differs; one text a side, ABSENT where it knows no such setting."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class MetricComparison:
    """One metric; an estimate a side, and its paired difference from the first side (None for that itself)."""

    metric: MetricInfo
    estimates: tuple[Estimate, ...]
    differences: tuple[Estimate | None, ...]


@dataclass(frozen=True)
class Disagreement:
    """A test example that the sides do not all predict alike; `probabilities` are of the predicted classes,
    None where they were not kept."""

    index: int
    label: int
    predictions: tuple[int, ...]
    probabilities: tuple[float | None, ...]


@dataclass(frozen=True)
class Disagreements:
    """Between one run of each side: `seeds` says which, the smallest that all sides share if there is one;
    `class_names` where they are known."""

    seeds: tuple[int, ...]
    n_examples: int
    examples: tuple[Disagreement, ...]
    class_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """`verdicts` are of every side but the first, on the metric and within the margin of the sides' sweep; `scope` says
    what their error rate covers and `questions` how many share it; `confusions` and `curves` hold what could be made;
    `disagreements` and `by_example` are None when the sides were not tested on the same examples or kept no classes."""

    labels: tuple[str, ...]
    mismatches: tuple[Mismatch, ...]
    settings: tuple[SettingComparison, ...]
    verdicts: tuple[Verdict, ...]
    scope: Scope
    questions: int
    multiplicity: str
    metrics: tuple[MetricComparison, ...]
    confusions: tuple[Confusion, ...]
    disagreements: Disagreements | None
    by_example: TestExamples | None
    curves: tuple[tuple[MetricInfo, tuple[ArmCurves, ...]], ...]

    @property
    def are_comparable(self) -> bool:
        return not self.mismatches


def compare(sides: Sequence[Side]) -> Comparison:
    """What the sides have in common and where they part; where they are arms of one sweep its baseline comes first.

    Raises:
        ValueError: when there are fewer than two sides.
    """
    if len(sides) < 2:
        raise ValueError("a comparison needs two sides or more")
    together = _common_sweep(sides)
    if together is not None:
        sides = sorted(sides, key=lambda side: together.names[side.label] != together.sweep.baseline.name)
    judged = _of_no_study(sides) if together is None else _of_one_sweep(sides, together)
    return Comparison(
        labels=tuple(side.label for side in sides),
        mismatches=mismatches(sides),
        settings=_settings(sides),
        verdicts=judged.verdicts,
        scope=judged.scope,
        questions=judged.questions,
        multiplicity=judged.multiplicity,
        metrics=_metrics(sides),
        confusions=tuple(counted for side in sides if (counted := count_confusion(side.label, side.runs))),
        disagreements=_disagreements(sides),
        by_example=judge_test_examples([(side.label, side.runs) for side in sides]),
        curves=_curves(sides),
    )


# sides -----------------------------------------------------------------------------------------------


def sides_of_study(
    plan: StudyPlan, runs: Runs, level: str | None = None, events: tuple[Event, ...] = ()
) -> tuple[Side, ...]:
    """A side for each arm of the study that has runs, or for the one arm that `level` names.

    Args:
        level: an arm's name (`optimizer=adam`) or, where only one arm has it, a level (`adam`).
        events: the study's log.

    Raises:
        NoSuchArm: when `level` names none or several, or an arm without runs.
    """
    arms = [(sweep, arm) for sweep in plan.sweeps for arm in sweep.arms]
    chosen = arms if level is None else _arms_named(plan, arms, level)
    sides = [_side(plan, sweep, arm, runs, events) for sweep, arm in chosen if stored(runs, sweep.runs_of(arm.name))]
    if level is not None and not sides:
        raise NoSuchArm(f"{plan.name}:{level} has no stored run yet")
    return tuple(sides)


def _side(plan: StudyPlan, sweep: PlannedSweep, arm: PlannedArm, runs: Runs, events: tuple[Event, ...]) -> Side:
    kept = tuple(stored(runs, sweep.runs_of(arm.name)))
    return Side(f"{plan.name}:{arm.name}", kept, Origin(plan, sweep, arm, runs, events))


ArmOfSweep = tuple[PlannedSweep, PlannedArm]


def _arms_named(plan: StudyPlan, arms: Sequence[ArmOfSweep], level: str) -> list[ArmOfSweep]:
    named = [pair for pair in arms if pair[1].name == level]
    named = named or [pair for pair in arms if level in map(setting_text, pair[1].levels.values())]
    distinct = {canonical(arm.settings): (sweep, arm) for sweep, arm in reversed(named)}
    if len(distinct) == 1:
        return list(distinct.values())
    found = "several arms" if distinct else "no arm"
    names = ", ".join(dict.fromkeys(arm.name for _, arm in named or arms))
    raise NoSuchArm(f"{plan.name}:{level} names {found}; {'it could be' if distinct else 'there are'} {names}")


# configuration ---------------------------------------------------------------------------------------


def mismatches(sides: Sequence[Side]) -> tuple[Mismatch, ...]:
    """The aspects in which the sides are not comparable; none where they are."""
    aspects = {**_ASPECTS, "split": _own_split} if all(map(_has_own_splits, sides)) else _ASPECTS
    found = (Mismatch(aspect, tuple(_of_all_runs(side, read) for side in sides)) for aspect, read in aspects.items())
    return tuple(mismatch for mismatch in found if len(set(mismatch.values)) > 1 or SEVERAL in mismatch.values)


SEVERAL = "(several)"


def _of_all_runs(side: Side, read: Callable[[StoredRun], str]) -> str:
    texts = {read(run) for run in side.runs}
    return texts.pop() if len(texts) == 1 else SEVERAL


def _split(run: StoredRun) -> str:
    return f"{_held_out(run)}, split_seed {run.spec.dataset.split_seed}"


def _own_split(run: StoredRun) -> str:
    return f"{_held_out(run)}, split_seed the seed"


def _held_out(run: StoredRun) -> str:
    data = run.spec.dataset
    part = f"last {data.validation_last}" if data.validation_last is not None else f"{data.validation_fraction:g}"
    return f"validation {part}"


def _has_own_splits(side: Side) -> bool:
    """Whether every seed has a split that it draws itself, so that equal seeds share theirs. One run does not tell."""
    return len(side.runs) > 1 and all(run.spec.dataset.split_seed == run.spec.seed for run in side.runs)


def _numerics(run: StoredRun) -> str:
    numerics = run.spec.numerics
    return f"{numerics.device}, {numerics.engine}, threads {numerics.threads}, {run.spec.precision}"


_ASPECTS: dict[str, Callable[[StoredRun], str]] = {
    "data": lambda run: run.spec.dataset.digest,
    "split": _split,
    "metric": lambda run: canonical(run.spec.loss.to_json()),
    "numerics": _numerics,
}


def _settings(sides: Sequence[Side]) -> tuple[SettingComparison, ...]:
    flat = [[_flat_settings(run) for run in side.runs] for side in sides]
    names = differing_names(settings for side in flat for settings in side)
    return tuple(SettingComparison(name, tuple(_text_of(name, side) for side in flat)) for name in names)


def _flat_settings(run: StoredRun) -> dict[str, Json]:
    return {name: value for name, value in flatten(run.spec.to_json()).items() if name != "seed"}


def _text_of(name: str, settings: Sequence[dict[str, Json]]) -> str:
    texts = {setting_text(flat.get(name, ABSENT)) for flat in settings}
    return texts.pop() if len(texts) == 1 else SEVERAL


# verdicts --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What the sides are judged by; by itself the validation loss, without a margin."""

    metric: str = "val_loss"
    margin: float | str | None = None
    scale: Scale | None = None
    alpha: float = 0.05
    worst: float | None = None
    paired: bool = True


def asked_of(sides: Sequence[Side]) -> Asked | None:
    """What the sweeps of all sides ask; None where they do not ask the same, or a side is of no sweep."""
    asked = {
        Asked(spec.metric, spec.margin, Scale(spec.scale) if spec.scale else None, spec.alpha, spec.worst, spec.paired)
        for side in sides
        if side.origin is not None and (spec := side.origin.sweep.spec)
    }
    return asked.pop() if len(asked) == 1 and all(side.origin for side in sides) else None


@dataclass(frozen=True)
class _Together:
    """A sweep that has all sides among its arms; label → the arm's name there."""

    sweep: PlannedSweep
    names: Mapping[str, str]


def _common_sweep(sides: Sequence[Side]) -> _Together | None:
    origins = [side.origin for side in sides if side.origin is not None]
    if len(origins) < len(sides) or len({origin.plan.name for origin in origins}) > 1:
        return None
    asked = [canonical(origin.arm.settings) for origin in origins]
    # Arms that differ in what of the seed varies are compared by nobody.
    for sweep in (sweep for sweep in origins[0].plan.sweeps if not sweep.spec.is_about_noise):
        arms = {canonical(arm.settings): arm.name for arm in reversed(sweep.arms)}
        if len(set(asked)) == len(sides) and all(settings in arms for settings in asked):
            names = zip((side.label for side in sides), (arms[settings] for settings in asked), strict=True)
            return _Together(sweep, dict(names))
    return None


@dataclass(frozen=True)
class _Judgement:
    verdicts: tuple[Verdict, ...]
    scope: Scope
    questions: int
    multiplicity: str


def _of_one_sweep(sides: Sequence[Side], together: _Together) -> _Judgement:
    """Against the sweep's baseline its own rows; any other pair was picked among all pairs of its arms."""
    origin, sweep = sides[0].origin, together.sweep
    assert origin is not None
    first, k = together.names[sides[0].label], len(sweep.arms)
    if first == sweep.baseline.name:
        rows = judge_sweep(sweep, origin.runs, origin.events, origin.plan).verdicts
        scope, questions, multiplicity = Scope.STUDY, k - 1, sweep.spec.multiplicity
    else:
        rows = judge_all_pairs(sweep, origin.runs, first, origin.events)
        scope, questions = Scope.PAIRS, k * (k - 1) // 2
        multiplicity = "holm" if sweep.spec.multiplicity == "holm" else "joint"
    by_arm = {row.arm: row for row in rows}
    shown = [
        replace(by_arm[together.names[side.label]], subject=side.label, arm=side.label, reference=sides[0].label)
        for side in sides[1:]
    ]
    return _Judgement(tuple(shown), scope, questions, multiplicity)


def _of_no_study(sides: Sequence[Side]) -> _Judgement:
    """Numbers without words, adjusted among themselves: nobody planned to compare these sides."""
    asked = asked_of(sides) or Asked()
    arms = {side.label: arm_values(side, asked.metric) for side in sides}
    judged = judge_arms(
        arms,
        sides[0].label,
        column_info(asked.metric),
        margin=asked.margin,
        scale=asked.scale,
        alpha=asked.alpha,
        worst=asked.worst,
        unpaired=not asked.paired,
    )
    # Splits that overlap, of which the intervals know nothing.
    has_splits = any(len({run.spec.dataset.split_seed for run in side.runs}) > 1 for side in sides)
    flags = (Flag.OTHER_SPLITS,) if has_splits else ()
    return _Judgement(tuple(row.as_exploratory(*flags) for row in judged), Scope.EXPLORATORY, len(judged), "holm")


def arm_values(side: Side, metric: str) -> ArmValues:
    """seed → the metric of the side's runs, and what became of those without one."""
    ended = {run.spec.seed: run.record.status for run in side.runs}
    return ArmValues(
        values=values_by_seed(side.runs, value_in(metric)),
        planned=tuple(ended),
        diverged=tuple(seed for seed, status in ended.items() if status is Status.DIVERGED),
        failed=tuple(seed for seed, status in ended.items() if status is Status.FAILED),
        digests=Digests({run.spec.seed: run for run in side.runs}),
    )


# numbers ---------------------------------------------------------------------------------------------


def _metrics(sides: Sequence[Side]) -> tuple[MetricComparison, ...]:
    columns = {name for side in sides for run in side.runs for name in metric_values(run)}
    return tuple(_metric(name, sides) for name in sorted(columns, key=metric_rank) if metric_of(name) == name)


def _metric(column: str, sides: Sequence[Side]) -> MetricComparison:
    values = [values_by_seed(side.runs, value_in(column)) for side in sides]
    return MetricComparison(
        column_info(column),
        tuple(estimate_mean(of_side) for of_side in values),
        (None, *(paired_difference(of_side, values[0]) for of_side in values[1:])),
    )


def _curves(sides: Sequence[Side]) -> tuple[tuple[MetricInfo, tuple[ArmCurves, ...]], ...]:
    drawn = [metric for metric in CURVES if any(metric in run.history for side in sides for run in side.runs)]
    return tuple(
        (column_info(metric), tuple(arm_curves(side.label, side is sides[0], side.runs, metric) for side in sides))
        for metric in drawn
    )


# test examples ---------------------------------------------------------------------------------------


def _disagreements(sides: Sequence[Side]) -> Disagreements | None:
    runs = _one_run_each(sides)
    if any("test/prediction" not in run.arrays or run.arrays["test/label"].dtype.kind not in "iu" for run in runs):
        return None
    labels = runs[0].arrays["test/label"]
    if not all(np.array_equal(run.arrays["test/label"], labels) for run in runs):
        return None
    predictions = np.stack([run.arrays["test/prediction"] for run in runs])
    indices = np.flatnonzero(np.any(predictions != predictions[0], axis=0))
    return Disagreements(
        seeds=tuple(run.spec.seed for run in runs),
        n_examples=len(labels),
        examples=tuple(_disagreement(int(index), runs) for index in indices),
        class_names=names_of_all(run.record.environment for run in runs),
    )


def _one_run_each(sides: Sequence[Side]) -> list[StoredRun]:
    """Of each side the completed run of the smallest seed that all share, else of its own smallest."""
    by_seed = [{run.spec.seed: run for run in side.runs if run.record.status is Status.COMPLETED} for side in sides]
    if not all(by_seed):
        return [side.runs[0] for side in sides]
    shared = set.intersection(*(set(runs) for runs in by_seed))
    return [runs[min(shared or runs)] for runs in by_seed]


def _disagreement(index: int, runs: Sequence[StoredRun]) -> Disagreement:
    return Disagreement(
        index=index,
        label=int(runs[0].arrays["test/label"][index]),
        predictions=tuple(int(run.arrays["test/prediction"][index]) for run in runs),
        probabilities=tuple(_probability(run, index) for run in runs),
    )


def _probability(run: StoredRun, index: int) -> float | None:
    kept = run.arrays.get("test/probability")
    return None if kept is None else float(kept[index])
