import math

import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import brentq

from ablate.stats.roots import root


@given(st.floats(-50, 50), st.floats(0.01, 40), st.floats(0.01, 40), st.sampled_from([0.1, 1.0, 3.0, 30.0]))
@settings(deadline=None, derandomize=True, max_examples=500)
def test_takes_the_steps_of_scipy(zero: float, below: float, above: float, steepness: float) -> None:
    asked: dict[str, list[float]] = {"ours": [], "scipy": []}

    def function(x: float, by: str) -> float:
        asked[by].append(x)
        return math.expm1(steepness * (zero - x) / 10)

    low, high = zero - below, zero + above
    found = root(lambda x: function(x, "ours"), low, high, absolute=1e-10, relative=1e-12)
    expected = brentq(function, low, high, args=("scipy",), xtol=1e-10, rtol=1e-12)
    assert found == pytest.approx(expected, rel=1e-11, abs=1e-10)
    assert asked["ours"] == pytest.approx(asked["scipy"], rel=1e-9, abs=1e-9)


def test_an_end_that_is_a_zero_is_the_answer() -> None:
    assert root(lambda x: x - 1, 1.0, 3.0, 1e-9, 1e-9) == 1.0
    assert root(lambda x: x - 3, 1.0, 3.0, 1e-9, 1e-9) == 3.0


def test_ends_of_the_same_sign_are_refused() -> None:
    with pytest.raises(ArithmeticError, match="the same sign"):
        root(lambda x: x * x + 1, -1.0, 1.0, 1e-9, 1e-9)


def test_a_function_that_jumps_over_zero_without_end_is_refused() -> None:
    with pytest.raises(ArithmeticError, match="no zero was found"):
        root(lambda x: 1.0 if x > 0 else -1.0, -1.0, 2.0, 0.0, 0.0)
