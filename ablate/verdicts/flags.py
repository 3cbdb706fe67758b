"""What a reader should know beside a verdict, found in the data that it was made from.

Each rule is one function of what was observed. Flags that need the study's history or its config (whether seeds were
added after looking, whether a learning rate was shared) are raised by whoever knows them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ablate.stats.power import MINIMUM_SEEDS, run_noise_floor, smallest_effect
from ablate.verdicts.decisions import DifferenceEstimate
from ablate.verdicts.pairing import ArmValues, PairedValues
from ablate.verdicts.verdict import Flag, Scale

__all__ = ["MIN_ERRORS", "MIN_EXAMPLES", "Observed", "engine_flags"]

MIN_ERRORS = 30
MIN_EXAMPLES = 3
FEW_SEEDS = 5
# Below five differences the median deviation from their median says nothing about what is usual.
OUTLIER_SEEDS = 5
OUTLIER_DEVIATIONS = 5.0
MANY_QUESTIONS, MANY_ARMS_EFFECT = 4, 2.0
MIN_EXACT_SEEDS = 6


@dataclass(frozen=True)
class Observed:
    """One question as it was found. `paired` is None for an effect, which has no two sides."""

    differences: Sequence[float]
    estimate: DifferenceEstimate
    paired: PairedValues | None
    m: int
    alpha: float
    vr: float | None
    p_perm: float | None
    n_diverged: int = 0
    n_examples: int | None = None
    classes: int | None = None
    has_own_splits: bool = False

    @property
    def n(self) -> int:
        return self.estimate.n


def engine_flags(observed: Observed) -> tuple[Flag, ...]:
    """The flags that hold, in the order of `Flag`."""
    return tuple(flag for flag in Flag if flag in _RULES and _RULES[flag](observed))


def _is_incomplete(observed: Observed) -> bool:
    """Planned seeds have not been run, or accidents left fewer than three pairs."""
    sides = _sides(observed)
    unrun = any(side.planned_seeds - set(side.finite) - side.diverged_seeds - set(side.failed) for side in sides)
    return unrun or (observed.n < 3 and any(side.failed for side in sides))


def _drops_a_crash(observed: Observed) -> bool:
    return any(set(side.failed) & side.planned_seeds for side in _sides(observed))


def _margin_under_noise(observed: Observed) -> bool:
    """The margin is below the spread that the finite test set alone gives a run."""
    paired, margin = observed.paired, observed.estimate.margin
    if paired is None or margin is None or not observed.n_examples or not paired.metric.counts_examples:
        return False
    error = paired.reference_error
    if error is None or error <= 0:
        return False
    floor = run_noise_floor(error, observed.n_examples)
    return margin < (floor if paired.scale is Scale.RAW else floor / error)


def _is_at_the_ceiling(observed: Observed) -> bool:
    """An arm has fewer than 30 errors, or no pair differs by 3 examples."""
    paired = observed.paired
    if paired is None or not observed.n_examples or not paired.metric.counts_examples or not paired.arm:
        return False
    means = [math.fsum(side.values()) / len(side) for side in (paired.arm, paired.reference)]
    if any(round((1 - mean) * observed.n_examples, 6) < MIN_ERRORS for mean in means):
        return True
    moved = [abs(paired.arm[seed] - paired.reference[seed]) * observed.n_examples for seed in paired.arm]
    return any(moved) and all(round(examples, 6) < MIN_EXAMPLES for examples in moved)


def _is_at_chance(observed: Observed) -> bool:
    """Some run is no better than guessing: within two standard errors of 1/C, or a tenth of it for an unknown test
    set."""
    paired, classes = observed.paired, observed.classes
    if paired is None or not classes or not paired.metric.counts_examples:
        return False
    chance = 1 / classes
    slack = 2 * math.sqrt(chance * (1 - chance) / observed.n_examples) if observed.n_examples else chance / 10
    return any(value <= chance + slack for value in [*paired.arm.values(), *paired.reference.values()])


def _sees_little(observed: Observed) -> bool:
    """With this many questions and seeds only effects beyond two sds are seen; of fewer questions it is the seeds that
    are few."""
    if observed.m < MANY_QUESTIONS or observed.n < MINIMUM_SEEDS:
        return False
    effect = smallest_effect(observed.n, observed.alpha / observed.m)
    return effect is not None and effect > MANY_ARMS_EFFECT


def _tests_disagree(observed: Observed) -> bool:
    """t and the exact sign flips stand on either side of alpha, neither adjusted."""
    p = observed.estimate.p_difference
    if p is None or observed.p_perm is None or observed.n < MIN_EXACT_SEEDS:
        return False
    return (p <= observed.alpha) is not (observed.p_perm <= observed.alpha)


def _has_an_outlier(observed: Observed) -> bool:
    """A difference lies more than five median deviations from the median."""
    if observed.n < OUTLIER_SEEDS:
        return False
    values = np.asarray(observed.differences)
    deviations = np.abs(values - np.median(values))
    floor = 0.0 if observed.paired is None else observed.paired.floor * math.sqrt(12)
    usual = max(float(np.median(deviations)), floor)
    return bool(deviations.max() > OUTLIER_DEVIATIONS * usual + 1e-12 * float(np.abs(values).max()))


def _sides(observed: Observed) -> tuple[ArmValues, ...]:
    paired = observed.paired
    return () if paired is None else (paired.arm_values, paired.reference_values)


_RULES: dict[Flag, Callable[[Observed], bool]] = {
    Flag.SINGLE_SEED: lambda observed: observed.n == 1,
    Flag.TWO_SEEDS: lambda observed: observed.n == 2,
    Flag.FEW_SEEDS: lambda observed: 3 <= observed.n < FEW_SEEDS,
    Flag.UNEQUAL_SEEDS: lambda observed: observed.paired is not None and observed.paired.seeds_differ,
    Flag.INCOMPLETE: _is_incomplete,
    Flag.RESPLITS: lambda observed: observed.has_own_splits,
    Flag.NO_MARGIN: lambda observed: observed.estimate.margin is None,
    Flag.MARGIN_UNDER_NOISE: _margin_under_noise,
    Flag.CEILING: _is_at_the_ceiling,
    Flag.CHANCE_LEVEL: _is_at_chance,
    Flag.DIVERGED: lambda observed: observed.n_diverged > 0,
    Flag.CRASHED_DROPPED: _drops_a_crash,
    Flag.MANY_ARMS: _sees_little,
    Flag.PAIRING_USELESS: lambda observed: observed.vr is not None and observed.vr >= 1,
    Flag.TEST_DISAGREE: _tests_disagree,
    Flag.OUTLIER_SEED: _has_an_outlier,
    Flag.VARIANCE_FLOOR: lambda observed: observed.estimate.floored,
    Flag.IDENTICAL_RUNS: lambda observed: observed.estimate.identical and observed.n >= 3,
    Flag.NOT_POSITIVE: lambda observed: observed.paired is not None and not observed.paired.is_positive,
}
