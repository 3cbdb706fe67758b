"""What a planned sweep will be able to show, said before it is run; by the spread of runs that are there already.

forecast = forecast_sweep(plan.sweeps[0], runs)
forecast.statement.smallest_effect_in_sds      # seen with 80 % power
forecast.statement.smallest_effect             # on `forecast.scale`; None before there is a pilot
table = tabulate_seeds(plan.sweeps[0], runs)
table.families[0].rows[3].powers               # by the number of seeds, for half, all and twice of the margin
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablate.analysis.judging import STUDY, questions_that_share, spreads
from ablate.analysis.values import Runs
from ablate.core.claims import EPOCHS_TO, parse_statement
from ablate.core.plans import PlannedSweep
from ablate.stats.assurance import assured_power, seeds_for_assurance, smallest_assured_effect
from ablate.stats.power import (
    MINIMUM_SEEDS,
    POWER,
    PowerStatement,
    power_statement,
    sd_upper_bound,
    seeds_for_sign_test,
)
from ablate.stats.sign_flips import smallest_sign_flip_p
from ablate.verdicts.scales import analysis_scale
from ablate.verdicts.verdict import Scale

__all__ = [
    "Forecast",
    "SeedsFamily",
    "SeedsRow",
    "SeedsTable",
    "SignForecast",
    "forecast_sweep",
    "tabulate_seeds",
]

# The numbers of seeds that a table has rows for, beside the planned one.
NUMBERS_OF_SEEDS = (3, 5, 8, 10, 15, 20, 30, 50)
# The differences that it has columns for: parts of the margin.
PARTS_OF_THE_MARGIN = (0.5, 1.0, 2.0)


@dataclass(frozen=True)
class SignForecast:
    """What the sign test of pairs can show of the claims that it judges.

    Attributes:
        claims: how many these are.
        smallest_p: of all seeds that agree.
        alpha_first, alpha_last: the level of the first step of the family's adjustment, and of the last.
        seeds: the fewest with which the first step can be taken.
    """

    claims: int
    smallest_p: float
    alpha_first: float
    alpha_last: float
    seeds: int


@dataclass(frozen=True)
class Forecast:
    """`statement` is about the sweep's arms on `scale`; its sd is an upper bound that `pilot_pairs` pairs of runs give,
    0 where there are none to go by. `signs` is about claims on `epochs_to`, None without any."""

    statement: PowerStatement
    scale: Scale
    pilot_pairs: int
    signs: SignForecast | None = None


def forecast_sweep(sweep: PlannedSweep, runs: Runs, study: Sequence[PlannedSweep] = ()) -> Forecast | None:
    """The power of the sweep's design; None for a sweep that compares no arm with its baseline, and for seeds with
    splits of their own, which are not independent.

    The sd is `sd_upper_bound` of the arm whose spread may be the largest, among those with three pairs or more, so that
    what is promised holds for every arm in 80 % of pilots, and not in half of them.

    Args:
        runs: run_id → run, as far as the store has them.
        study: the sweeps that it stands among, whose questions share its error where it says so; itself alone if empty.
    """
    questions = len(sweep.arms) - 1
    if questions < 1 or not _has_power(sweep):
        return None
    scale, margin = _question(sweep)
    pilot = _pilot(sweep, runs)
    shared = _shared(sweep, study)
    statement = power_statement(
        len(sweep.spec.seeds), shared or questions, margin, pilot.upper if pilot else None, sweep.spec.alpha
    )
    return Forecast(statement, scale, pilot.pairs if pilot else 0, _of_signs(sweep, shared))


def _shared(sweep: PlannedSweep, study: Sequence[PlannedSweep]) -> int | None:
    """How many questions share the error of the study; None where each family has its own."""
    return questions_that_share(study or (sweep,)) if sweep.spec.multiplicity == STUDY else None


def _has_power(sweep: PlannedSweep) -> bool:
    """Whether arms are compared by tests of independent seeds."""
    return not sweep.spec.is_about_noise and not any(arm.resplits for arm in sweep.arms)


@dataclass(frozen=True)
class SeedsRow:
    """What so many seeds show.

    Attributes:
        seeds: of each arm.
        powers: for each difference of the table, the probability that the test of it is significant.
        smallest: the difference that is seen with the table's power, in its unit.
    """

    seeds: int
    powers: tuple[float, ...]
    smallest: float


@dataclass(frozen=True)
class SeedsFamily:
    """The rows for so many `comparisons` at once.

    Attributes:
        alpha: the level of the first rejection among them (Holm).
        seeds_needed: for each difference of the table, the fewest seeds with its power; None where none in reach have.
    """

    comparisons: int
    alpha: float
    rows: tuple[SeedsRow, ...]
    seeds_needed: tuple[int | None, ...]


@dataclass(frozen=True)
class SeedsTable:
    """How many seeds show what: power over seeds, differences and comparisons.

    Attributes:
        scale: of the differences.
        margin, sd: the stated margin and the spread by which all is reckoned, of `pilot_pairs` pairs of runs; None
            where there is none. Without a spread, all differences are in standard deviations.
        differences: half, all and twice of the margin; of the standard deviation, where either is not known.
        planned: the seeds that the sweep has.
        power: what `smallest` and `seeds_needed` are for.
        families: for the comparisons of the sweep, and for one by itself.
    """

    scale: Scale
    margin: float | None
    sd: float | None
    pilot_pairs: int
    differences: tuple[float, ...]
    planned: int
    power: float
    families: tuple[SeedsFamily, ...]


def tabulate_seeds(sweep: PlannedSweep, runs: Runs, study: Sequence[PlannedSweep] = ()) -> SeedsTable | None:
    """The power of the test of a difference over numbers of seeds; None where `forecast_sweep` has none.

    By the sd of the arm that `forecast_sweep` goes by, which is uncertain: each power is an average over what it may
    be (`assured_power`), not that at the sd itself.

    Args:
        runs: run_id → run, as far as the store has them.
        study: all sweeps that may share an error with it.
    """
    questions = len(sweep.arms) - 1
    if questions < 1 or not _has_power(sweep):
        return None
    scale, margin = _question(sweep)
    pilot = _pilot(sweep, runs)
    # Runs without any spread say nothing about that of others.
    sd, pairs = (pilot.sd, pilot.pairs) if pilot and pilot.sd > 0 else (None, 0)
    unit, df = (1.0, None) if sd is None else (sd, pairs - 1)
    whole = margin if margin is not None and sd is not None else unit
    differences = tuple(part * whole for part in PARTS_OF_THE_MARGIN)
    planned = len(sweep.spec.seeds)
    numbers = sorted({*NUMBERS_OF_SEEDS, max(planned, MINIMUM_SEEDS)})

    def family(comparisons: int) -> SeedsFamily:
        alpha = sweep.spec.alpha / comparisons
        return SeedsFamily(
            comparisons,
            alpha,
            tuple(
                SeedsRow(
                    n,
                    tuple(assured_power(n, difference, unit, df, alpha) for difference in differences),
                    unit * (smallest_assured_effect(n, df, alpha) or 0.0),
                )
                for n in numbers
            ),
            tuple(seeds_for_assurance(difference, unit, df, alpha) for difference in differences),
        )

    families = tuple(
        family(comparisons) for comparisons in sorted({_shared(sweep, study) or questions, 1}, reverse=True)
    )
    return SeedsTable(scale, margin, sd, pairs, differences, planned, POWER, families)


@dataclass(frozen=True)
class _Pilot:
    """The sd of so many pairs of runs, and its upper bound."""

    upper: float
    pairs: int
    sd: float


def _pilot(sweep: PlannedSweep, runs: Runs) -> _Pilot | None:
    """Of the arm whose spread may be the largest, among those with three pairs or more."""
    pilots = [
        _Pilot(upper, pairs, sd)
        for pairs, sd in spreads(sweep, runs)
        if pairs >= MINIMUM_SEEDS and (upper := sd_upper_bound(sd, pairs)) is not None
    ]
    return max(pilots, default=None, key=lambda pilot: pilot.upper)


def _question(sweep: PlannedSweep) -> tuple[Scale, float | None]:
    return analysis_scale(sweep.spec.margin, None if sweep.spec.scale is None else Scale(sweep.spec.scale))


def _of_signs(sweep: PlannedSweep, shared: int | None) -> SignForecast | None:
    spec = sweep.spec
    claims = sum(parse_statement(claim).quantity.name == EPOCHS_TO for claim in spec.claims)
    if not claims:
        return None
    first = spec.alpha / (shared or len(spec.claims))
    last = spec.alpha if spec.multiplicity == "holm" else first
    return SignForecast(claims, smallest_sign_flip_p(len(spec.seeds)), first, last, seeds_for_sign_test(first))
