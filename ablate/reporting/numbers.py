"""Numbers with the digits that they support: two significant digits of the standard error, no more.

>>> number(0.123456, se=0.0023), number(-0.5, se=0.0023, signed=True), number(None)
('0.1235', '−0.5000', '–')
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import median_low

from ablate.stats.estimates import Estimate

__all__ = ["UNDEFINED", "interval", "mean", "number", "shared_error", "spread"]

UNDEFINED = "–"
SIGNIFICANT_WITHOUT_ERROR = 4
MOST_DECIMALS = 7
# More digits before the point than these are counted by an exponent.
MOST_WHOLE_DIGITS = 9
# From here on a number has enough digits within `MOST_DECIMALS`.
LEAST_WITHOUT_EXPONENT = 1e-3


def number(value: float | None, se: float | None = None, signed: bool = False) -> str:
    """`value` to the second significant digit of `se`, or to four of its own when there is no error.

    What is undefined (None, NaN) is a dash; the minus is a true minus sign; small numbers that would need more than
    `MOST_DECIMALS` decimals, and large ones of more than `MOST_WHOLE_DIGITS` digits, are written with an exponent.
    """
    if value is None or math.isnan(value):
        return UNDEFINED
    if math.isinf(value):
        return "−∞" if value < 0 else "∞"
    last = _last_digit(value, se)
    # Whole digits beyond the precision are zeros. Without an error there are none to tell from others.
    rounded = float(round(value, -last)) if se and 0 < last < MOST_WHOLE_DIGITS else value
    # z: what rounds to zero has no minus, and it has no plus either.
    shown = format(rounded, f"{'+' if signed else ''}z{_notation(rounded, last)}").replace("-", "−")
    return shown if float(shown.replace("−", "-")) else shown.removeprefix("+")


def shared_error(errors: Iterable[float | None]) -> float | None:
    """What the digits of a column follow: the typical error, the lower of two in the middle, or a tenth of it where a
    row is known better than that, lest its digits be lost. No less: a row with hardly any spread is no reason for many
    more digits in all others."""
    known = [error for error in errors if error is not None and 0 < error < math.inf]
    if not known:
        return None
    typical = median_low(known)
    return typical if min(known) >= typical / 10 else typical / 10


def _last_digit(value: float, se: float | None) -> int:
    """The power of ten of the last digit that is shown."""
    scale, digits = (se, 2) if se and math.isfinite(se) else (abs(value), SIGNIFICANT_WITHOUT_ERROR)
    return _exponent(scale) - digits + 1 if scale else -SIGNIFICANT_WITHOUT_ERROR


def _notation(value: float, last: int) -> str:
    """The format in which the last digit stands there."""
    if value and abs(value) >= 10.0**MOST_WHOLE_DIGITS:
        return f".{min(max(_exponent(value) - last, 0), SIGNIFICANT_WITHOUT_ERROR - 1)}e"
    if -last <= MOST_DECIMALS or abs(value) >= LEAST_WITHOUT_EXPONENT:
        return f".{min(max(-last, 0), MOST_DECIMALS)}f"
    return f".{min(max(_exponent(value) - last, 0), MOST_DECIMALS)}e" if value else f".{SIGNIFICANT_WITHOUT_ERROR}f"


def _exponent(value: float) -> int:
    return math.floor(math.log10(abs(value)))


def mean(estimate: Estimate, signed: bool = False, error: float | None = None) -> str:
    """
    Args:
        error: what the digits follow; the estimate's own where it is None. So of the next ones.
    """
    return number(estimate.mean, error or estimate.se, signed)


def spread(estimate: Estimate, error: float | None = None) -> str:
    """The standard deviation over seeds, with the digits of the mean."""
    return number(estimate.sd, error or estimate.se)


def interval(estimate: Estimate, signed: bool = False, error: float | None = None) -> str:
    if estimate.ci_low is None or estimate.ci_high is None:
        return UNDEFINED
    low, high = (number(bound, error or estimate.se, signed) for bound in (estimate.ci_low, estimate.ci_high))
    return f"[{low}, {high}]"
