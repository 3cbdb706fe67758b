"""How far runs scatter when one part of the seed varies: a row an arm, its standard deviation and interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from markupsafe import Markup

from ablate.analysis.results import SweepResults
from ablate.analysis.seed_noise import SeedNoise
from ablate.plots.cells import share_of_noise
from ablate.plots.contents import seeds_an_arm
from ablate.plots.labels import axis_label
from ablate.reporting.blocks import Code, Inline, table
from ablate.reporting.numbers import number
from ablate.stats.components import VariancePart
from ablate.web.picture import Picture
from ablate.web.rows import Row, RowsAxis, bar, legend, mean_mark, rows, vertical
from ablate.web.svg import Scale, element, round_ticks

__all__ = ["PICTURES", "seed_noise"]


def seed_noise(results: SweepResults) -> Picture:
    info = results.noise
    if info is None:
        raise ValueError(f"{results.planned.spec.name} does not ask where noise comes from")
    highest = [end for part in info.rows.values() for end in (part.sd, _root(part.high)) if end is not None]
    axis = Scale(0.0, 1.05 * max(highest, default=1.0) or 1.0, float)
    lines = [_row(arm, part, info, axis) for arm, part in info.rows.items()]
    heading = element(
        "p",
        {"class": "picture-title"},
        element("strong", {}, f"Where the noise of the {info.metric.title} comes from"),
        f" {seeds_an_arm(results)}; at the right the share of the variance",
    )
    signs = {"mean": "standard deviation over seeds", "interval": "95% interval", "baseline": "all parts together"}
    title = f"sd over seeds of the {axis_label(info.metric, with_goal=False)}"
    ticks = round_ticks(axis, lambda value: f"{value:.6g}")
    drawn = rows(lines, RowsAxis(ticks, title, labels="what varies"))
    written: list[list[Inline]] = [
        [Code(arm), number(part.sd), _interval(part), share_of_noise(part, is_all=arm == info.together)]
        for arm, part in info.rows.items()
    ]
    return Picture(
        element("div", {"class": "dot-rows"}, heading, legend(signs), drawn),
        table(["what varies", "sd", "95% interval", "share of the variance"], written, (1, 2, 3)),
    )


def _row(arm: str, part: VariancePart, info: SeedNoise, axis: Scale) -> Row:
    share = share_of_noise(part, is_all=arm == info.together)
    size = f"{number(part.sd)} {_interval(part)}"
    beside = (element("span", {"class": "row-word"}, share), element("span", {"class": "row-size"}, size))
    said = f"{arm}: standard deviation {size} over {part.n} runs, {share} of the variance"
    return Row(arm, _marks(part, info, axis), said, beside, "is-baseline" if arm == info.together else "")


def _marks(part: VariancePart, info: SeedNoise, axis: Scale) -> Markup:
    together, low, high = info.components.together.sd, _root(part.low), _root(part.high)
    return Markup().join(
        [
            Markup() if together is None else vertical(axis.within(together), "baseline"),
            Markup() if low is None or high is None else bar(axis.within(low), axis.within(high), "interval"),
            Markup() if part.sd is None else mean_mark(axis.within(part.sd)),
        ]
    )


def _interval(part: VariancePart) -> str:
    low, high = _root(part.low), _root(part.high)
    return number(None) if low is None or high is None else f"[{number(low)}, {number(high)}]"


def _root(variance: float | None) -> float | None:
    return None if variance is None else math.sqrt(variance)


PICTURES: Mapping[str, Callable[[SweepResults], Picture]] = {"seed_noise": seed_noise}
