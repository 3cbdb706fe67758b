"""One scale for a sweep, and the same words for it in captions, figures and tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ablate.analysis.results import SweepResults, sweep_results
from ablate.core.plans import PlannedSweep
from ablate.plots.figures import DRAW
from ablate.reporting.blocks import Prose
from ablate.reporting.captions import captions
from ablate.reporting.markdown import render
from ablate.reporting.sections import sweep_section
from ablate.reporting.shown_figures import SweepFigures
from ablate.reporting.summary import box, judged_blocks
from tests.analysis.test_judging import DIVERGED, Outcome, stored, two_by_two
from tests.plots.test_figures import texts
from tests.synthetic import completed_runs, optimizer_sweep, plan_of


def results(margin: float | str, diverged: int = 0) -> SweepResults:
    """Of two factors at eight seeds, of which the first `diverged` diverged in the last cell."""
    sweep, values = two_by_two()
    outcomes: list[list[Outcome]] = values.reshape(4, 8).tolist()
    outcomes[3][:diverged] = [DIVERGED] * diverged
    asked = replace(sweep, spec=replace(sweep.spec, margin=margin))
    return sweep_results(PlannedSweep.of(asked), stored(asked, outcomes))


def told(found: SweepResults) -> dict[str, str]:
    return {caption.name: str(caption.text) for caption in captions(found)}


def prose(found: SweepResults) -> str:
    return " ".join(block.text.plain for block in judged_blocks(found) if isinstance(block, Prose))


@pytest.mark.parametrize(
    ("margin", "quantity", "mean"),
    [("10%", "log validation loss", "geometric mean"), (0.01, "validation loss", "mean")],
)
def test_one_scale_is_named_wherever_a_grid_is_shown(margin: float | str, quantity: str, mean: str) -> None:
    found = results(margin)
    said = told(found)
    assert f"Shares of the sum of squares of the {quantity} over all runs of the grid." in said["variance_shares"]
    shares = texts(DRAW["variance_shares"](found))
    assert f"Where the variance of the {quantity} comes from" in shares
    assert f"share of the variance of the {quantity}, %" in shares
    is_log = mean == "geometric mean"
    for name in ("interactions", "cell_means", "metric_by_arm", "paired_seeds"):
        assert ("geometric mean" in said[name]) is is_log, name
        assert any("eometric mean" in text for text in texts(DRAW[name](found))) is is_log, name
    for name in ("interactions", "metric_by_arm", "paired_differences", "paired_seeds"):
        assert ("log axis" in said[name]) is is_log, name
        assert any("log axis" in text.replace("\n", " ") for text in texts(DRAW[name](found))) is is_log, name
    assert f"Effects are differences of the {quantity}" in prose(found)


def test_a_sweep_says_on_which_scale_it_compares() -> None:
    for margin, words in (("10%", "Differences are of the log validation loss, ratios of errors."),
                          (0.01, "Differences are of the validation loss itself.")):  # fmt: skip
        blocks = sweep_section(results(margin), SweepFigures((), {}), [], is_alone=True)
        assert any(words in block.text.plain for block in blocks if isinstance(block, Prose))


def test_what_leaves_out_diverged_runs_says_so() -> None:
    found, whole = results("10%", diverged=3), results("10%")
    said = told(found)
    assert "over the runs of the 5 of 8 seeds on which every cell has a value" in said["variance_shares"]
    assert any("over the 5 on which every cell has a value" in text for text in texts(DRAW["variance_shares"](found)))
    assert "A cross marks a mean that leaves out diverged runs." in said["interactions"]
    assert "A cell where runs diverged has no colour" in said["cell_means"]
    assert "its p is the larger of two" in prose(found)
    of_whole = told(whole)
    assert "diverged" not in prose(whole) + of_whole["interactions"] + of_whole["cell_means"]
    assert "of 8 seeds" not in of_whole["variance_shares"]


@pytest.mark.parametrize("is_paired", [True, False])
def test_what_is_not_paired_is_nowhere_said_to_be(is_paired: bool) -> None:
    sweep = optimizer_sweep(seeds=6, claims=("sgd > adam on val_loss",), paired=is_paired)
    found = sweep_results(plan_of(sweep).sweeps[0], completed_runs(sweep))
    said = told(found)
    shown = [box(found, found.flags), *sweep_section(found, SweepFigures((), {}), [], is_alone=True)]
    words = [render(shown), *(said[name] for name in ("paired_differences", "claims"))]
    drawn = [*texts(DRAW["paired_differences"](found)), *texts(DRAW["claims"](found))]
    assert any("paired by seed" in text for text in words) is is_paired
    assert any("A dot is one seed" in text for text in words) is is_paired
    assert any("of independent samples" in text for text in words) is not is_paired
    assert any("paired by seed" in text or ", paired" in text for text in drawn) is is_paired
    assert any("unpaired" in text for text in drawn) is not is_paired
