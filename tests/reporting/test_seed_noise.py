"""Where noise comes from, in words and as a table and a figure."""

from __future__ import annotations

import pytest
from matplotlib.text import Text

from ablate.analysis.results import SweepResults, sweep_results
from ablate.core.plans import PlannedSweep
from ablate.plots.pages import pages
from ablate.reporting.answer import answer_of_sweep, findings_of
from ablate.reporting.blocks import Table
from ablate.reporting.figures import captions_of
from ablate.reporting.markdown import render
from ablate.reporting.seed_noise import FIGURE, noise_blocks
from tests.analysis.test_judging import stored
from tests.analysis.test_seed_noise import ARMS, LOSSES, RESULTS, SWEEP
from tests.reporting.wording import forbidden


def results_of(losses: dict[str, list[float]]) -> SweepResults:
    return sweep_results(PlannedSweep.of(SWEEP), stored(SWEEP, tuple(losses.values())))


def answer(results: SweepResults) -> str:
    return answer_of_sweep(findings_of(results)).plain


def scaled(*spreads: float) -> dict[str, list[float]]:
    """Arms whose values are the same up to their spread, so that shares are known."""
    steps = [0.0, *(step - 5.5 for step in range(1, 12))]
    return {name: [1 + spread * step for step in steps] for name, spread in zip(ARMS, spreads, strict=True)}


def test_the_answer_speaks_of_shares() -> None:
    said = answer(results_of(scaled(0.02, 0.01, 0.002, 0.0, 0.01, 0.04)))
    # F of 11 and 11 degrees of freedom has its 97.5 % quantile at 3.4737.
    assert said == (
        "Of the variance of the validation loss between seeds initialisation alone makes 25% [7.2%, 87%], order 1% "
        "[0.29%, 3.5%] and masks 0% [0%, 0%]. The split alone, drawn anew for every seed, makes 25% [7.2%, 87%]. Where "
        "all of it varies, the split included, the variance is 4 times [1.2, 14] as large."
    )
    assert forbidden(said) == []


def test_what_chance_may_do_is_said() -> None:
    said = answer(results_of(scaled(0.02, 0.01, 0.002, 0.0, 0.01, 0.021)))
    assert said.endswith("1.1 times [0.32, 3.8] as large, which chance alone may do.")


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ({name: values[:1] for name, values in LOSSES.items()}, "There are too few runs"),
        ({name: [1.0] * 12 for name in ARMS}, "The validation loss is the same on every seed"),
        ({name: values[:5] for name, values in LOSSES.items()}, "Of the variance"),
    ],
)
def test_little_is_said_of_little(losses: dict[str, list[float]], said: str) -> None:
    results = results_of(losses)
    assert answer(results).startswith(said)
    assert ("Of 5 runs a variance is hardly known" in answer(results)) is (len(losses["order"]) == 5)
    assert results.noise is not None
    assert "nan" not in render(noise_blocks(results.noise)).lower()


def test_no_arm_is_called_better_or_worse() -> None:
    said = answer(RESULTS)
    assert not [word for word in ("better", "worse", "equivalent", "beats", "inconclusive") if word in said]


def test_the_table_has_the_parts_added_up_after_them() -> None:
    assert RESULTS.noise is not None
    (table,) = [block for block in noise_blocks(RESULTS.noise) if isinstance(block, Table)]
    labels = [row[0].plain for row in table.rows]
    assert labels == [*ARMS[:4], "the parts added up", *ARMS[4:]]
    assert table.rows[0][4].plain == "–"


def test_the_figure_has_a_row_an_arm_with_its_share() -> None:
    assert FIGURE in [caption.name for caption in captions_of(RESULTS)]
    figure = pages()[FIGURE](RESULTS)
    (ax,) = figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == list(ARMS)
    written = [text.get_text() for text in figure.findobj(Text)]
    assert RESULTS.noise is not None
    shares = [part.share for part in RESULTS.noise.rows.values() if part.share is not None]
    assert all(any(text.startswith(f"{100 * share:.0f}%") for text in written) for share in shares)
    ticks = [line.get_xdata()[0] for line in ax.lines if len(set(line.get_xdata())) == 1 and len(line.get_xdata()) == 2]
    assert {part.sd for part in RESULTS.noise.rows.values()} <= set(map(float, ticks))


def test_without_runs_there_is_no_figure() -> None:
    assert captions_of(sweep_results(PlannedSweep.of(SWEEP), {})) == ()
