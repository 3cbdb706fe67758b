"""Pairs of seeds: the baseline at the left, the arm at the right, a line for every seed that both have."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from markupsafe import Markup

from ablate.analysis.results import SweepResults
from ablate.plots.contents import (
    MOST_SLOPES,
    PairedSlopes,
    is_drawn_as_error,
    left_out,
    mean_on_scale,
    means_of,
    pairing_of,
    seeds_an_arm,
    slopes,
    titled,
)
from ablate.plots.labels import axis_label, row_labels
from ablate.plots.scales import error_metric, is_squeezed
from ablate.reporting.blocks import Code, Inline, Table, table
from ablate.reporting.numbers import number
from ablate.reporting.words import TONES
from ablate.verdicts.verdict import Scale
from ablate.web.picture import Picture
from ablate.web.plots import Plane, plot, points, segments, value_axis
from ablate.web.svg import Tick, along, element, line

__all__ = ["PICTURES", "paired_seeds"]

BASELINE, ARM = 0.22, 0.78
HALF_OF_A_MEAN = 0.09
MOST_CHARACTERS = 60


def paired_seeds(results: SweepResults) -> Picture:
    panels = slopes(results)
    metric = error_metric(results.metric) if is_drawn_as_error(results) else results.metric
    values = [value for panel in panels for pair in panel.pairs for value in pair]
    has_errors = metric is not results.metric or results.scale is Scale.LOG_ERROR
    is_log = bool(values) and min(values) > 0 and (has_errors or is_squeezed(min(values), max(values)))
    plane = Plane(*value_axis(values, is_log), names=(Tick(BASELINE, "baseline"), Tick(ARM, "arm")))
    labels, _ = row_labels([panel.verdict.subject for panel in panels], MOST_CHARACTERS)
    drawn = (_panel(label, panel, plane) for label, panel in zip(labels, panels, strict=True))
    title = f"{titled(results.metric)} of each arm beside the baseline {results.baseline.arm}, seed by seed"
    lines = f"a line is a seed, bars are {means_of(results.scale)}"
    subtitle = f" {seeds_an_arm(results)}; {lines}{left_out(results, MOST_SLOPES)}"
    markup = element(
        "div",
        {"class": "panels-of slopes"},
        element("p", {"class": "picture-title"}, element("strong", {}, title), subtitle),
        element("p", {"class": "axis-title"}, axis_label(metric, is_log=is_log)),
        element("div", {"class": "panels"}, *drawn),
    )
    return Picture(markup, numbers=_numbers(panels))


def _panel(label: str, panel: PairedSlopes, plane: Plane) -> Markup:
    """What pairing has gained stands below the label: the correlation ρ, and the variance of the difference as a share
    of that of unpaired seeds (VR)."""
    word = panel.verdict.word
    tone = "" if word is None else f"tone-{TONES[word].value}"
    found = pairing_of(panel.verdict)
    note = element("span", {"class": tone}, found) if tone else Markup("<span>{}</span>").format(found)
    said = f"{panel.verdict.subject}: {found}{'' if word is None else f', {word.value}'}"
    lines = Markup().join(
        segments([(BASELINE, before), (ARM, after)], plane, "seed-line", _told(seed, before, after))
        for seed, (before, after) in panel.by_seed.items()
    )
    return plot(label, plane, lines + _sides(panel, plane), said, note, tone)


def _sides(panel: PairedSlopes, plane: Plane) -> Markup:
    """Dots and mean of either side."""
    drawn = []
    for place, values, kind in zip(
        (BASELINE, ARM), zip(*panel.pairs, strict=True), ("of-baseline", "of-arm"), strict=False
    ):
        mean = plane.height(mean_on_scale(values, panel.verdict.scale))
        drawn.append(points([(place, value) for value in values], plane, f"seeds {kind}", 2.6))
        drawn.append(line(along(place - HALF_OF_A_MEAN), mean, along(place + HALF_OF_A_MEAN), mean, f"mean {kind}"))
    return Markup().join(drawn)


def _told(seed: int, before: float, after: float) -> str:
    return f"seed {seed}: {number(before)} → {number(after)}"


def _numbers(panels: list[PairedSlopes]) -> Table:
    """A row an arm and seed."""
    rows: list[list[Inline]] = [
        [Code(panel.verdict.subject), str(seed), number(before), number(after)]
        for panel in panels
        for seed, (before, after) in panel.by_seed.items()
    ]
    return table(["arm", "seed", "baseline", "arm's value"], rows, (1, 2, 3))


PICTURES: Mapping[str, Callable[[SweepResults], Picture]] = {"paired_seeds": paired_seeds}
