import pytest

from ablate.reporting.numbers import interval, mean, number, spread
from ablate.stats.estimates import estimate_mean


@pytest.mark.parametrize(
    ("value", "se", "text"),
    [
        (0.123456, 0.0023, "0.1235"),
        (0.123456, 0.023, "0.123"),
        (0.123456, 0.23, "0.12"),
        (123.456, 2.3, "123.5"),
        (123.456, 23.0, "123"),
        (12345.6, 2300.0, "12346"),
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


def test_differences_bear_their_sign() -> None:
    assert [number(value, 0.1, signed=True) for value in (0.2, -0.2)] == ["+0.20", "−0.20"]


def test_an_estimate() -> None:
    estimate = estimate_mean({0: 1.0, 1: 2.0, 2: 3.0})  # se 0.577
    assert (mean(estimate), spread(estimate), interval(estimate)) == ("2.00", "1.00", "[−0.48, 4.48]")
    assert interval(estimate, signed=True) == "[−0.48, +4.48]"


def test_one_seed_has_no_interval_and_no_spread() -> None:
    estimate = estimate_mean({0: 0.25})
    assert (mean(estimate), spread(estimate), interval(estimate)) == ("0.2500", "–", "–")


def test_what_rounds_to_zero_has_no_minus() -> None:
    assert number(-0.00001, se=0.01) == "0.000"
    assert number(-0.00001, se=0.01, signed=True) == "+0.000"
    assert number(-0.02, se=0.01) == "−0.020"
