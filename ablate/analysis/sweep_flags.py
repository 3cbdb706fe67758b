"""What a reader should know of a whole sweep beside its verdicts: how it was tuned, stopped, chosen and run.

    raised = sweep_flags(sweep, runs, verdicts, events=folder.events(), selection=selection)
    with_those_of(verdicts, raised)      # those that the verdicts bear themselves come first

Each check is a function from plain data to the flags that it raises, none when it has nothing to say. A
flag accuses nobody: it says which question the study cannot answer as it stands.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ablate.analysis.selections import Selection
from ablate.analysis.settings import ABSENT, flatten, setting_text
from ablate.analysis.values import Runs, column_info, history_metric, metric_of, stored, value_in, values_by_seed
from ablate.core.identity import Json
from ablate.core.late_changes import Event, Premise
from ablate.core.plans import PlannedArm, PlannedSweep
from ablate.core.records import TEST, Status, StoredRun
from ablate.core.versions import mixed_versions
from ablate.stats.estimates import estimate_mean
from ablate.verdicts.verdict import Flag, Verdict

__all__ = ["RaisedFlag", "sweep_flags", "with_those_of"]

# The last part of the names of factors whose best learning rate depends on their level.
NEEDS_ITS_OWN_LEARNING_RATE = {"optimizer", "batch_size", "activation", "hidden", "depth", "blocks", "layers", "width"}
LEARNING_RATE, BATCH_SIZE = "learning_rate", "batch_size"
EPOCHS, RESTORES_BEST = "training.epochs", "training.early_stopping.restore_best"
FEWEST_LEVELS_OF_A_SEARCH = 3
TAIL_OF_TRAINING = 0.1
MOST_IN_A_DETAIL = 6


@dataclass(frozen=True)
class RaisedFlag:
    """A flag, the arms (or other subjects) it is about, none when it is about the sweep, and its numbers."""

    flag: Flag
    subjects: tuple[str, ...] = ()
    detail: str = ""


def sweep_flags(
    sweep: PlannedSweep,
    runs: Runs,
    verdicts: Sequence[Verdict] = (),
    events: Iterable[Event] = (),
    selection: Selection | None = None,
    interactions: Sequence[Verdict] = (),
) -> tuple[RaisedFlag, ...]:
    """The flags of one sweep, in the order of `Flag`.

    Args:
        verdicts: of the arms; only the level of the tests is read.
        events: the study's log (`StudyFolder.events`), oldest first.
        selection: the arm that the report names as the best, if it names one.
        interactions: the rows of the interactions of a full grid.
    """
    alpha, logged = verdicts[0].alpha if verdicts else 0.05, tuple(events)
    found = [
        *_of_events(sweep, logged),
        *_of_late_changes(Premise.of(sweep.spec, logged)),
        *_untuned_nuisance(sweep),
        *_shared_lr_batch(sweep),
        *_edge_of_search(sweep, runs),
        *_selected_on_test(sweep, selection),
        *_stopped_early_unequal(sweep, runs),
        *_still_improving(sweep, runs, alpha),
        *_last_step_noise(sweep, runs),
        *_winner_curse(selection),
        *_unequal_seeds(sweep, runs),
        *_crashed_dropped(sweep, runs),
        *_mixed_environment(sweep, runs),
        *_interaction_present(interactions),
    ]
    order = list(Flag)
    return tuple(sorted(found, key=lambda raised: order.index(raised.flag)))


def with_those_of(verdicts: Sequence[Verdict], raised: Sequence[RaisedFlag]) -> tuple[RaisedFlag, ...]:
    """The flags that the verdicts bear, each once with its subjects, and `raised`; one that stands in both keeps
    the words of `raised`."""
    known = {each.flag for each in raised}
    borne: dict[Flag, list[str]] = {}
    for verdict in verdicts:
        for flag in verdict.flags:
            if flag not in known:
                borne.setdefault(flag, []).append(verdict.subject)
    order = list(Flag)
    found = [*(RaisedFlag(flag, tuple(dict.fromkeys(subjects))) for flag, subjects in borne.items()), *raised]
    return tuple(sorted(found, key=lambda each: order.index(each.flag)))


# what the study's log tells ----------------------------------------------------------------------------


def _of_events(sweep: PlannedSweep, events: Sequence[Event]) -> list[RaisedFlag]:
    named = {
        Flag.NONDETERMINISM: _sized,
    }
    found = []
    for flag, words in named.items():
        details = [words(sweep, event) for event in events if event.get("event") == flag.value]
        told = [detail for detail in details if detail is not None]
        if told:
            found.append(RaisedFlag(flag, detail="; ".join(dict.fromkeys(filter(None, told)))))
    return found


def _of_late_changes(premise: Premise) -> list[RaisedFlag]:
    repeated = [_listed(seeds) for seeds in (premise.first_confirmed, premise.seen) if seeds]
    told = {
        Flag.POST_HOC_SEEDS: _listed(premise.added_seeds) if premise.added_seeds else "",
        Flag.WITHDRAWN_SEEDS: _listed(premise.withdrawn_seeds) if premise.withdrawn_seeds else "",
        Flag.POST_HOC_CLAIMS: "; ".join(premise.added_claims),
        Flag.REPEATED_CONFIRMATION: f"first {repeated[0]}" if premise.first_confirmed else "".join(repeated),
    }
    return [RaisedFlag(flag, detail=detail) for flag, detail in told.items() if detail]


def _sized(sweep: PlannedSweep, event: Event) -> str | None:
    if event.get("sweep", sweep.spec.name) != sweep.spec.name:
        return None
    return str(event.get("detail", ""))


# how it was tuned --------------------------------------------------------------------------------------


def _untuned_nuisance(sweep: PlannedSweep) -> list[RaisedFlag]:
    factors = _factors_ending_with(sweep, NEEDS_ITS_OWN_LEARNING_RATE)
    if not factors or _factors_ending_with(sweep, {LEARNING_RATE}):
        return []
    rates = _distinct_settings(sweep, LEARNING_RATE)
    shared = f"all arms at learning rate {rates[0]}" if len(rates) == 1 else f"learning rates {_joined(rates, ', ')}"
    return [RaisedFlag(Flag.UNTUNED_NUISANCE, factors, shared if rates else "")]


def _shared_lr_batch(sweep: PlannedSweep) -> list[RaisedFlag]:
    factors = _factors_ending_with(sweep, {BATCH_SIZE})
    rates, epochs = _distinct_settings(sweep, LEARNING_RATE), _distinct_settings(sweep, "epochs")
    if not factors or len(rates) > 1 or len(epochs) > 1:
        return []
    told = [f"learning rate {rate}" for rate in rates] + [f"{count} epochs" for count in epochs]
    return [RaisedFlag(Flag.SHARED_LR_BATCH, factors, " and ".join(told))]


def _edge_of_search(sweep: PlannedSweep, runs: Runs) -> list[RaisedFlag]:
    """Numeric factors whose best level is their smallest or largest, along the line through the best arm.

    A smallest level of zero is no edge: nothing lies below no dropout. An arm where runs diverged is not the best, for
    its mean is one of the others only; but its level was tried.
    """
    sign = column_info(sweep.spec.metric).sign
    means = {arm.name: _mean(sweep, arm, runs) for arm in sweep.arms}
    diverged = [arm for arm in sweep.arms if _has_diverged(sweep, arm, runs)]
    trained = [arm for arm in sweep.arms if not _has_diverged(sweep, arm, runs)]
    measured = [arm for arm in trained if means[arm.name] is not None]
    if not measured or not sign:
        return []
    best = max(measured, key=lambda arm: sign * (means[arm.name] or 0.0))
    of_whom = f"the best mean{' without a diverged run' if diverged else ''}"
    found = []
    for factor in sweep.spec.factors:
        levels = sorted({level for level in _line_through(best, factor, [*measured, *diverged]) if _is_number(level)})
        mine = best.levels.get(factor)
        if len(levels) < FEWEST_LEVELS_OF_A_SEARCH or not _is_number(mine):
            continue
        at_top, at_bottom = mine == levels[-1], mine == levels[0] != 0
        if at_top or at_bottom:
            found.append(
                RaisedFlag(
                    Flag.EDGE_OF_SEARCH,
                    (factor,),
                    f"{of_whom} is at {setting_text(mine)}, the {'largest' if at_top else 'smallest'} "
                    f"of {len(levels)} levels",
                )
            )
    return found


def _line_through(best: PlannedArm, factor: str, arms: Sequence[PlannedArm]) -> list[Any]:
    """The levels of `factor` in the arms that agree with `best` in everything else."""
    return [
        arm.levels[factor]
        for arm in arms
        if factor in arm.levels and {**arm.levels, factor: None} == {**best.levels, factor: None}
    ]


def _is_number(level: Any) -> bool:
    return isinstance(level, (int, float)) and not isinstance(level, bool)


# how it was chosen -------------------------------------------------------------------------------------


def _selected_on_test(sweep: PlannedSweep, selection: Selection | None) -> list[RaisedFlag]:
    monitors = sorted(
        {
            str(value)
            for arm in sweep.arms
            for name, value in flatten(arm.settings).items()
            if name.endswith(".monitor") and column_info(str(value)).split == TEST
        }
    )
    told = [f"{monitor} is monitored while training" for monitor in monitors]
    if selection is not None and selection.metric.split == TEST and not selection.is_confirmed:
        told.append(f"{selection.arm} is selected by {selection.metric.name}")
    return [RaisedFlag(Flag.SELECTED_ON_TEST, detail="; ".join(told))] if told else []


def _winner_curse(selection: Selection | None) -> list[RaisedFlag]:
    if selection is None or selection.is_confirmed:
        return []
    return [RaisedFlag(Flag.WINNER_CURSE, (selection.arm,))]


# how the runs ended ------------------------------------------------------------------------------------


def _stopped_early_unequal(sweep: PlannedSweep, runs: Runs) -> list[RaisedFlag]:
    epochs = {arm.name: [run.record.epochs_run for run in _completed(sweep, arm, runs)] for arm in sweep.arms}
    spans = {name: (min(found), max(found)) for name, found in epochs.items() if found}
    # Where epochs are what is varied, budgets differ by design.
    have_stopped = any(min(epochs[arm.name], default=math.inf) < _budget(arm) for arm in sweep.arms)
    if not have_stopped or len(set(spans.values())) < 2:
        return []
    told = [f"{name} {low}" if low == high else f"{name} {low}–{high}" for name, (low, high) in spans.items()]
    return [RaisedFlag(Flag.STOPPED_EARLY_UNEQUAL, detail=f"epochs: {_joined(told, ', ')}")]


def _budget(arm: PlannedArm) -> float:
    epochs = flatten(arm.settings).get(EPOCHS)
    return epochs if isinstance(epochs, (int, float)) else 0


def _still_improving(sweep: PlannedSweep, runs: Runs, alpha: float) -> list[RaisedFlag]:
    """Arms whose slope over the last tenth of the epochs is resolved and good: the one-sample t of one slope a
    seed, each arm for itself, since a warning too many costs less than one too few."""
    metric = history_metric(metric_of(sweep.spec.metric))
    sign = column_info(metric).sign
    found = []
    for arm in sweep.arms:
        tails = {run.spec.seed: _tail(run, metric, fewest=2) for run in _completed(sweep, arm, runs)}
        slopes = {seed: sign * _slope(tail) for seed, tail in tails.items() if len(tail) > 1}
        if len(slopes) < 3:
            continue
        estimate = estimate_mean({seed: slope for seed, slope in slopes.items() if math.isfinite(slope)})
        p = estimate.p_two_sided
        if p is not None and p <= alpha and (estimate.mean or 0.0) > 0:
            found.append(arm.name)
    return [RaisedFlag(Flag.STILL_IMPROVING, tuple(found), metric)] if found else []


def _last_step_noise(sweep: PlannedSweep, runs: Runs) -> list[RaisedFlag]:
    """Arms whose value is that of the last epoch, where the scatter of the last evaluations around their own line
    makes up half of the variance over seeds or more: the mean of the last few would be steadier."""
    metric = history_metric(metric_of(sweep.spec.metric))
    found = []
    for arm in sweep.arms:
        completed = _completed(sweep, arm, runs)
        if not _is_taken_at_the_end(sweep.spec.metric, flatten(arm.settings)):
            continue
        tails = [tail for run in completed if len(tail := _tail(run, metric, fewest=4)) >= 4]
        if len(tails) < 3:
            continue
        within = float(np.mean([_scatter(tail) for tail in tails]))
        between = float(np.var([tail[-1] for tail in tails], ddof=1))
        if within > 0 and within >= between / 2:
            found.append(arm.name)
    return [RaisedFlag(Flag.LAST_STEP_NOISE, tuple(found), metric)] if found else []


def _is_taken_at_the_end(column: str, settings: Mapping[str, Json]) -> bool:
    return column.endswith(".last") or (not column.endswith(".best") and settings.get(RESTORES_BEST) is False)


def _unequal_seeds(sweep: PlannedSweep, runs: Runs) -> list[RaisedFlag]:
    value = value_in(sweep.spec.metric)
    seeds = {arm.name: set(values_by_seed(stored(runs, sweep.runs_of(arm.name)), value)) for arm in sweep.arms}
    fewer = {name: set(sweep.spec.seeds) - found for name, found in seeds.items()}
    if len({frozenset(found) for found in seeds.values()}) < 2:
        return []
    told = {name: f"{name} without {_listed(missing)}" for name, missing in fewer.items() if missing}
    return [RaisedFlag(Flag.UNEQUAL_SEEDS, tuple(told), _joined(list(told.values()), "; "))]


def _crashed_dropped(sweep: PlannedSweep, runs: Runs) -> list[RaisedFlag]:
    failed = {
        arm.name: [run.spec.seed for run in stored(runs, sweep.runs_of(arm.name)) if run.record.status is Status.FAILED]
        for arm in sweep.arms
    }
    told = {name: f"{name} {_listed(seeds)}" for name, seeds in failed.items() if seeds}
    return [RaisedFlag(Flag.CRASHED_DROPPED, tuple(told), _joined(list(told.values()), "; "))] if told else []


def _mixed_environment(sweep: PlannedSweep, runs: Runs) -> list[RaisedFlag]:
    """Versions alone: another host, or another commit, need not be other code."""
    mixed = mixed_versions(run.record.environment for run in stored(runs, sweep.runs))
    told = [f"{name} {_counted_versions(counts)}" for name, counts in mixed.items()]
    return [RaisedFlag(Flag.MIXED_ENVIRONMENT, detail=_joined(told, "; "))] if told else []


def _counted_versions(counts: Mapping[str, int]) -> str:
    texts = [f"{version} in {count} {'run' if count == 1 else 'runs'}" for version, count in counts.items()]
    return _joined(texts, ", ")


def _interaction_present(interactions: Sequence[Verdict]) -> list[RaisedFlag]:
    resolved = [row.subject for row in interactions if row.p_diff_adj is not None and row.p_diff_adj <= row.alpha]
    return [RaisedFlag(Flag.INTERACTION_PRESENT, tuple(resolved))] if resolved else []


# small things ------------------------------------------------------------------------------------------


def _factors_ending_with(sweep: PlannedSweep, endings: set[str]) -> tuple[str, ...]:
    return tuple(factor for factor in sweep.spec.factors if factor.rpartition(".")[2] in endings)


def _distinct_settings(sweep: PlannedSweep, ending: str) -> list[str]:
    """The values, as text and in the order of the arms, of the setting whose name ends so."""
    values = [
        next((value for name, value in flatten(arm.settings).items() if name.rpartition(".")[2] == ending), ABSENT)
        for arm in sweep.arms
    ]
    return list(dict.fromkeys(setting_text(value) for value in values if value != ABSENT))


def _completed(sweep: PlannedSweep, arm: PlannedArm, runs: Runs) -> list[StoredRun]:
    return [run for run in stored(runs, sweep.runs_of(arm.name)) if run.record.status is Status.COMPLETED]


def _has_diverged(sweep: PlannedSweep, arm: PlannedArm, runs: Runs) -> bool:
    return any(run.record.status is Status.DIVERGED for run in stored(runs, sweep.runs_of(arm.name)))


def _mean(sweep: PlannedSweep, arm: PlannedArm, runs: Runs) -> float | None:
    return estimate_mean(values_by_seed(_completed(sweep, arm, runs), value_in(sweep.spec.metric))).mean


def _tail(run: StoredRun, metric: str, fewest: int) -> npt.NDArray[np.float64]:
    """The last tenth of the epochs of a metric, of at least `fewest` epochs where there are so many."""
    recorded = run.history_of(metric)
    values = np.asarray(() if recorded is None else recorded, dtype=np.float64)
    return values[-max(fewest, math.ceil(TAIL_OF_TRAINING * len(values))) :]


def _slope(values: npt.NDArray[np.float64]) -> float:
    """Per epoch, by least squares."""
    epochs = np.arange(len(values)) - (len(values) - 1) / 2
    return float(epochs @ values / (epochs @ epochs))


def _scatter(values: npt.NDArray[np.float64]) -> float:
    """The residual variance around the line through the values."""
    epochs = np.arange(len(values)) - (len(values) - 1) / 2
    residuals = values - values.mean() - _slope(values) * epochs
    return float(residuals @ residuals / (len(values) - 2))


def _joined(parts: Sequence[str], separator: str) -> str:
    """The first of them, and how many more there are."""
    left_out = len(parts) - MOST_IN_A_DETAIL
    return separator.join(parts[:MOST_IN_A_DETAIL]) + (f" and {left_out} more" if left_out > 0 else "")


def _listed(seeds: Iterable[int]) -> str:
    listed = sorted(seeds)
    shown = ", ".join(map(str, listed[:8])) + (", …" if len(listed) > 8 else "")
    return f"seed {shown}" if len(listed) == 1 else f"seeds {shown}"
