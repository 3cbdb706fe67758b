"""Whether two ways of training are said to have ended in one valley."""

from __future__ import annotations

import numpy as np
import pytest

from ablate.analysis.interpolations import ArmInterpolations, Interpolation
from ablate.reporting.interpolations import in_one_valley, in_words, interpolations_section
from ablate.reporting.markdown import render

POSITIONS = np.array([0.0, 0.5, 1.0])


def line(middle: float) -> Interpolation:
    """Between losses of 0.2 and 0.4, whose straight line is at 0.3 half way."""
    losses = np.array([0.2, middle, 0.4])
    return Interpolation(POSITIONS, losses, losses, max(0.0, middle - 0.3))


def pair(*middles: float) -> ArmInterpolations:
    return ArmInterpolations("s:adam", "s:sgd", {seed: line(middle) for seed, middle in enumerate(middles)})


@pytest.mark.parametrize(
    ("middles", "said"),
    [
        ((0.3,), "lie in one valley: the loss between them never rises"),
        ((0.335, 0.3), "lie in one valley: on none of 2 seeds the loss between them rises"),
        ((0.345,), "lie in two valleys: the loss between them rises"),
        ((0.9, 0.8, 0.7), "lie in two valleys: on all 3 seeds the loss"),
        ((0.9, 0.3, 0.7), "lie in one valley on some seeds alone: on 2 of 3 the loss"),
    ],
)
def test_a_rise_of_a_tenth_of_the_higher_end_parts_two_valleys(middles: tuple[float, ...], said: str) -> None:
    assert in_one_valley(pair(*middles)).startswith(said)


def test_it_is_said_in_the_terminal_and_in_the_report() -> None:
    assert in_words(pair(0.9, 0.8)).startswith("s:adam and s:sgd lie in two valleys: ")
    assert "`s:adam` and `s:sgd` lie in two valleys: on all 2 seeds" in render(interpolations_section([pair(0.9, 0.8)]))
