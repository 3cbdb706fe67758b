"""Ensembles of seeds: known answers, and an interval that covers what it says."""

from __future__ import annotations

import numpy as np
import pytest

from ablate.analysis.ensembles import ensemble_gain


def onehot(classes: list[int], n: int = 3) -> np.ndarray:
    return np.eye(n)[classes]


def test_three_seeds_that_each_err_elsewhere_are_right_together() -> None:
    labels = np.array([0, 1, 2])
    seeds = {0: onehot([1, 1, 2]), 1: onehot([0, 2, 2]), 2: onehot([0, 1, 0])}
    found = ensemble_gain(labels, seeds)
    assert found.single.values == pytest.approx((2 / 3,) * 3)
    assert found.accuracy == 1.0
    assert found.gain == pytest.approx(1 / 3)
    assert [size for size, _ in found.by_size] == [1, 2, 3]
    assert found.by_size[0][1] == pytest.approx(2 / 3)
    assert found.by_size[-1][1] == 1.0
    assert found.examples == 3


def test_the_mean_decides_by_how_sure_each_is_not_by_votes() -> None:
    seeds = {0: np.array([[0.9, 0.1]]), 1: np.array([[0.4, 0.6]]), 2: np.array([[0.45, 0.55]])}
    assert ensemble_gain(np.array([0]), seeds).accuracy == 1.0


def test_equal_seeds_gain_nothing_and_say_so_exactly() -> None:
    probabilities = np.random.default_rng(0).dirichlet(np.ones(4), 50)
    found = ensemble_gain(np.zeros(50, int), dict.fromkeys(range(5), probabilities))
    assert (found.gain, found.low, found.high) == (0.0, 0.0, 0.0)


def test_the_jackknife_is_that_of_its_definition() -> None:
    draws = np.random.default_rng(1)
    labels = draws.integers(0, 3, 400)
    seeds = {seed: draws.dirichlet(np.ones(3), 400) + 0.4 * np.eye(3)[labels] for seed in range(6)}
    whole = ensemble_gain(labels, seeds)
    without = [
        ensemble_gain(labels, {seed: values for seed, values in seeds.items() if seed != left}).gain for left in seeds
    ]
    pseudo = np.array([6 * whole.gain - 5 * gain for gain in without])
    half = 2.5705818356363146 * pseudo.std(ddof=1) / np.sqrt(6)  # t of 5 degrees of freedom
    assert (whole.low, whole.high) == pytest.approx((whole.gain - half, whole.gain + half))


def test_one_seed_or_two_have_no_interval() -> None:
    for count in (1, 2):
        found = ensemble_gain(np.array([0]), dict.fromkeys(range(count), np.array([[1.0, 0.0]])))
        assert (found.low, found.high) == (None, None)


@pytest.mark.parametrize("seeds", [{}, {0: np.ones((2, 3))}, {0: np.ones((3, 3)), 1: np.ones((3, 2))}])
def test_what_does_not_belong_together_is_refused(seeds: dict) -> None:
    with pytest.raises(ValueError, match=r"a seed at least|same 3 examples"):
        ensemble_gain(np.array([0, 1, 2]), seeds)


def test_the_interval_covers_the_gain_that_new_seeds_would_have() -> None:
    """Seeds are drawn anew: their logits share what the examples are like and have noise of their own, and seeds are
    unequally good."""
    draws = np.random.default_rng(2)
    examples, classes, seeds = 300, 4, 6
    labels = draws.integers(0, classes, examples)
    shared = 1.5 * np.eye(classes)[labels] + draws.standard_normal((examples, classes))

    def drawn() -> dict[int, np.ndarray]:
        noise = draws.standard_normal((seeds, examples, classes)) * draws.uniform(0.3, 1.2, (seeds, 1, 1))
        exponentials = np.exp(2 * (shared + noise))
        return dict(enumerate(exponentials / exponentials.sum(axis=-1, keepdims=True)))

    found = [ensemble_gain(labels, drawn()) for _ in range(200)]
    truth = np.mean([each.gain for each in found])
    covered = np.mean([each.low <= truth <= each.high for each in found])
    assert truth > 0.01
    assert 0.9 <= covered <= 1.0
    # Useful: not much wider than the gain scatters.
    width = np.mean([each.high - each.low for each in found])
    assert width < 4 * 2 * 1.3 * np.std([each.gain for each in found])
