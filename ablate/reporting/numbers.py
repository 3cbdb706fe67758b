"""Numbers with the digits that they support: two significant digits of the standard error, no more.

>>> number(0.123456, se=0.0023), number(-0.5, se=0.0023, signed=True), number(None)
('0.1235', '−0.5000', '–')
"""

from __future__ import annotations

import math

from ablate.stats.estimates import Estimate

__all__ = ["UNDEFINED", "interval", "mean", "number", "spread"]

UNDEFINED = "–"
SIGNIFICANT_WITHOUT_ERROR = 4
MOST_DECIMALS = 7


def number(value: float | None, se: float | None = None, signed: bool = False) -> str:
    """`value` to the second significant digit of `se`, or to four of its own when there is no error.

    What is undefined (None, NaN) is a dash; the minus is a true minus sign; numbers that would need more than
    `MOST_DECIMALS` decimals are written with an exponent.
    """
    if value is None or math.isnan(value):
        return UNDEFINED
    if math.isinf(value):
        return "−∞" if value < 0 else "∞"
    # z: what rounds to zero has no minus.
    return format(value, f"{'+' if signed else ''}z{_notation(value, se)}").replace("-", "−")


def _notation(value: float, se: float | None) -> str:
    """The format in which the last digit stands where the precision ends."""
    scale, digits = (se, 2) if se else (abs(value), SIGNIFICANT_WITHOUT_ERROR)
    last = _exponent(scale) - digits + 1 if scale else -SIGNIFICANT_WITHOUT_ERROR
    if -last <= MOST_DECIMALS:
        return f".{max(-last, 0)}f"
    return f".{max(_exponent(value) - last, 0)}e" if value else f".{SIGNIFICANT_WITHOUT_ERROR}f"


def _exponent(value: float) -> int:
    return math.floor(math.log10(abs(value)))


def mean(estimate: Estimate, signed: bool = False) -> str:
    return number(estimate.mean, estimate.se, signed)


def spread(estimate: Estimate) -> str:
    """The standard deviation over seeds, with the digits of the mean."""
    return number(estimate.sd, estimate.se)


def interval(estimate: Estimate, signed: bool = False) -> str:
    if estimate.ci_low is None or estimate.ci_high is None:
        return UNDEFINED
    low, high = (number(bound, estimate.se, signed) for bound in (estimate.ci_low, estimate.ci_high))
    return f"[{low}, {high}]"
