"""Verdict rows made of plain numbers, for the tests of what is written and drawn of them.

A second, slow and simple reading of the decision table, with scipy's own tests: the engine's tests are not here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy import stats

from ablate.analysis.grid_effects import Cell, FactorialRows, Source, SourceShare, TwoFactors
from ablate.analysis.results import SweepResults
from ablate.core.claims import Relation
from ablate.core.records import METRICS
from ablate.stats.estimates import estimate_mean
from ablate.verdicts.verdict import Family, Flag, Scale, Verdict, Word

Values = Mapping[int, float]


def by_seed(values: Sequence[float]) -> dict[int, float]:
    return dict(enumerate(values))


def draws(arms: int, seeds: int = 8, level: float = 0.08, spread: float = 0.003) -> dict[str, dict[int, float]]:
    """A baseline and further arms whose losses share the noise of the seeds; effects run from good to bad."""
    rng = np.random.default_rng([arms, seeds])
    shared = spread * rng.standard_normal(seeds)
    effects = [0.0, *np.linspace(-0.16, 0.16, arms - 1)] if arms > 1 else [0.0]
    return {
        f"optimizer=choice_{index}": by_seed(level * (1 + effect) + shared + 0.4 * spread * rng.standard_normal(seeds))
        for index, effect in enumerate(effects)
    }


def judge(
    arms: Mapping[str, Values],
    metric: str = "val_loss",
    margin: float | None = None,
    scale: Scale = Scale.RAW,
    alpha: float = 0.05,
    seeds: int | None = None,
    diverged: Mapping[str, int] | None = None,
) -> tuple[Verdict, ...]:
    """The first arm is the baseline; the others are judged against it as one Holm family."""
    reference, *others = arms
    rows = [_row(name, reference, arms, metric, margin, scale, alpha, seeds, diverged or {}) for name in others]
    return _decided(rows, alpha)


def claim(text: str, arms: Mapping[str, Values], metric: str = "val_loss", **settings) -> Verdict:
    """`a < b on metric` or `a > b on metric`, of two arms, alone in its family."""
    arm, relation, reference = text.split(" on ")[0].split(" ")
    (row,) = judge({reference: arms[reference], arm: arms[arm]}, metric, **settings)
    sign = {"<": -1, ">": 1}[relation]
    if row.scale is Scale.LOG_ERROR and METRICS[metric].sign > 0:
        sign = -sign
    agrees = sign == row.sign
    word = {
        Word.BETTER: Word.SUPPORTED if agrees else Word.REFUTED,
        Word.WORSE: Word.REFUTED if agrees else Word.SUPPORTED,
        Word.EQUIVALENT: Word.NO_PRACTICAL_DIFFERENCE,
    }.get(row.word, Word.NOT_RESOLVED)
    judged = None if row.word is None else word
    return replace(row, family=Family.CLAIMS, subject=text, sign=sign, word=judged, relation=Relation(relation))


def _row(name, reference, arms, metric, margin, scale, alpha, seeds, diverged) -> Verdict:
    info = METRICS[metric]
    paired = sorted(set(arms[name]) & set(arms[reference]))
    arm, base = (np.array([arms[side][seed] for seed in paired]) for side in (name, reference))
    planned = len(arms[reference]) if seeds is None else seeds
    row = Verdict(
        family=Family.ARMS,
        subject=name,
        arm=name,
        reference=reference,
        metric=info,
        scale=scale,
        sign=-1 if scale is Scale.LOG_ERROR else info.sign,
        test_name="paired t",
        alpha=alpha,
        n=len(paired),
        n_planned=planned,
        n_diverged=diverged.get(name, 0),
        n_diverged_reference=diverged.get(reference, 0),
        margin=margin,
    )
    if not paired:
        return row
    error, base_error = (1 - arm, 1 - base) if info.sign > 0 else (arm, base)
    d = np.log(error / base_error) if scale is Scale.LOG_ERROR else arm - base
    good = row.sign * d
    row = replace(
        row,
        base_mean=base.mean(),
        arm_mean=arm.mean(),
        raw_diff=(arm - base).mean(),
        diff=d.mean(),
        diff_pct_error=100 * (error.mean() / base_error.mean() - 1) if base_error.any() else None,
        wins=int((good > 0).sum()),
        ties=int((good == 0).sum()),
        losses=int((good < 0).sum()),
        differences=dict(zip(paired, d.tolist(), strict=True)),
    )
    if len(paired) < 2:
        return row
    sd = d.std(ddof=1)
    varied = arm.std() > 0 and base.std() > 0
    se, low, high = sd / math.sqrt(len(d)), *_interval(d, alpha)
    p = 2 * stats.t.sf(abs(d.mean()) / se, len(d) - 1) if se else 1.0
    tost = None
    if margin is not None and se:
        tost = float(stats.t.sf((margin - abs(d.mean())) / se, len(d) - 1))
    return replace(
        row,
        sd=sd,
        ci_low=low,
        ci_high=high,
        p_diff=p,
        p_tost=tost,
        dz=d.mean() / sd if sd else None,
        rho=float(np.corrcoef(arm, base)[0, 1]) if varied else None,
        vr=float(np.var(arm - base, ddof=1) / (arm.var(ddof=1) + base.var(ddof=1))) if varied else None,
        seeds_needed_low=None if margin is None else 12,
        seeds_needed_high=None if margin is None else 23,
    )


def _interval(d, alpha: float) -> tuple[float, float]:
    half = stats.t.ppf(1 - alpha / 2, len(d) - 1) * d.std(ddof=1) / math.sqrt(len(d))
    return d.mean() - half, d.mean() + half


def _steps(p: Sequence[float | None], alpha: float) -> tuple[list[float], list[float]]:
    """Holm's level and adjusted p of each hypothesis; one without a p counts with p = 1."""
    values = [1.0 if each is None else each for each in p]
    levels, adjusted = [0.0] * len(p), [0.0] * len(p)
    running, stopped_at = 0.0, None
    for rank, index in enumerate(sorted(range(len(p)), key=values.__getitem__)):
        left = len(p) - rank
        running = min(1.0, max(running, values[index] * left))
        if stopped_at is None and values[index] > alpha / left:
            stopped_at = alpha / left
        levels[index], adjusted[index] = stopped_at or alpha / left, running
    return levels, adjusted


def _decided(rows: Sequence[Verdict], alpha: float) -> tuple[Verdict, ...]:
    levels, adjusted = _steps([row.p_diff for row in rows], alpha)
    levels_tost, adjusted_tost = _steps([row.p_tost for row in rows], alpha)
    return tuple(_word(*each) for each in zip(rows, levels, adjusted, levels_tost, adjusted_tost, strict=True))


def _word(row: Verdict, level: float, p: float, level_tost: float, p_tost: float) -> Verdict:
    flags = [Flag.NO_MARGIN] if row.margin is None else []
    if row.n < 3:
        flags = [*flags, {0: Flag.INCOMPLETE, 1: Flag.SINGLE_SEED, 2: Flag.TWO_SEEDS}[row.n]]
        qualifier = {0: "incomplete", 1: "single seed", 2: "two seeds"}[row.n]
        return replace(row, qualifier=qualifier, flags=tuple(flags))
    if row.n < 5:
        flags.append(Flag.FEW_SEEDS)
    d = np.array(list(row.differences.values()))
    if not d.any():
        return replace(row, word=Word.IDENTICAL, flags=(*flags, Flag.IDENTICAL_RUNS))
    low, high = _interval(d, level)
    equivalence = _interval(d, 2 * level_tost)
    row = replace(
        row,
        alpha_i=level,
        p_diff_adj=p,
        p_tost_adj=None if row.p_tost is None else p_tost,
        ci_adj_low=low,
        ci_adj_high=high,
        ci_equiv_low=equivalence[0] if row.margin is not None else None,
        ci_equiv_high=equivalence[1] if row.margin is not None else None,
    )
    if row.n_diverged or row.n_diverged_reference:
        return replace(
            row,
            word=Word.INCONCLUSIVE,
            qualifier=f"{_apparent(row)} when it trains; diverged {row.n_diverged}/{row.n_planned}",
            flags=(*flags, Flag.DIVERGED),
        )
    excludes = low > 0 or high < 0
    if row.margin is not None and -row.margin < equivalence[0] and equivalence[1] < row.margin:
        qualifier = "detectable but negligible" if excludes else ""
        return replace(row, word=Word.EQUIVALENT, qualifier=qualifier, flags=tuple(flags))
    if excludes:
        word = Word.BETTER if row.sign * d.mean() > 0 else Word.WORSE
        beyond = row.margin is not None and min(abs(low), abs(high)) > row.margin
        return replace(row, word=word, qualifier="by more than the margin" if beyond else "", flags=tuple(flags))
    return replace(row, word=Word.INCONCLUSIVE, flags=tuple(flags))


def _apparent(row: Verdict) -> str:
    return "better" if row.sign * row.diff > 0 else "worse"


def judged(results: SweepResults, margin: float | None = 0.01, scale: Scale = Scale.RAW, **fields) -> SweepResults:
    """The results with the verdicts that their own values give; `fields` replace further ones."""
    values = {
        summary.arm: dict(zip(summary.estimate.seeds, summary.estimate.values, strict=True))
        for summary in sorted(results.summaries, key=lambda summary: not summary.is_baseline)
    }
    diverged = {summary.arm: summary.n_diverged for summary in results.summaries}
    seeds = len(results.planned.spec.seeds)
    verdicts = judge(values, results.metric.name, margin, scale, seeds=seeds, diverged=diverged)
    return replace(results, verdicts=verdicts, **fields)


def grid(seeds: int = 5, first: Sequence[str] = ("0.0", "0.3"), second: Sequence[str] = ("0.0", "1e-4", "1e-3")):
    """A full grid of two factors that interact, on a validation loss; the rows that a report takes of it."""
    rng = np.random.default_rng(len(first))
    noise = 0.004 * rng.standard_normal(seeds)
    values = np.empty((len(first), len(second), seeds))
    for row in range(len(first)):
        for column in range(len(second)):
            effect = 0.01 * row - 0.006 * column + 0.008 * row * column
            values[row, column] = 0.1 + effect + noise + 0.001 * rng.standard_normal(seeds)
    info = METRICS["val_loss"]
    cells = tuple(
        Cell(a, b, estimate_mean(by_seed(values[row, column])))
        for row, a in enumerate(first)
        for column, b in enumerate(second)
    )
    table = TwoFactors(info, "model.dropout", "model.l2", tuple(first), tuple(second), cells)
    total = ((values - values.mean()) ** 2).sum()

    def share(*axes: int) -> float:
        means = values.mean(axis=tuple(axis for axis in range(3) if axis not in axes))
        return float(((means - values.mean()) ** 2).sum() * values.size / means.size / total)

    rows, columns, both, seed = share(0), share(1), share(0, 1), share(2)
    shares = (
        SourceShare("model.dropout", Source.FACTOR, rows),
        SourceShare("model.l2", Source.FACTOR, columns),
        SourceShare("model.dropout × model.l2", Source.INTERACTION, both - rows - columns),
        SourceShare("seed", Source.SEED, seed),
        SourceShare("residual", Source.RESIDUAL, 1 - both - seed),
    )
    main = values.mean(axis=1)
    (effect,) = judge({"reference": by_seed(main[0]), "model.dropout": by_seed(main[-1])})
    crossed = values[-1, -1] - values[-1, 0] - values[0, -1] + values[0, 0]
    (interaction,) = judge({"reference": by_seed(np.zeros(seeds)), "model.dropout × model.l2": by_seed(crossed)})
    exploratory = [
        replace(each, family=Family.EXPLORATORY, word=None, diff_pct_error=None) for each in (effect, interaction)
    ]
    return FactorialRows((table,), (exploratory[0],), (exploratory[1],), shares)
