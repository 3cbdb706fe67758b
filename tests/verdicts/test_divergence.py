import math

import numpy as np
import pytest
from scipy import stats

from ablate.core.records import METRICS, MetricInfo
from ablate.verdicts.divergence import composite_values, divergence_rates, worst_rank, worst_value
from ablate.verdicts.engine import judge_arms
from ablate.verdicts.pairing import ArmValues
from ablate.verdicts.verdict import Word

LOSS = METRICS["val_loss"]


def test_rates_agree_with_scipy() -> None:
    rates = divergence_rates(arm={0, 1, 2, 3, 4, 99}, reference={4}, seeds=range(10))
    assert (rates.arm.count, rates.arm.n, rates.reference.count) == (5, 10, 1)
    interval = stats.binomtest(5, 10).proportion_ci(0.95)
    assert (rates.arm.low, rates.arm.high) == pytest.approx((interval.low, interval.high))
    assert (rates.only_arm, rates.only_reference) == (4, 0)
    assert rates.p == pytest.approx(stats.binomtest(0, 4).pvalue)


def test_no_seed_is_no_evidence() -> None:
    rates = divergence_rates(set(), set(), ())
    assert (rates.arm.low, rates.arm.high, rates.p) == (0.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("metric", "classes", "stated", "expected"),
    [
        ("test_accuracy", None, None, 0.0),
        ("test_accuracy", 10, None, 0.0),
        ("test_accuracy", 10, 0.1, 0.1),
        ("val_calibration_error", None, None, 1.0),
        ("val_loss", 10, None, math.log(10)),
        ("val_loss", 10, 8.0, 8.0),
        ("val_loss", None, None, None),
        ("val_loss", None, 8.0, 8.0),
        ("val_mse", 10, None, None),
        ("gradient_norm", 10, None, None),
        ("gradient_norm", 10, 5.0, None),
    ],
)
def test_the_worst_is_stated_or_a_bound_or_what_guessing_gives(metric, classes, stated, expected) -> None:
    assert worst_value(METRICS[metric], classes, stated) == expected


@pytest.mark.parametrize("stated", [math.nan, math.inf, -math.inf])
def test_a_worst_value_that_is_none_is_refused(stated: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        worst_value(LOSS, stated=stated)


def test_composite() -> None:
    assert composite_values({0: 0.9}, {1, 2}, 0.1) == {0: 0.9, 1: 0.1, 2: 0.1}


def test_in_ranks_a_diverged_run_loses_to_every_other_and_ties_with_its_like() -> None:
    found = worst_rank({0: 0.2, 1: 0.3}, {0: 0.4, 2: 0.3, 4: 1.0}, {2, 3}, {1, 3}, sign=-1)
    assert (found.wins, found.ties, found.losses) == (2, 1, 1)
    assert found.p == 1.0


# calibration -----------------------------------------------------------------------------------------

SCORE = MetricInfo("score", "score", "max", "")
TABLES, SEEDS, GAIN, LOST = 400, 10, 0.03, 0.3


def words(worst_of) -> list[Word]:
    """Of an arm that is ahead when it trains and diverges in three runs of ten; tables without a diverged run are left
    out. `worst_of` gives the worst value that is stated, of all values that were seen."""
    rng, said = np.random.default_rng(16), []
    for _ in range(TABLES):
        base, arm = rng.normal([[0.9], [0.9 + GAIN]], 0.01, (2, SEEDS))
        lost = rng.random(SEEDS) < LOST
        if not lost.any():
            continue
        seen = [*base, *arm[~lost]]
        arm[lost] = math.nan
        arms = {"base": ArmValues(dict(enumerate(base))), "arm": ArmValues(dict(enumerate(arm)))}
        said.append(judge_arms(arms, "base", SCORE, margin=0.005, worst=worst_of(seen))[0].word)
    return said


def test_an_arm_that_diverges_is_never_called_better_by_the_runs_that_trained() -> None:
    unstated, stated = words(lambda seen: None), words(lambda seen: 0.0)
    assert len(unstated) > 0.95 * TABLES
    assert set(unstated) == {Word.INCONCLUSIVE}
    assert Word.BETTER not in stated
    # The control, which has to fail: the worst value that was seen, in place of one that is known.
    assert words(min).count(Word.BETTER) / TABLES > 0.3
