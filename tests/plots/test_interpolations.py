"""Lines between weights, drawn: what is asserted is what was drawn, and that a page can be made of it."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ablate.analysis.interpolations import ArmInterpolations, Interpolation
from ablate.plots.canvas import png_bytes
from ablate.plots.interpolations import draw_interpolations, interpolation_page

POSITIONS = np.array([0.0, 0.5, 1.0])
PNG = b"\x89PNG"


def test_a_line_shows_its_seeds_their_mean_its_ends_and_what_is_straight() -> None:
    ax = Figure().subplots()
    draw_interpolations(
        POSITIONS, {"training": [np.array([1.0, 5.0, 3.0]), np.array([3.0, 7.0, 5.0])]}, ax, ("adam", "sgd")
    )
    *seeds, mean, straight = ax.lines
    assert [list(interpolation.get_ydata()) for interpolation in seeds] == [[1.0, 5.0, 3.0], [3.0, 7.0, 5.0]]
    assert list(mean.get_ydata()) == [2.0, 6.0, 4.0]
    assert list(straight.get_ydata()) == [2.0, 4.0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["adam", "half way", "sgd"]


def test_one_seed_is_its_own_mean() -> None:
    ax = Figure().subplots()
    draw_interpolations(POSITIONS, {"training": [np.array([1.0, 5.0, 3.0])]}, ax, ("adam", "sgd"))
    assert len(ax.lines) == 2


def test_a_page_names_both_arms_and_their_seeds() -> None:
    interpolation = Interpolation(POSITIONS, np.array([0.1, 0.9, 0.2]), np.array([0.2, 1.0, 0.3]), 0.75)
    figure = interpolation_page(ArmInterpolations("study:adam", "study:sgd", {0: interpolation, 3: interpolation}))
    words = " ".join(text.get_text() for text in figure.texts)
    assert "study:adam" in words
    assert "study:sgd" in words
    assert "2 seeds" in words
    assert png_bytes(figure).startswith(PNG)
