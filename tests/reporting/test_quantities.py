from __future__ import annotations

import math
from dataclasses import replace

import pytest

from ablate.core.records import METRICS
from ablate.reporting.quantities import (
    bounds,
    change_of_error,
    difference,
    has_had_the_power,
    interval_in_brackets,
    margin,
    percent,
    probability,
    raw_difference,
    seeds_needed,
    shown_error,
    shown_raw_error,
)
from ablate.verdicts.verdict import Family, Scale, Verdict

ACCURACY = Verdict(
    Family.ARMS, "a", "a", "b", METRICS["test_accuracy"], Scale.RAW, 1, "paired t", 0.05, 8, 8,
    base_mean=0.97, arm_mean=0.9742, raw_diff=0.0042, diff=0.0042, diff_pct_error=-14.0, sd=0.0025,
    ci_low=0.0021, ci_high=0.0063, margin=0.002, seeds_needed_low=14, seeds_needed_high=26,
)  # fmt: skip
LOSS = replace(
    ACCURACY, metric=METRICS["val_loss"], sign=-1, diff=-0.0124, raw_diff=-0.0124, sd=0.0031, diff_pct_error=-15.5,
    ci_low=-0.015, ci_high=-0.0098, margin=0.005,
)  # fmt: skip
RATIO = replace(
    LOSS, scale=Scale.LOG_ERROR, diff=math.log(0.84), sd=0.035, ci_low=math.log(0.82), ci_high=math.log(0.87),
    base_mean=0.08, arm_mean=0.0676, margin=math.log(1.1),
)  # fmt: skip
RATIO_OF_ERRORS = replace(RATIO, metric=METRICS["test_accuracy"], arm_mean=0.9742, raw_diff=0.0042)


def test_accuracies_differ_in_percentage_points() -> None:
    """The standard error is 0.088 pp: two significant digits of it are three decimals."""
    assert difference(ACCURACY) == "+0.420 pp"
    assert bounds(ACCURACY, ACCURACY.ci_low, ACCURACY.ci_high) == "+0.210..+0.630"
    assert (margin(ACCURACY), change_of_error(ACCURACY)) == ("0.2 pp", "14% fewer errors")


def test_losses_differ_in_their_own_unit() -> None:
    assert difference(LOSS) == "−0.0124"
    assert bounds(LOSS, LOSS.ci_low, LOSS.ci_high) == "−0.0150..−0.0098"
    assert (margin(LOSS), change_of_error(LOSS)) == ("0.005", "16% lower")


def test_r2_is_a_fraction_of_no_examples() -> None:
    assert difference(replace(ACCURACY, metric=METRICS["test_r2"])) == "+0.00420"


def test_log_differences_are_ratios() -> None:
    assert difference(RATIO) == "× 0.840"
    assert bounds(RATIO, RATIO.ci_low, RATIO.ci_high) == "× 0.820..0.870"
    assert interval_in_brackets(RATIO, RATIO.ci_low, RATIO.ci_high) == "[0.820, 0.870]"
    assert margin(RATIO) == "10%"
    # A ratio of 20 with an error of 1.2% of itself is known to a quarter.
    assert difference(replace(RATIO, diff=math.log(20))) == "× 20.00"
    assert difference(replace(RATIO, diff=math.log(200))) == "× 200.0"
    assert raw_difference(RATIO) == "−0.01240"
    assert raw_difference(RATIO_OF_ERRORS) == "+0.420 pp"


def test_no_digit_is_finer_than_a_hundredth_of_the_margin() -> None:
    """Ratios within a ten thousandth of 1, asked whether they lie within a tenth."""
    tiny = replace(RATIO, diff=1.33e-5, sd=3e-5, ci_low=-1.18e-5, ci_high=3.84e-5, arm_mean=0.08)
    assert difference(tiny) == "× 1.0000"
    assert bounds(tiny, tiny.ci_low, tiny.ci_high) == "× 1.0000..1.0000"
    assert raw_difference(replace(tiny, raw_diff=-1.2e-6)) == "0.00000"
    unstated = replace(tiny, margin=None)
    assert difference(unstated) == "× 1.000013"
    assert difference(replace(ACCURACY, sd=1e-6)) == "+0.420 pp"


def test_the_digits_of_others_can_be_taken() -> None:
    assert (shown_error(ACCURACY), shown_error(RATIO)) == pytest.approx((0.25 / 8**0.5, 0.84 * 0.035 / 8**0.5))
    assert shown_raw_error(RATIO) == pytest.approx(0.0676 * 0.035 / 8**0.5)
    assert shown_raw_error(RATIO_OF_ERRORS) == pytest.approx(100 * 0.0258 * 0.035 / 8**0.5)
    assert difference(ACCURACY, 0.01) == "+0.420 pp"
    assert difference(ACCURACY, 0.1) == "+0.42 pp"
    assert interval_in_brackets(RATIO, RATIO.ci_low, RATIO.ci_high, 0.1) == "[0.82, 0.87]"
    assert percent(replace(LOSS, diff_pct_error=-212.4), error=1.0) == "212.4%"


def test_a_coarse_change_in_per_cent_has_no_decimals() -> None:
    assert percent(replace(LOSS, diff_pct_error=3.21, diff=0.001)) == "3.2%"
    assert percent(replace(LOSS, diff_pct_error=3.21, diff=0.0001)) == "3%"
    assert percent(replace(LOSS, diff_pct_error=-212.4), signed=True) == "−212%"


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0041, "=.004"),
        (0.0004, "<.001"),
        (0.05, "=.050"),
        (1.0, "=1"),
        (0.99999, "=1"),
        (0.999, "=.999"),
        (None, " –"),
    ],
)
def test_a_p_begins_with_its_point(p: float | None, text: str) -> None:
    assert probability(p) == text


def test_fresh_seeds_by_the_upper_bound_of_the_spread() -> None:
    assert seeds_needed(ACCURACY) == 26
    had = replace(ACCURACY, seeds_needed_high=8, seeds_needed_half=31)
    assert (has_had_the_power(ACCURACY), has_had_the_power(had), seeds_needed(had)) == (False, True, 31)
    unknown = replace(ACCURACY, seeds_needed_low=None, seeds_needed_high=None)
    assert (has_had_the_power(unknown), seeds_needed(unknown)) == (False, None)
    assert {seeds_needed(replace(ACCURACY, **lost)) for lost in ({"n_diverged": 1}, {"n_diverged_reference": 1})} == {
        None
    }


def test_what_is_unknown_is_a_dash() -> None:
    unknown = replace(ACCURACY, diff=None, raw_diff=None, sd=None, diff_pct_error=None, margin=None)
    assert {difference(unknown), raw_difference(unknown), bounds(unknown, None, None), margin(unknown)} == {"–"}
    assert change_of_error(unknown) == ""


def test_a_ratio_beyond_all_numbers_is_no_error() -> None:
    assert difference(replace(RATIO, diff=5000.0)) == "× 1.014e+304"
    assert difference(replace(RATIO, diff=5000.0, sd=8.0)) == "× 1.0e+304"
