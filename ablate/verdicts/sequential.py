"""Looking while seeds are added, without paying for it in false verdicts.

    >>> plan = SequentialPlan()
    >>> [round(t, 3) for t in plan.critical_t()]
    [19.962, 5.598, 3.716, 2.981, 2.484]

The looks and what each may spend of α are fixed before the first run; by the union bound over looks and arms the
chance of any false rejection is at most α, whatever the dependence. Adding seeds to a finished study and
testing again at α is none of this: five looks make 5 % into 17 %.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import stdtrit

from ablate.verdicts.decisions import SAME_ON_EVERY_SEED, DifferenceEstimate, estimate_difference
from ablate.verdicts.verdict import Word

__all__ = ["SequentialArm", "SequentialPlan", "SequentialResult", "e_process", "e_value", "sequential_analysis"]


@dataclass(frozen=True)
class SequentialPlan:
    """When to look, and how to spend α.

    Attributes:
        looks: numbers of seeds, growing, the first at least 3. weights: the share of alpha of each look; they sum
            to 1.
        multiplicity: `holm` or `joint`, as in `decide_family`.

    Raises:
        ValueError: for looks and weights that are not such.
    """

    looks: tuple[int, ...] = (3, 5, 8, 12, 20)
    weights: tuple[float, ...] = (0.05, 0.10, 0.15, 0.25, 0.45)
    alpha: float = 0.05
    multiplicity: str = "holm"

    def __post_init__(self) -> None:
        grows = all(first < second for first, second in pairwise(self.looks))
        if not self.looks or self.looks[0] < 3 or not grows:
            raise ValueError(f"looks must grow from at least 3 seeds; they are {self.looks}")
        if len(self.weights) != len(self.looks) or min(self.weights) <= 0 or abs(sum(self.weights) - 1) > 1e-9:
            raise ValueError(f"there must be a positive weight for each look, together 1; they are {self.weights}")
        if self.multiplicity not in ("holm", "joint"):
            raise ValueError(f"multiplicity is holm or joint, not {self.multiplicity!r}")

    @property
    def alphas(self) -> tuple[float, ...]:
        """What each look may spend."""
        return tuple(self.alpha * weight for weight in self.weights)

    def critical_t(self, m: int = 1) -> tuple[float, ...]:
        """At each look the |t| of the first rejection among m arms."""
        return tuple(float(stdtrit(n - 1, 1 - alpha / m / 2)) for n, alpha in zip(self.looks, self.alphas, strict=True))


@dataclass(frozen=True)
class SequentialArm:
    """How far one arm has come.

    `ci_low` and `ci_high` are the repeated confidence interval at its last look, valid whenever the arm stopped
    (Jennison and Turnbull 2000); `mean` lies too far out after an early stop. `alpha_i` is its level.

    Attributes:
        n: the seeds of its last look; 0 before the first.
        is_open: whether it needs the seeds of the next look.
    """

    word: Word
    qualifier: str
    n: int
    is_open: bool
    mean: float | None = None
    alpha_i: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_diff: float | None = None
    p_tost: float | None = None


@dataclass(frozen=True)
class SequentialResult:
    """`look` counts from 1 the last look that was taken; `next_n` is None when no arm is open any more."""

    look: int
    next_n: int | None
    arms: Mapping[str, SequentialArm]


def sequential_analysis(
    differences: Mapping[str, Mapping[int, float]],
    seeds: Sequence[int],
    plan: SequentialPlan,
    margin: float | None = None,
    sign: int = 1,
    floor: float = 0.0,
    same_runs: Mapping[str, Collection[int]] | None = None,
) -> SequentialResult:
    """Every look that the data allow, replayed: a pure function of the differences, so that a resumed study decides as
    an uninterrupted one.

    At a look the arms still open are tested by Holm's steps at the look's share of α, divided by the number of arms
    that have not been rejected yet; equivalence likewise in a family of its own. An arm stops when it is
    rejected in either, or when every run of it is the baseline's and nothing is left to find out. A look is taken when
    every open arm has all of its seeds.

    Args:
        differences: every planned arm → seed → arm − baseline. One that is not finite is a diverged run: its arm
            is left undecided until all seeds are in, where the rule for divergence can be applied.
        seeds: the planned order; look k takes the first n_k.
        margin, floor: as in `estimate_difference`. sign: +1 where a positive difference is good.
        same_runs: arm → the seeds of which its run is known to be the baseline's, by equal digests.
    """
    arms = {name: SequentialArm(Word.INCONCLUSIVE, "", 0, True) for name in differences}
    rejected = _Rejected()
    look = 0
    for number, (n, alpha) in enumerate(zip(plan.looks, plan.alphas, strict=True), 1):
        first = seeds[:n]
        values = {name: differences[name] for name, arm in arms.items() if arm.is_open}
        if not values or len(first) < n or not all(seed in found for found in values.values() for seed in first):
            break
        look = number
        oriented = {name: [sign * found[seed] for seed in first] for name, found in values.items()}
        known = {name: set(first) <= set((same_runs or {}).get(name, ())) for name in values}
        estimates = {name: _weigh_finite(found, margin, floor, known[name]) for name, found in oriented.items()}
        rejected, levels = _tested(estimates, n, rejected, len(arms), alpha, plan.multiplicity)
        arms |= {
            name: _arm(
                found,
                is_different=name in rejected.difference,
                is_equivalent=name in rejected.equivalence,
                alpha=levels[name],
                is_last=number == len(plan.looks),
                sign=sign,
            )
            for name, found in estimates.items()
        }
    is_open = any(arm.is_open for arm in arms.values())
    return SequentialResult(look, plan.looks[look] if is_open and look < len(plan.looks) else None, arms)


@dataclass(frozen=True)
class _Rejected:
    """The arms that have been rejected so far, in each of the two families."""

    difference: frozenset[str] = frozenset()
    equivalence: frozenset[str] = frozenset()


def _weigh_finite(values: Sequence[float], margin: float | None, floor: float, identical: bool) -> DifferenceEstimate:
    return estimate_difference([value for value in values if math.isfinite(value)], margin, floor, identical=identical)


def _tested(
    estimates: Mapping[str, DifferenceEstimate], n: int, before: _Rejected, m: int, alpha: float, multiplicity: str
) -> tuple[_Rejected, dict[str, float]]:
    """What has been rejected after this look at the first `n` seeds, and the level at which each arm's difference was
    tested. An arm with a diverged run cannot be rejected yet: it has fewer than `n` values."""
    whole = {name: found if found.n == n else None for name, found in estimates.items()}
    p_difference = {name: 1.0 if found is None else _or_one(found.p_difference) for name, found in whole.items()}
    p_equivalence = {name: 1.0 if found is None else _or_one(_p_equivalence(found)) for name, found in whole.items()}
    difference, levels = _look(p_difference, before.difference, m, alpha, multiplicity)
    equivalence, _ = _look(p_equivalence, before.equivalence, m, alpha, multiplicity)
    return _Rejected(difference, equivalence), levels


def _look(
    p_values: Mapping[str, float], before: frozenset[str], m: int, alpha: float, multiplicity: str
) -> tuple[frozenset[str], dict[str, float]]:
    """The arms of one family that have been rejected after this look, and the level at which each was tested."""
    rejected, levels = set(before), {}
    for name in sorted(p_values, key=lambda name: p_values[name]):
        levels[name] = alpha / (m - len(rejected) if multiplicity == "holm" else m)
        # After the first that fails the level stays, and larger p-values fail with it.
        if p_values[name] <= levels[name]:
            rejected.add(name)
    return frozenset(rejected), levels


def _or_one(p: float | None) -> float:
    return 1.0 if p is None else p


def _p_equivalence(estimate: DifferenceEstimate) -> float | None:
    test = estimate.equivalence
    return None if test is None else test.p


def _arm(
    estimate: DifferenceEstimate, is_different: bool, is_equivalent: bool, alpha: float, is_last: bool, sign: int
) -> SequentialArm:
    interval = estimate.interval(alpha)
    low, high = interval if interval is not None else (None, None)
    mean = estimate.mean
    if low is not None and high is not None and sign < 0:
        low, high = -high, -low
    seen = Word.NO_DIFFERENCE_SEEN if estimate.tied else Word.INCONCLUSIVE
    word, qualifier = seen, f"at the last look, {estimate.n} seeds" if is_last else ""
    if estimate.identical:
        word, qualifier = Word.IDENTICAL, SAME_ON_EVERY_SEED
    elif is_equivalent:
        word, qualifier = Word.EQUIVALENT, "detectable but negligible" if is_different else ""
    elif is_different:
        word, qualifier = (Word.BETTER if (mean or 0.0) > 0 else Word.WORSE), ""
    stopped = is_different or is_equivalent or estimate.identical
    if stopped and not is_last:
        qualifier = "; ".join(filter(None, (qualifier, f"stopped early at n={estimate.n}")))
    return SequentialArm(
        word=word,
        qualifier=qualifier,
        n=estimate.n,
        is_open=not stopped and not is_last,
        mean=None if mean is None else sign * mean,
        alpha_i=alpha,
        ci_low=low,
        ci_high=high,
        p_diff=estimate.p_difference,
        p_tost=_p_equivalence(estimate),
    )


# after every seed ------------------------------------------------------------------------------------


def e_value(t: float, n: int, g: float = 1.0) -> float:
    """The evidence of a t statistic of n ≥ 2 differences against no effect, with the prior dz ~ N(0, g).

    Under no effect its chance of ever reaching 1/α is at most α, so a study may stop after any seed (Hendriksen et al.
    2021; Wang and Ramdas 2023). Below n = 2 it is 1: nothing has been learnt.
    """
    if n < 2:
        return 1.0
    v, spread = n - 1, 1 + n * g
    squared = min(abs(t), 1e150) ** 2
    # log1p keeps what a small t would lose.
    exponent = (v + 1) / 2 * (math.log1p(squared / v) - math.log1p(squared / (v * spread)))
    return math.exp(min(exponent - math.log(spread) / 2, 700.0))


def e_process(differences: Sequence[float], g: float = 1.0) -> tuple[float, ...]:
    """The e-value after each seed; 1 as long as the differences have no spread."""
    values = np.asarray(differences, dtype=np.float64)
    n = np.arange(1, values.size + 1)
    sums, squares = np.cumsum(values), np.cumsum(values**2)
    centred = squares - sums**2 / n
    has_spread = centred > 1e-12 * np.maximum(squares, np.finfo(np.float64).tiny)
    t = np.where(has_spread, sums / np.sqrt(n * np.where(has_spread, centred, 1.0) / np.maximum(n - 1, 1)), 0.0)
    return tuple(
        e_value(float(statistic), int(count), g) if spread else 1.0
        for statistic, count, spread in zip(t, n, has_spread, strict=True)
    )
