"""What a planned sweep will be able to show, said before it is run; by the spread of runs that are there already.

forecast = forecast_sweep(plan.sweeps[0], runs)
forecast.statement.smallest_effect_in_sds      # seen with 80 % power
forecast.statement.smallest_effect             # on `forecast.scale`; None before there is a pilot
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablate.analysis.judging import STUDY, questions_that_share, spreads
from ablate.analysis.values import Runs
from ablate.core.claims import EPOCHS_TO, parse_statement
from ablate.core.plans import PlannedSweep
from ablate.stats.power import MINIMUM_SEEDS, PowerStatement, power_statement, sd_upper_bound, seeds_for_sign_test
from ablate.stats.sign_flips import smallest_sign_flip_p
from ablate.verdicts.scales import analysis_scale
from ablate.verdicts.verdict import Scale

__all__ = ["Forecast", "SignForecast", "forecast_sweep"]


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
    """The power of the sweep's design; None for a sweep without an arm beside its baseline.

    The sd is `sd_upper_bound` of the arm whose spread may be the largest, among those with three pairs or more, so that
    what is promised holds for every arm in 80 % of pilots, and not in half of them.

    Args:
        runs: run_id → run, as far as the store has them.
        study: the sweeps that it stands among, whose questions share its error where it says so; itself alone if empty.
    """
    questions = len(sweep.arms) - 1
    if questions < 1:
        return None
    scale, margin = analysis_scale(sweep.spec.margin, None if sweep.spec.scale is None else Scale(sweep.spec.scale))
    pilots = [(sd_upper_bound(sd, pairs), pairs) for pairs, sd in spreads(sweep, runs) if pairs >= MINIMUM_SEEDS]
    sd, pairs = max(pilots, default=(None, 0), key=lambda pilot: pilot[0] or 0.0)
    shared = questions_that_share(study or (sweep,)) if sweep.spec.multiplicity == STUDY else None
    statement = power_statement(len(sweep.spec.seeds), shared or questions, margin, sd, sweep.spec.alpha)
    return Forecast(statement, scale, pairs, _of_signs(sweep, shared))


def _of_signs(sweep: PlannedSweep, shared: int | None) -> SignForecast | None:
    spec = sweep.spec
    claims = sum(parse_statement(claim).quantity.name == EPOCHS_TO for claim in spec.claims)
    if not claims:
        return None
    first = spec.alpha / (shared or len(spec.claims))
    last = spec.alpha if spec.multiplicity == "holm" else first
    return SignForecast(claims, smallest_sign_flip_p(len(spec.seeds)), first, last, seeds_for_sign_test(first))
