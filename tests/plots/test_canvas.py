import pytest
from matplotlib.text import Text

from ablate.plots.canvas import Panels, house_figure, house_style, label_upwards
from ablate.plots.figures import PAIRED_PANELS
from ablate.plots.forest_page import forest_page
from tests.judged import claim, draws, judge

LABEL = "validation mean absolute error of the median, standard deviations of the target (goal: lower)"


@pytest.mark.parametrize("panels", [None, PAIRED_PANELS])
@pytest.mark.parametrize("rows", [1, 3])
def test_a_long_label_reaches_neither_into_the_heading_nor_into_the_ticks(panels: Panels | None, rows: int) -> None:
    with house_style():
        figure, axes = house_figure("A question?", "what is drawn", 2.0 * rows, rows, 2, panels)
        for ax in axes:
            ax.set_yticks([0.0, 1.0], ["0.0125", "0.0175"])
        label_upwards(figure, LABEL)
        figure.canvas.draw()
        (label,) = (text for text in figure.findobj(Text) if text.get_text().replace("\n", " ") == LABEL)
        others = [*figure.texts, *(text for ax in axes for text in ax.get_yticklabels() if text.get_visible())]
        own = label.get_window_extent()
        assert own.x0 >= 0
        assert own.y0 >= 0
        assert not [text for text in others if text is not label and own.overlaps(text.get_window_extent())]


def test_a_legend_of_every_kind_of_row_stays_on_the_page() -> None:
    rows = [
        *judge(draws(4)),
        claim("optimizer=choice_1 < optimizer=choice_3 on val_loss", draws(4), margin=0.5),
        claim("optimizer=choice_3 < optimizer=choice_1 on val_loss", draws(4), margin=0.5),
    ]
    with house_style():
        figure = forest_page([rows], "A question?", "what is drawn")
        figure.canvas.draw()
        page, legend = figure.bbox, figure.legends[0].get_window_extent()
    assert len(figure.legends[0].get_texts()) >= 6
    assert page.x0 <= legend.x0
    assert legend.x1 <= page.x1
