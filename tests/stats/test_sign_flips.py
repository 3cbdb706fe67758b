import time
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from ablate.stats.sign_flips import sign_flip_p, smallest_sign_flip_p
from tests.analysis import stats_cases


def enumerated(data: list[float]) -> float:
    """Every one of the 2^n flips."""
    sums = np.abs([np.dot(signs, data) for signs in product((-1, 1), repeat=len(data))])
    return float(np.mean(sums >= abs(sum(data)) - 1e-12 * np.abs(data).sum()))


def test_six_differences() -> None:
    case = stats_cases.expected("signflip_exact_n6")
    assert sign_flip_p(stats_cases.given("signflip_exact_n6")["D"]) == case["p_perm"] == case["p_perm_scipy"]


@pytest.mark.parametrize("n", range(2, 11))
def test_the_least_that_n_differences_can_reach(n: int) -> None:
    least = stats_cases.expected("signflip_exact_n6")["min_p_by_n"][str(n)]
    assert sign_flip_p(list(range(1, n + 1))) == smallest_sign_flip_p(n) == least


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=10))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_agrees_with_enumeration(data: list[float]) -> None:
    assert sign_flip_p(data) == pytest.approx(enumerated(data))


@pytest.mark.parametrize("n", [6, 9, 10])
def test_agrees_with_scipy(n: int) -> None:
    data = np.random.default_rng(n).normal(0.4, 1, n)
    oracle = stats.permutation_test((data,), np.sum, permutation_type="samples", n_resamples=np.inf, vectorized=False)
    assert sign_flip_p(data) == pytest.approx(oracle.pvalue)


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=9))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_ties_count(data: list[int]) -> None:
    """In tenths, whose sums differ in the last bits, as many flips are as extreme as in whole numbers."""
    assert sign_flip_p([value / 10 for value in data]) == pytest.approx(enumerated(data))


def test_beyond_forty_it_is_sampled_and_says_the_same_every_time() -> None:
    data = np.random.default_rng(1).normal(0.3, 1, 45)
    p = sign_flip_p(data)
    assert p == sign_flip_p(data)
    assert p == pytest.approx(stats.ttest_1samp(data, 0).pvalue, abs=0.01)
    assert sign_flip_p(np.ones(41)) == 1 / 100_000


def test_forty_are_exact_and_quick() -> None:
    start = time.perf_counter()
    assert sign_flip_p(np.ones(40)) == 2.0**-39
    assert time.perf_counter() - start < 5


def test_nothing_to_flip() -> None:
    assert sign_flip_p([]) is None
    assert sign_flip_p([0.0, 0.0, 0.0]) == 1.0
    assert sign_flip_p([0.3]) == 1.0
