"""What a design can see before it is run; the numbers in sds are those of the specification's table by n."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest, chi2
from statsmodels.stats.power import TTestPower

from ablate.analysis.forecast import Forecast, SeedsTable, forecast_sweep, tabulate_seeds
from ablate.analysis.judging import judge_sweep
from ablate.core.specs import Sweep
from ablate.stats.assurance import assured_power, seeds_for_assurance
from ablate.stats.power import seeds_needed
from ablate.verdicts.verdict import Scale
from tests.synthetic import completed_runs, optimizer_sweep, plan_of


def sweep_of(arms: int, seeds: int, **fields) -> Sweep:
    rates = {f"o{index}": 0.01 * (index + 1) for index in range(arms - 1)} | {"adam": 0.001}
    return optimizer_sweep(seeds, rates, **fields)


def forecast(sweep: Sweep, runs=None) -> Forecast:
    found = forecast_sweep(plan_of(sweep).sweeps[0], runs or {})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("arms", "seeds", "effect", "width"),
    [(2, 3, 3.26, 2.484), (2, 8, 1.16, 0.836), (5, 5, 2.48, 1.242), (9, 5, 2.98, 1.242), (9, 20, 0.89, 0.468)],
)
def test_without_a_pilot_effects_are_in_standard_deviations(arms, seeds, effect, width) -> None:
    found = forecast(sweep_of(arms, seeds))
    assert found.statement.smallest_effect_in_sds == pytest.approx(effect, abs=0.005)
    assert found.statement.half_width_in_sds == pytest.approx(width, abs=0.0005)
    assert (found.statement.sd, found.statement.smallest_effect, found.pilot_pairs) == (None, None, 0)


def test_a_pilot_gives_the_spread_of_the_most_variable_arm() -> None:
    sweep = sweep_of(4, 8)
    runs = completed_runs(sweep_of(4, 5))
    sds = [row.sd for row in judge_sweep(plan_of(sweep).sweeps[0], runs).verdicts]
    found = forecast(sweep, runs)
    upper = max(sds) * math.sqrt(4 / chi2.ppf(0.2, 4))
    assert (found.statement.sd, found.pilot_pairs, found.statement.n) == (pytest.approx(upper), 5, 8)
    assert found.statement.smallest_effect == pytest.approx(found.statement.smallest_effect_in_sds * found.statement.sd)


def test_pairs_too_few_to_judge_are_no_pilot() -> None:
    sweep = sweep_of(4, 8)
    assert forecast(sweep, completed_runs(sweep_of(4, 2))).pilot_pairs == 0
    assert forecast(sweep, completed_runs(sweep_of(4, 3))).pilot_pairs == 3


def test_a_relative_margin_is_a_ratio_of_errors() -> None:
    sweep = sweep_of(4, 8, margin="10%")
    found = forecast(sweep, completed_runs(sweep))
    assert (found.scale, found.statement.margin) == (Scale.LOG_ERROR, pytest.approx(math.log(1.1)))
    assert found.statement.seeds_for_margin is not None
    single = forecast(replace(sweep, spec=replace(sweep.spec, alpha=0.01)))
    assert single.statement.alpha_first == pytest.approx(0.01 / 3)


def test_the_seeds_for_a_margin_are_those_of_the_upper_bound_of_the_spread() -> None:
    sweep = sweep_of(2, 5)
    found = forecast(sweep, completed_runs(sweep)).statement
    assert found.sd is not None
    (row,) = judge_sweep(plan_of(sweep).sweeps[0], completed_runs(sweep)).verdicts
    assert found.seeds_for_margin == seeds_needed(0.01, row.sd, 5, 0.05, 0.05).high == row.seeds_needed_high


def test_without_another_arm_there_is_nothing_to_see() -> None:
    sweep = sweep_of(1, 5)
    assert forecast_sweep(plan_of(sweep).sweeps[0], {}) is None


def test_no_power_is_promised_where_arms_are_not_compared_by_independent_seeds() -> None:
    usual = plan_of(sweep_of(3, 5)).sweeps[0]
    about_noise = plan_of(sweep_of(3, 5, design="seed_parts")).sweeps[0]
    sweep = sweep_of(3, 5)
    own = [replace(arm.spec, dataset=replace(arm.spec.dataset, split_seed=None)) for arm in sweep.arms]
    arms = tuple(replace(arm, spec=spec) for arm, spec in zip(sweep.arms, own, strict=True))
    with_splits = plan_of(replace(sweep, arms=arms)).sweeps[0]
    for planned, is_promised in ((usual, True), (about_noise, False), (with_splits, False)):
        assert (forecast_sweep(planned, {}) is not None) is is_promised
        assert (tabulate_seeds(planned, {}) is not None) is is_promised


# seeds, as a table -------------------------------------------------------------------------------------


def table_of(sweep: Sweep, runs=None) -> SeedsTable:
    found = tabulate_seeds(plan_of(sweep).sweeps[0], runs or {})
    assert found is not None
    return found


def test_before_a_pilot_a_table_is_the_plain_power_in_standard_deviations() -> None:
    table = table_of(sweep_of(5, 7))
    assert (table.sd, table.margin, table.pilot_pairs, table.differences) == (None, 0.01, 0, (0.5, 1, 2))
    together, alone = table.families
    assert (together.comparisons, together.alpha, alone.comparisons, alone.alpha) == (4, 0.0125, 1, 0.05)
    for family in table.families:
        assert [row.seeds for row in family.rows] == [3, 5, 7, 8, 10, 15, 20, 30, 50]
        for row in family.rows:
            oracle = [TTestPower().power(difference, row.seeds, family.alpha) for difference in table.differences]
            # Where the power is 1 but for rounding, scipy below has no number.
            assert row.powers == pytest.approx(np.nan_to_num(oracle, nan=1.0).tolist(), abs=1e-4)
            assert TTestPower().power(row.smallest, row.seeds, family.alpha) == pytest.approx(0.8, abs=1e-4)
    assert alone.seeds_needed == (34, 10, 5)


def test_a_pilot_gives_the_differences_their_unit_and_the_powers_their_doubt() -> None:
    sweep = sweep_of(4, 8)
    runs = completed_runs(sweep_of(4, 5))
    sd = max(row.sd for row in judge_sweep(plan_of(sweep).sweeps[0], runs).verdicts)
    table = table_of(sweep, runs)
    assert (table.sd, table.pilot_pairs, table.planned) == (pytest.approx(sd), 5, 8)
    assert table.differences == (0.005, 0.01, 0.02)
    together = table.families[0]
    for row in together.rows:
        powers = [assured_power(row.seeds, difference, sd, 4, 0.05 / 3) for difference in table.differences]
        assert row.powers == pytest.approx(powers)
        assert assured_power(row.seeds, row.smallest, sd, 4, 0.05 / 3) == pytest.approx(0.8, abs=1e-3)
    assert together.seeds_needed[1] == seeds_for_assurance(0.01, sd, 4, 0.05 / 3)


def test_a_table_without_a_margin_is_about_the_spread() -> None:
    sweep = sweep_of(2, 4, margin=None)
    table = table_of(sweep, completed_runs(sweep))
    assert table.sd is not None
    assert (table.margin, table.differences[1], len(table.families)) == (None, table.sd, 1)


def test_a_table_of_a_relative_margin_is_on_the_scale_of_ratios() -> None:
    sweep = sweep_of(3, 4, margin="10%")
    table = table_of(sweep, completed_runs(sweep))
    assert (table.scale, table.differences[2]) == (Scale.LOG_ERROR, pytest.approx(2 * math.log(1.1)))


def test_a_sweep_of_one_arm_has_no_table() -> None:
    assert tabulate_seeds(plan_of(sweep_of(1, 5)).sweeps[0], {}) is None


def test_the_other_questions_of_a_study_are_counted_where_they_share_its_error() -> None:
    """Three arms and a claim here, one arm there: four questions at a time would be at .0125, five are at .01."""
    first = sweep_of(4, 5, multiplicity="study", claims=("o0 > adam on val_loss",))
    second = sweep_of(2, 5, multiplicity="study", name="other")
    study = [plan_of(each).sweeps[0] for each in (first, second)]
    alone, together = (forecast_sweep(study[0], {}, sweeps) for sweeps in ((), study))
    assert alone is not None
    assert together is not None
    assert (alone.statement.m, together.statement.m) == (4, 5)
    assert together.statement.alpha_first == pytest.approx(0.01)
    by_sweep = forecast_sweep(plan_of(sweep_of(4, 5)).sweeps[0], {}, study)
    assert by_sweep is not None
    assert by_sweep.statement.m == 3


@pytest.mark.parametrize("seeds", [3, 5, 6, 9])
def test_what_the_sign_test_of_a_claim_can_reach(seeds: int) -> None:
    on_epochs = "o0 > adam on epochs_to(val_loss, 0.3)"
    found = forecast(sweep_of(4, seeds, claims=(on_epochs, "o1 > adam on val_loss"))).signs
    assert found is not None
    assert (found.claims, found.alpha_first, found.alpha_last) == (1, 0.025, 0.05)
    assert found.smallest_p == pytest.approx(binomtest(seeds, seeds).pvalue)
    assert binomtest(found.seeds, found.seeds).pvalue <= 0.025 < binomtest(found.seeds - 1, found.seeds - 1).pvalue
    assert forecast(sweep_of(4, seeds)).signs is None


def test_two_seeds_have_no_forecast() -> None:
    statement = forecast(sweep_of(4, 2)).statement
    assert (statement.smallest_effect_in_sds, statement.half_width_in_sds, statement.seeds_for_margin) == (None,) * 3
