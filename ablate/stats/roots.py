"""Where a continuous function of one number is zero: Brent's method.

>>> round(root(lambda x: x * x - 2, 0.0, 2.0, 1e-12, 1e-12), 9)
1.414213562

To import the root finders of scipy takes longer than to make all verdicts of a study of fifty runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["root"]

MOST_STEPS = 100


def root(function: Callable[[float], float], low: float, high: float, absolute: float, relative: float) -> float:
    """A zero between two arguments at which `function` has different signs (Brent 1973, chapter 4).

    The steps are those of `scipy.optimize.brentq`: interpolation by a line or by an inverse parabola where that gets
    closer sooner than halving what is left, and halving elsewhere.

    Args:
        absolute, relative: how far the answer may lie from a zero, in the unit of the argument and as a share of it.

    Raises:
        ArithmeticError: when the signs are alike, or a hundred steps do not suffice.
    """
    before, here = low, high
    at_before, at_here = function(before), function(here)
    if at_before == 0 or at_here == 0:
        return before if at_before == 0 else here
    if (at_before > 0) == (at_here > 0):
        raise ArithmeticError(f"the function has the same sign at {low} and at {high}")
    # The zero lies between `here` and `beyond`; `former` and `step` are the last two steps.
    beyond = at_beyond = former = step = 0.0
    for _ in range(MOST_STEPS):
        if at_here != 0 and (at_before > 0) != (at_here > 0):
            beyond, at_beyond = before, at_before
            former = step = here - before
        if abs(at_beyond) < abs(at_here):
            before, here, beyond = here, beyond, here
            at_before, at_here, at_beyond = at_here, at_beyond, at_here
        tolerance = (absolute + relative * abs(here)) / 2
        half = (beyond - here) / 2
        if at_here == 0 or abs(half) < tolerance:
            return here
        tried = math.inf
        if abs(former) > tolerance and abs(at_here) < abs(at_before):
            tried = _interpolated(before, here, beyond, at_before, at_here, at_beyond)
        is_short = 2 * abs(tried) < min(abs(former), 3 * abs(half) - tolerance)
        former, step = (step, tried) if is_short else (half, half)
        before, at_before = here, at_here
        here += step if abs(step) > tolerance else tolerance if half > 0 else -tolerance
        at_here = function(here)
    raise ArithmeticError(f"no zero was found between {low} and {high} in {MOST_STEPS} steps")


def _interpolated(
    before: float, here: float, beyond: float, at_before: float, at_here: float, at_beyond: float
) -> float:
    """The step from `here` to the zero of a line through two points, or of a parabola in the value through three;
    infinite where there is none."""
    if before == beyond:
        return -at_here * (here - before) / (at_here - at_before)
    slope_before = (at_before - at_here) / (before - here)
    slope_beyond = (at_beyond - at_here) / (beyond - here)
    bend = slope_beyond * slope_before * (at_beyond - at_before)
    return -at_here * (at_beyond * slope_beyond - at_before * slope_before) / bend if bend else math.inf
