"""Where noise comes from: the parts of a seed apart, by numpy's variances and scipy's distributions."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ablate.analysis.frame import study_tables
from ablate.analysis.results import sweep_results
from ablate.core.plans import PlannedSweep, StudyPlan
from ablate.core.specs import Sweep
from tests.analysis.test_judging import stored
from tests.requests import study
from tests.synthetic import completed_runs, optimizer_sweep, plan_of

SEEDS = 12
ARMS = ("together", "initialisation", "order", "masks", "split", "together with the split")
SPREADS = (0.05, 0.04, 0.02, 0.01, 0.03, 0.06)


def noise_sweep(seeds: int = SEEDS) -> Sweep:
    (sweep,) = study("+sweep=seed_parts", f"sweep.seeds={seeds}").sweeps
    return sweep


def losses(sweep: Sweep) -> dict[str, list[float]]:
    """Of each arm. The run of the seed at which parts are held is the same in all of them."""
    drawn = np.random.default_rng(0).standard_normal((len(ARMS), len(sweep.spec.seeds) - 1))
    return {name: [1.0, *(1 + spread * row)] for name, spread, row in zip(ARMS, SPREADS, drawn, strict=True)}


SWEEP = noise_sweep()
LOSSES = losses(SWEEP)
RUNS = stored(SWEEP, tuple(LOSSES.values()))
RESULTS = sweep_results(PlannedSweep.of(SWEEP), RUNS)


def test_one_part_varies_in_each_arm() -> None:
    assert tuple(arm.name for arm in SWEEP.arms) == ARMS
    run = {arm.name: arm.spec.with_seed(5) for arm in SWEEP.arms}
    varied = {
        name: {part for part in ("initialisation", "order", "masks") if spec.seed_of(part) == 5}
        for name, spec in run.items()
    }
    everything = {"initialisation", "order", "masks"}
    assert list(varied.values()) == [everything, {"initialisation"}, {"order"}, {"masks"}, set(), everything]
    assert [spec.dataset.split_seed for spec in run.values()] == [0, 0, 0, 0, 5, 5]


def test_the_usual_runs_are_those_of_any_other_sweep() -> None:
    usual = study("+sweep=dropout", "sweep.factors.model.dropout=[0.0,0.3]", f"sweep.seeds={SEEDS}").sweeps[0]
    together = SWEEP.arms[0]
    (with_dropout,) = [arm for arm in usual.arms if arm.levels["model.dropout"] == 0.3]
    for seed in range(SEEDS):
        assert together.spec.with_seed(seed).run_id == with_dropout.spec.with_seed(seed).run_id
    # The run at the held number stands in every arm.
    assert len({run.run_id for run in SWEEP.planned_runs()}) == SEEDS + 5 * (SEEDS - 1)


def test_a_plan_of_it_survives_its_json() -> None:
    plan = plan_of(SWEEP)
    again = StudyPlan.from_json(json.loads(json.dumps(plan.to_json())))
    assert again == plan
    assert [arm.resplits for arm in again.sweeps[0].arms] == [False] * 4 + [True] * 2


def test_shares_are_ratios_of_variances_with_their_intervals() -> None:
    noise = RESULTS.noise
    assert noise is not None
    assert tuple(noise.rows) == ARMS
    assert (noise.together, noise.everything) == ("together", "together with the split")
    whole, df = np.var(LOSSES["together"], ddof=1), SEEDS - 1
    for name, part in noise.rows.items():
        variance = float(np.var(LOSSES[name], ddof=1))
        assert part.variance == pytest.approx(variance)
        bounds = variance * df / stats.chi2.ppf([0.975, 0.025], df)
        assert (part.low, part.high) == pytest.approx(tuple(bounds))
        if name != "together":
            ends = variance / whole / stats.f.ppf([0.975, 0.025], df, df)
            assert (part.share, part.share_low, part.share_high) == pytest.approx((variance / whole, *ends))
    parts = sum(float(np.var(LOSSES[name], ddof=1)) for name in ("initialisation", "order", "masks"))
    assert noise.components.summed.variance == pytest.approx(parts)


def test_runs_that_have_no_value_are_left_out() -> None:
    values = {**LOSSES, "order": [*LOSSES["order"][:4], "diverged", "failed", *LOSSES["order"][6:]]}
    noise = sweep_results(PlannedSweep.of(SWEEP), stored(SWEEP, tuple(values.values()))).noise
    assert noise is not None
    assert noise.rows["order"].n == SEEDS - 2
    nothing = sweep_results(PlannedSweep.of(SWEEP), {}).noise
    assert nothing is not None
    assert all(part.variance is None for part in nothing.rows.values())


def test_no_word_is_said_of_its_arms() -> None:
    assert (RESULTS.verdicts, RESULTS.on_test, RESULTS.selection) == ((), (), None)


def test_other_sweeps_do_not_ask() -> None:
    other = optimizer_sweep(4)
    assert sweep_results(PlannedSweep.of(other), completed_runs(other)).noise is None
    assert "seed_noise.csv" not in study_tables(plan_of(other), completed_runs(other)).files()


def test_the_table_has_a_row_an_arm() -> None:
    tables = study_tables(plan_of(SWEEP, replace(optimizer_sweep(4))), RUNS)
    table = tables.seed_noise
    assert table is not None
    assert table["arm"].tolist() == list(ARMS)
    assert table["share"].tolist()[1:] == pytest.approx(
        [np.var(LOSSES[name], ddof=1) / np.var(LOSSES["together"], ddof=1) for name in ARMS[1:]]
    )
    assert tables.files()["seed_noise.csv"].decode().splitlines()[0].startswith("sweep,arm,metric,n,variance,df")
