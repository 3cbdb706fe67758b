from __future__ import annotations

import numpy as np
import pytest

from ablate.analysis.interpolations import (
    ArmInterpolations,
    Interpolation,
    interpolations_from_arrays,
    interpolations_to_arrays,
    with_interpolations,
)
from ablate.reporting.interpolations import in_words, interpolation_file, interpolations_section
from ablate.reporting.markdown import render

POSITIONS = np.array([0.0, 0.5, 1.0])


def interpolation(middle: float, barrier: float) -> Interpolation:
    return Interpolation(POSITIONS, np.array([0.1, middle, 0.3]), np.array([0.2, middle, 0.4]), barrier)


PAIR = ArmInterpolations("study:adam", "study:sgd", {0: interpolation(0.5, 0.3), 2: interpolation(0.7, 0.5)})


def test_lines_go_through_arrays_and_come_back() -> None:
    other = ArmInterpolations("study:adam", "study:a|b", {1: interpolation(0.2, 0.0)})
    arrays = interpolations_to_arrays([PAIR, other])
    first, second = interpolations_from_arrays(arrays)
    assert (first.first, first.second, second.second) == ("study:adam", "study:sgd", "study:a|b")
    assert list(first.by_seed) == [0, 2]
    np.testing.assert_array_equal(first.by_seed[2].train_loss, [0.1, 0.7, 0.3])
    assert first.by_seed[2].barrier == 0.5
    again = interpolations_to_arrays([first, second])
    assert arrays.keys() == again.keys()
    for name, values in arrays.items():
        np.testing.assert_array_equal(values, again[name])
    assert interpolations_from_arrays({}) == ()


def test_the_same_two_arms_are_kept_once_whichever_comes_first() -> None:
    turned = ArmInterpolations(PAIR.second, PAIR.first, PAIR.by_seed)
    other = ArmInterpolations("study:adam", "study:momentum", PAIR.by_seed)
    assert with_interpolations([PAIR, other], turned) == (other, turned)


def test_the_barrier_is_a_mean_over_seeds_with_its_interval() -> None:
    # t of one degree of freedom at 97.5 %, times the standard error 0.1.
    assert PAIR.barrier.mean == pytest.approx(0.4)
    assert PAIR.barrier.ci_high == pytest.approx(0.4 + 12.7062 * 0.1, abs=1e-4)
    assert in_words(PAIR) == (
        "study:adam and study:sgd lie in two valleys: on all 2 seeds the loss between them rises by more than 10% of "
        "the loss at its higher end.\n"
        "study:adam to study:sgd: barrier 0.40 [−0.87, 1.67] over 2 seeds; the objective is 0.1000 and 0.3000 at the "
        "ends, 0.6000 half way"
    )
    alone = ArmInterpolations("3fa9", "81c2", {0: interpolation(0.5, 0.3)})
    assert "barrier 0.3000 (one seed);" in in_words(alone)


def test_a_section_has_a_row_and_a_figure_of_each_pair() -> None:
    text = render(interpolations_section([PAIR, ArmInterpolations("study:adam", "study:a|b/../c", PAIR.by_seed)]))
    assert "| `study:adam` | `study:sgd`" in text
    assert "figures/line-adam-sgd.png" in text
    assert "figures/line-adam-a-b-..-c.png" in text
    assert "/" not in interpolation_file(PAIR)
