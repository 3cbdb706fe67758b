import pytest
from scipy.stats import binomtest

from ablate.analysis.arm_divergence import arm_divergences
from tests.synthetic import completed_runs, diverged_run, optimizer_sweep, plan_of

SWEEP = optimizer_sweep(seeds=8)
PLANNED = plan_of(SWEEP).sweeps[0]
RUNS = completed_runs(SWEEP)
SGD, ADAM = (next(arm for arm in SWEEP.arms if arm.name == f"optimizer={name}") for name in ("sgd", "adam"))


def with_diverged(arm, seeds):
    return {(spec := arm.spec.with_seed(seed)).run_id: diverged_run(spec) for seed in seeds}


def test_nothing_is_said_where_nothing_diverged() -> None:
    assert arm_divergences(PLANNED, RUNS) == ()


def test_an_arm_that_diverged_is_counted_with_its_exact_interval() -> None:
    (found,) = arm_divergences(PLANNED, RUNS | with_diverged(SGD, range(6)))
    assert found.arm == "optimizer=sgd"
    assert (found.rates.arm.count, found.rates.arm.n, found.rates.reference.count) == (6, 8, 0)
    interval = binomtest(6, 8).proportion_ci(method="exact")
    assert (found.rates.arm.low, found.rates.arm.high) == pytest.approx((interval.low, interval.high))
    assert found.rates.p == pytest.approx(binomtest(0, 6).pvalue)


def test_a_diverged_run_loses_to_every_other() -> None:
    """sgd is the worst arm of these studies, yet wins the seeds on which the baseline diverged."""
    runs = RUNS | with_diverged(ADAM, (0, 1)) | with_diverged(SGD, (1, 2))
    found = next(each for each in arm_divergences(PLANNED, runs) if each.arm == "optimizer=sgd")
    assert (found.ranks.wins, found.ranks.ties, found.ranks.losses) == (1, 1, 6)
    assert found.ranks.p == pytest.approx(binomtest(1, 7).pvalue)


def test_a_baseline_that_diverged_concerns_every_arm() -> None:
    assert len(arm_divergences(PLANNED, RUNS | with_diverged(ADAM, (3,)))) == len(SWEEP.arms) - 1
