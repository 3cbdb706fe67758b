import math

import pytest

from ablate.reporting.numbers import interval, mean, number, shared_error, spread
from ablate.stats.estimates import estimate_mean


@pytest.mark.parametrize(
    ("value", "se", "text"),
    [
        (0.123456, 0.0023, "0.1235"),
        (0.123456, 0.023, "0.123"),
        (0.123456, 0.23, "0.12"),
        (123.456, 2.3, "123.5"),
        (123.456, 23.0, "123"),
        (12345.6, 2300.0, "12300"),
        (40.0, 2300.0, "0"),
        (0.5, 1e-12, "0.5000000"),
        (1.0000133, 0.0000123, "1.000013"),
        (3.25e300, 1e298, "3.250e+300"),
        (3.25e300, 0.01, "3.250e+300"),
        (-3.25e300, None, "−3.250e+300"),
        (1e300, 1e300, "1.0e+300"),
        (1.0, float("inf"), "1.000"),
        (123456789.4, None, "123456789"),
        (0.123456, None, "0.1235"),
        (0.000123456, None, "0.0001235"),
        (0.5, 0.0, "0.5000"),
        (0.0, None, "0.0000"),
        (-1.5, 0.1, "−1.50"),
        (None, None, "–"),
        (None, 0.1, "–"),
        (float("nan"), 0.1, "–"),
        (float("-inf"), 0.1, "−∞"),
        (2.34567e-9, 1.2e-10, "2.35e−09"),
        (-2.34567e-9, 1.2e-9, "−2.3e−09"),
        (0.0, 1e-12, "0.0000"),
        (0.0000234567, 0.0000012, "0.0000235"),
        (9.87654e-12, None, "9.877e−12"),
    ],
)
def test_digits_are_those_that_the_error_supports(value: float | None, se: float | None, text: str) -> None:
    assert number(value, se) == text


@pytest.mark.parametrize(("value", "se"), [(-0.00002, 0.005), (0.00002, 0.005), (0.0, None), (-40.0, 2300.0)])
def test_what_rounds_to_zero_has_no_sign(value: float, se: float | None) -> None:
    shown = number(value, se, signed=True)
    assert float(shown) == 0
    assert shown[0] == "0"


def test_no_number_takes_more_room_than_a_cell() -> None:
    for value in (10.0**power for power in range(-300, 300, 7)):
        for se in (None, 0.0, value, value / 1e6, value / 1e15, 1e-300, 1e-9, 1.0, 1e9, 1e300):
            assert len(number(value, se, signed=True)) <= 18
            assert float(number(value, se).replace("−", "-")) == pytest.approx(value, abs=max(se or 0, value / 1e3))


def test_the_digits_of_a_column_follow_the_typical_error_and_not_one_without_a_spread() -> None:
    assert shared_error([0.3, None, 0.02, 0.0, 0.05]) == 0.05
    assert (shared_error([0.3, 0.3, 0.01]), shared_error([0.3, 0.3, 1e-9])) == (0.03, 0.03)
    assert shared_error([0.02, 0.3]) == 0.02
    assert (shared_error([]), shared_error([None, 0.0, math.inf])) == (None, None)


def test_differences_bear_their_sign() -> None:
    assert [number(value, 0.1, signed=True) for value in (0.2, -0.2)] == ["+0.20", "−0.20"]


def test_an_estimate() -> None:
    estimate = estimate_mean({0: 1.0, 1: 2.0, 2: 3.0})  # se 0.577
    assert (mean(estimate), spread(estimate), interval(estimate)) == ("2.00", "1.00", "[−0.48, 4.48]")
    assert interval(estimate, signed=True) == "[−0.48, +4.48]"


def test_an_estimate_takes_the_digits_of_its_column() -> None:
    estimate = estimate_mean({0: 1.0, 1: 2.0, 2: 3.0})
    assert (mean(estimate, error=0.02), spread(estimate, 0.02)) == ("2.000", "1.000")
    assert interval(estimate, error=0.02) == "[−0.484, 4.484]"


def test_one_seed_has_no_interval_and_no_spread() -> None:
    estimate = estimate_mean({0: 0.25})
    assert (mean(estimate), spread(estimate), interval(estimate)) == ("0.2500", "–", "–")


def test_what_rounds_to_zero_has_no_minus() -> None:
    assert number(-0.00001, se=0.01) == "0.000"
    assert number(-0.00001, se=0.01, signed=True) == "0.000"
    assert number(-0.02, se=0.01) == "−0.020"
