"""Forest plots and grids: what is drawn is what was computed, and it can be told without colours."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from ablate.plots.canvas import house_figure, house_style
from ablate.plots.differences import ratio_label
from ablate.plots.forest import COLOURS, draw_forest, forest_legend
from ablate.plots.grids import draw_cell_means, draw_interaction, draw_variance_shares
from ablate.plots.signs import SIGNS
from ablate.verdicts.verdict import Scale, Word
from tests.judged import by_seed, claim, draws, grid, judge

RATIO_MARGIN = math.log(1.1)


def axes() -> Axes:
    with house_style():
        _, (ax,) = house_figure("?", "", 4.0)
    return ax


def forest(verdicts) -> Axes:
    with house_style():
        return draw_forest(verdicts, axes())


def tick_labels(ax: Axes) -> list[str]:
    ax.figure.canvas.draw()
    low, high = ax.get_xlim()
    ticks = [tick for tick in ax.xaxis.get_major_locator()() if low <= tick <= high]
    return [ax.xaxis.get_major_formatter()(tick, None) for tick in ticks]


def lines(ax: Axes, *, wide: bool) -> list[tuple[float, ...]]:
    return [
        tuple(line.get_xdata())
        for line in ax.lines
        if (line.get_linewidth() > 5) is wide and (wide or line.get_marker() == "|")
    ]


VERDICTS = judge(draws(4), margin=0.004)


def test_the_thick_interval_is_the_plain_one_and_the_thin_the_adjusted() -> None:
    ax = forest(VERDICTS)
    assert lines(ax, wide=True) == [(row.ci_low, row.ci_high) for row in VERDICTS]
    # Where the two are equal, too: a reader of the legend looks for both.
    assert lines(ax, wide=False) == [(row.ci_adj_low, row.ci_adj_high) for row in VERDICTS]
    assert any((row.ci_adj_low, row.ci_adj_high) == (row.ci_low, row.ci_high) for row in VERDICTS)


def test_every_seed_has_its_dot_in_the_order_of_the_plan() -> None:
    ax = forest(VERDICTS)
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [tuple(line.get_xdata()) for line in dots] == [tuple(row.differences.values()) for row in VERDICTS]
    assert [round(float(np.mean(line.get_ydata()))) for line in dots] == [0, 1, 2]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_beyond_thirty_seeds_dots_would_be_a_smear() -> None:
    ax = forest(judge(draws(2, seeds=31)))
    assert not [line for line in ax.lines if line.get_marker() == "o"]


def test_each_row_bears_the_sign_of_its_verdict_and_its_n() -> None:
    written = [text.get_text() for text in forest(VERDICTS).texts]
    assert [text for text in written if text.startswith("n=")] == ["n=8"] * 3
    assert [text for text in written if text in SIGNS.values()] == [SIGNS[row.word] for row in VERDICTS]


def test_words_of_one_family_differ_in_sign_and_in_colour() -> None:
    arms, claims = list(Word)[:6], list(Word)[6:]
    for words in (arms, claims):
        assert len({SIGNS[word] for word in words}) == len(words)
        assert len({to_hex(COLOURS[word]) for word in words}) == len(words)


def test_a_log_scale_is_labelled_with_ratios_around_one() -> None:
    ax = forest(judge(draws(6), margin=RATIO_MARGIN, scale=Scale.LOG_ERROR))
    labels = tick_labels(ax)
    assert {"×1", "×0.9", "×1.1"} <= set(labels)
    assert ax.get_xlabel() == "← better        validation loss: arm ÷ baseline, log axis        worse →"
    (band,) = ax.patches
    assert (band.get_x(), band.get_width()) == pytest.approx((-RATIO_MARGIN, 2 * RATIO_MARGIN))


def test_the_axis_says_which_side_is_better() -> None:
    accuracies = {"base": by_seed([0.97, 0.971, 0.969]), "arm": by_seed([0.98, 0.982, 0.979])}
    raw = forest(judge(accuracies, "test_accuracy"))
    assert raw.get_xlabel() == "← worse        arm − baseline: test accuracy, percentage points        better →"
    assert "1" in tick_labels(raw)
    ratio = forest(judge(accuracies, "test_accuracy", scale=Scale.LOG_ERROR))
    assert ratio.get_xlabel().startswith("← better        error (1 − test accuracy): arm ÷ baseline")


@pytest.mark.parametrize("scale", list(Scale))
def test_one_arm_far_out_does_not_hide_the_others(scale: Scale) -> None:
    arms = draws(4)
    arms["optimizer=choice_3"] = {seed: value + 30 for seed, value in arms["optimizer=choice_3"].items()}
    ax = forest(judge(arms, margin=0.01, scale=scale))
    assert ax.get_xscale() == "symlog"
    assert ax.get_title(loc="right").startswith(("logarithmic beyond ±", "compressed beyond ×"))
    left, right = ax.transAxes.inverted().transform(ax.transData.transform([(-0.01, 0), (0.01, 0)]))[:, 0]
    assert right - left > 0.01
    assert len(tick_labels(ax)) > 3


def drawn_at(ax: Axes, *values: float) -> list[float]:
    """Places in parts of the axis."""
    points = ax.transData.transform([(value, 0) for value in values])
    return list(ax.transAxes.inverted().transform(points)[:, 0])


@pytest.mark.parametrize("far", [0.0, 0.5, 3.0])
def test_a_difference_of_nearly_nothing_never_fills_the_margin(far: float) -> None:
    """.025 % within 10 %, whatever lies far out: at most a fortieth of the way to the margin."""
    base = draws(1)["optimizer=choice_0"]
    near = {seed: value * math.exp(0.00025 * (-1) ** seed) for seed, value in base.items()}
    wide = {seed: value * math.exp(far + 0.01 * (seed % 3)) for seed, value in base.items()}
    rows = judge({"base": base, "near": near, "nearer": near, "wide": wide}, margin=RATIO_MARGIN, scale=Scale.LOG_ERROR)
    zero, little, margin = drawn_at(forest(rows), 0.0, 0.00025, RATIO_MARGIN)
    assert 0 < little - zero < (margin - zero) / 40
    assert 0 < zero < margin < 1


def test_a_row_within_the_reach_of_the_margin_is_not_compressed() -> None:
    base = draws(1)["optimizer=choice_0"]
    near = {seed: value * math.exp(0.00025 * (-1) ** seed) for seed, value in base.items()}
    wide = {seed: value * math.exp(0.3 + 0.01 * (seed % 3)) for seed, value in base.items()}
    rows = judge({"base": base, "near": near, "nearer": near, "wide": wide}, margin=RATIO_MARGIN, scale=Scale.LOG_ERROR)
    assert forest(rows).get_xscale() == "linear"
    assert forest([replace(row, margin=None) for row in rows]).get_xscale() == "symlog"


def test_ticks_stand_apart() -> None:
    arms = draws(4)
    arms["optimizer=choice_3"] = {seed: value + 30 for seed, value in arms["optimizer=choice_3"].items()}
    ax = forest(judge(arms, margin=0.01, scale=Scale.LOG_ERROR))
    ax.figure.canvas.draw()
    boxes = [label.get_window_extent() for label in ax.get_xticklabels() if label.get_text()]
    assert not [pair for pair in pairwise(boxes) if pair[0].overlaps(pair[1])]


@pytest.mark.parametrize("seeds", [0, 1, 2])
def test_few_seeds_are_drawn_as_far_as_they_go(seeds: int) -> None:
    base, arm = draws(2, 3).values()
    few = {seed: value for seed, value in arm.items() if seed < seeds}
    ax = forest(judge({"base": base, "arm": few}, margin=0.01))
    assert len(lines(ax, wide=True)) == (seeds == 2)
    low, high = ax.get_xlim()
    assert low < 0 < high


def test_identical_arms_are_drawn_at_zero() -> None:
    values = by_seed([0.1, 0.2, 0.3])
    low, high = forest(judge({"base": values, "same": values})).get_xlim()
    assert (low, high) == (-1.5, 1.5)


def test_no_verdicts_are_an_empty_plot() -> None:
    assert len(forest(()).get_yticks()) == 0


def test_the_side_that_is_claimed_is_tinted() -> None:
    arms = draws(3)
    rows = [
        claim("optimizer=choice_1 < optimizer=choice_2 on val_loss", arms),
        claim("optimizer=choice_1 > optimizer=choice_2 on val_loss", arms),
    ]
    ax = forest(rows)
    assert [math.copysign(1, tint.get_width()) for tint in ax.patches] == [-1, 1]
    assert max(map(abs, ax.get_xlim())) < 1
    assert ax.get_yticklabels()[0].get_text() == "optimizer=choice_1 < optimizer=choice_2"


def test_margins_of_claims_may_differ() -> None:
    arms = draws(3)
    texts = (
        "optimizer=choice_1 < optimizer=choice_2 on val_loss",
        "optimizer=choice_2 < optimizer=choice_1 on val_loss",
    )
    rows = [claim(text, arms, margin=margin) for text, margin in zip(texts, (0.002, 0.004), strict=True)]
    widths = {round(patch.get_width(), 6) for patch in forest(rows).patches}
    assert {0.004, 0.008} <= widths


def test_the_legend_names_what_is_there_and_nothing_else() -> None:
    labels = [handle.get_label() for handle in forest_legend(VERDICTS)]
    assert labels == ["better", "worse", "equivalent", "95% interval", "adjusted interval", "margin"]
    assert forest_legend(judge(draws(2)))[0].get_label() == "better"


GRID = grid()


def test_an_interaction_has_a_line_for_each_seed_and_a_mean_for_each_level() -> None:
    (table,) = GRID.tables
    ax = draw_interaction(table, axes())
    thin = [line for line in ax.lines if line.get_linewidth() < 1]
    assert len(thin) == 5 * len(table.second_levels)
    thick = [tuple(line.get_ydata()) for line in ax.lines if line.get_marker() == "o"]
    expected = [
        tuple(table.cell(first, second).estimate.mean for first in table.first_levels) for second in table.second_levels
    ]
    assert thick == expected


def test_a_cell_shows_its_mean_and_half_width() -> None:
    (table,) = GRID.tables
    ax = draw_cell_means(table, axes())
    estimate = table.cells[0].estimate
    half = (estimate.ci_high - estimate.ci_low) / 2
    assert ax.texts[0].get_text() == f"{estimate.mean:.4f}\n±{half:.4f}"
    (image,) = ax.images
    means = [cell.estimate.mean for cell in table.cells]
    assert int(np.argmax(image.get_array())) == int(np.argmin(means))


def test_shares_end_where_they_end() -> None:
    ax = draw_variance_shares(GRID.shares, axes(), "validation loss")
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([100 * share.share for share in GRID.shares])
    assert sum(bar.get_width() for bar in ax.patches) == pytest.approx(100)


def test_ratios_near_one_are_told_apart() -> None:
    labels = [ratio_label(math.log(ratio)) for ratio in (1.0, 1.001, 0.998, 1.0001, 0.9, 1.25, 2.0)]
    assert labels == ["×1", "×1.001", "×0.998", "×1.0001", "×0.9", "×1.25", "×2"]
