"""Pictures of examples: what is drawn is what is known, and every page can be written."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from ablate.analysis.ensembles import study_ensembles
from ablate.analysis.examples import Example
from ablate.analysis.photo_predictions import Opinion, PhotoPrediction
from ablate.analysis.results import study_results
from ablate.plots.canvas import house_figure, png_bytes
from ablate.plots.displacement import draw_members
from ablate.plots.examples import draw_class_counts, draw_example
from ablate.plots.figures import DRAW
from ablate.plots.pictures import draw_activations, draw_probabilities, photo_prediction_page
from tests.kept_examples import SWEEP, with_examples
from tests.synthetic import completed_runs, plan_of

PLAN = plan_of(SWEEP)
RUNS = with_examples(completed_runs(SWEEP))
RESULTS = study_results(PLAN, RUNS, ensembles=study_ensembles(PLAN, RUNS)).sweeps[0]
PAGES = ("sample_predictions", "surest_mistakes", "class_distribution", "displacement", "ensembles")


def axes(height: float = 3.0):
    return house_figure("Why?", "for the test", height)[1][0]


def size_of(figure: Figure) -> tuple[int, int]:
    with Image.open(io.BytesIO(png_bytes(figure))) as image:
        return image.size


def prediction(runs: int = 3) -> PhotoPrediction:
    draws = np.random.default_rng(0)
    opinions = tuple(Opinion(f"{seed:064x}", seed, *draws.dirichlet(np.ones(10), 2)) for seed in range(runs))
    steps = {"grey": draws.random((60, 90)), "ink": draws.random((60, 90)), "centred": draws.random((28, 28))}
    return PhotoPrediction("five.png", steps, opinions, draws.random((28, 28)), {"activation_1": draws.random(128)})


@pytest.mark.parametrize("runs", [1, 3])
def test_a_reading_is_one_page(runs: int) -> None:
    page = photo_prediction_page(prediction(runs))
    titles = [ax.get_title() for ax in page.axes]
    assert titles[:4] == ["grey", "ink", "centred", "plainly resized"]
    assert any("of 128 silent" in title for title in titles)
    assert size_of(page)[0] == 1290


def test_a_reading_without_hidden_units_or_resizing_is_a_page_too() -> None:
    page = photo_prediction_page(replace(prediction(1), plain=None, activations={}))
    assert size_of(page)[0] == 1290
    assert len(page.axes) == 4


def test_bars_are_the_probabilities_and_the_largest_is_written() -> None:
    ax = draw_probabilities({"prepared": np.array([0.1, 0.7, 0.2])}, axes(), truth=2)
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([0.1, 0.7, 0.2])
    assert [text.get_text() for text in ax.texts] == ["0.700"]
    assert [label.get_fontweight() for label in ax.get_yticklabels()] == ["normal", "normal", "bold"]


def test_units_fill_a_grid_row_by_row_and_silent_ones_are_counted() -> None:
    ax = draw_activations(np.array([0.0, 2.0, 0.0, -1.0, 0.5]), axes(), "hidden")
    (grid,) = ax.images
    cells = grid.get_array()
    assert cells.shape == (2, 4)
    assert cells.compressed().tolist() == [0.0, 2.0, 0.0, -1.0, 0.5]
    assert grid.get_clim() == (-2.0, 2.0)
    assert ax.get_title() == "hidden\n2 of 5 silent, largest 2"


def test_a_mistake_says_what_it_is() -> None:
    ax = draw_example(Example(7, 1, np.array([0.9, 0.1]), np.zeros((4, 4))), axes())
    assert ax.get_title() == "0 (0.900), is 1"
    assert draw_example(Example(7, 0, np.array([0.9, 0.1])), axes()).get_title() == "0 (0.900)"


def test_names_stand_for_numbers_where_they_are_known() -> None:
    names = ("disc", "square")
    mistake = draw_example(Example(7, 1, np.array([0.9, 0.1]), np.zeros((4, 4))), axes(), names)
    assert mistake.get_title() == "disc (0.900),\nis square"
    bars = draw_probabilities({"prepared": np.array([0.1, 0.9])}, axes(), names=names)
    counts = draw_class_counts({"train": (30, 70)}, axes(), names)
    for labels in (bars.get_yticklabels(), counts.get_xticklabels()):
        assert [label.get_text() for label in labels] == ["disc", "square"]
    page = photo_prediction_page(replace(prediction(1), class_names=tuple(f"name {number}" for number in range(10))))
    assert any(text.get_text().startswith("five.png is read as name ") for text in page.texts)


def test_class_counts_are_shares_of_their_split() -> None:
    ax = draw_class_counts({"train": (30, 70), "test": (1, 1)}, axes())
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([0.3, 0.7, 0.5, 0.5])


def test_members_are_errors_over_sizes() -> None:
    ax = draw_members(RESULTS.ensembles, axes())
    gain = RESULTS.ensembles["dropout=0.0"]
    line = next(line for line in ax.lines if line.get_label() == "dropout=0.0")
    assert line.get_xdata().tolist() == [1, 2, 3]
    assert line.get_ydata() == pytest.approx([1 - accuracy for _, accuracy in gain.by_size])


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_examples_can_be_written(name: str) -> None:
    assert size_of(DRAW[name](RESULTS))[0] == 1290
