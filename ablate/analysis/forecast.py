"""What a planned sweep will be able to show, said before it is run; by the spread of runs that are there already.

forecast = forecast_sweep(plan.sweeps[0], runs)
forecast.statement.smallest_effect_in_sds      # seen with 80 % power
forecast.statement.smallest_effect             # on `forecast.scale`; None before there is a pilot
"""

from __future__ import annotations

from dataclasses import dataclass

from ablate.analysis.judging import spreads
from ablate.analysis.values import Runs
from ablate.core.plans import PlannedSweep
from ablate.stats.power import MINIMUM_SEEDS, PowerStatement, power_statement, sd_upper_bound
from ablate.verdicts.scales import analysis_scale
from ablate.verdicts.verdict import Scale

__all__ = ["Forecast", "forecast_sweep"]


@dataclass(frozen=True)
class Forecast:
    """`statement` is about the sweep's arms on `scale`; its sd is an upper bound that `pilot_pairs` pairs of runs give,
    0 where there are none to go by."""

    statement: PowerStatement
    scale: Scale
    pilot_pairs: int


def forecast_sweep(sweep: PlannedSweep, runs: Runs) -> Forecast | None:
    """The power of the sweep's design; None for a sweep without an arm beside its baseline.

    The sd is `sd_upper_bound` of the arm whose spread may be the largest, among those with three pairs or more, so that
    what is promised holds for every arm in 80 % of pilots, and not in half of them.

    Args:
        runs: run_id → run, as far as the store has them.
    """
    questions = len(sweep.arms) - 1
    if questions < 1:
        return None
    scale, margin = analysis_scale(sweep.spec.margin, None if sweep.spec.scale is None else Scale(sweep.spec.scale))
    pilots = [(sd_upper_bound(sd, pairs), pairs) for pairs, sd in spreads(sweep, runs) if pairs >= MINIMUM_SEEDS]
    sd, pairs = max(pilots, default=(None, 0), key=lambda pilot: pilot[0] or 0.0)
    statement = power_statement(len(sweep.spec.seeds), questions, margin, sd, sweep.spec.alpha)
    return Forecast(statement, scale, pairs)
