"""Small plots with two axes, beside each other as the width allows.

    plane = Plane(*value_axis(values, is_log=False), names=(Tick(0.2, "baseline"), Tick(0.8, "arm")))
    plot("adam", plane, segments(points, plane, "seed"), said="adam: 8 seeds")

Both sides of a plot are per cent of it, so it keeps its text and its dots at any size.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from ablate.plots.scales import error_label, error_ticks
from ablate.web.svg import (
    Scale,
    Tick,
    along,
    at,
    breakable,
    circle,
    element,
    group,
    line,
    linear,
    logarithmic,
    number,
    path,
    picked_ticks,
    picture,
    round_ticks,
    stretched,
    text,
)

__all__ = [
    "Plane",
    "Point",
    "area",
    "column",
    "curve",
    "mark_at",
    "plot",
    "points",
    "segments",
    "series",
    "value_axis",
]

COLOURS, DASHES = 10, 4

# Where something is from the left, as a share of the width, and its value.
Point = tuple[float, float]


@dataclass(frozen=True)
class Plane:
    """The axes of a plot: values upwards, and what stands below.

    Attributes:
        scale: where a value lies, from below.
        ticks: of the values.
        names: what stands along the lower side.
        title: what the lower side is.
    """

    scale: Scale
    ticks: tuple[Tick, ...]
    names: tuple[Tick, ...]
    title: str = ""

    def height(self, value: float) -> str:
        """How far from above a value is drawn."""
        return along(1 - self.scale.within(value))


def value_axis(values: Iterable[float], is_log: bool) -> tuple[Scale, tuple[Tick, ...]]:
    """The axis of finite values, which are above zero where it is logarithmic, with plain numbers at its ticks."""
    if not is_log:
        scale = linear(values)
        return scale, round_ticks(scale, lambda value: f"{value:.6g}")
    scale = logarithmic(values)
    return scale, picked_ticks(scale, error_ticks(math.exp(scale.start), math.exp(scale.end)), error_label)


def plot(title: str, plane: Plane, marks: Markup, said: str, note: str | Markup = "", kind: str = "") -> Markup:
    """
    Args:
        said: what is seen, for whoever cannot see it.
        note: a line below the title.
        kind: a class of the plot.
    """
    shown = [tick for tick in plane.ticks if not tick.is_fine]
    values = (text("100%", along(1 - tick.place), tick.label) for tick in shown)
    grid = (line(0, along(1 - tick.place), "100%", along(1 - tick.place), "grid") for tick in shown)
    names = (text(along(tick.place), 14, tick.label, "fine" if tick.is_fine else "") for tick in plane.names)
    return element(
        "div",
        {"class": f"plot {kind}".strip()},
        element("p", {"class": "plot-title"}, breakable(title)) if title else Markup(),
        element("p", {"class": "plot-note"}, note) if note else Markup(),
        picture("plot-values", "", *values),
        picture("plot-area", said, *grid, marks),
        picture("plot-names", "", *names),
        element("p", {"class": "plot-below"}, plane.title) if plane.title else Markup(),
    )


def segments(points: Sequence[Point], plane: Plane, kind: str, title: str = "") -> Markup:
    """Points joined in their order."""
    joined = (
        line(along(x), plane.height(y), along(next_x), plane.height(next_y))
        for (x, y), (next_x, next_y) in pairwise(points)
    )
    return group(kind, *joined, title=title)


def curve(points: Sequence[Point], plane: Plane, kind: str) -> Markup:
    """The same of many points, as one element; nothing of a single one, which no line would show."""
    return stretched(path("M" + "L".join(_steps(points, plane)), kind)) if len(points) > 1 else Markup()


def area(low: Sequence[Point], high: Sequence[Point], plane: Plane, kind: str) -> Markup:
    """What lies between two curves."""
    edge = [*_steps(high, plane), *_steps(low[::-1], plane)]
    return stretched(path("M" + "L".join(edge) + "Z", kind)) if edge else Markup()


def _steps(points: Sequence[Point], plane: Plane) -> list[str]:
    return [f"{number(100 * x)} {number(100 * (1 - plane.scale.within(y)))}" for x, y in points]


def points(at: Sequence[Point], plane: Plane, kind: str, radius: float, titles: Sequence[str] = ()) -> Markup:
    """A dot at each."""
    told = titles or [""] * len(at)
    dots = (circle(along(x), plane.height(y), radius, title=title) for (x, y), title in zip(at, told, strict=True))
    return group(kind, *dots)


def mark_at(point: Point, plane: Plane, steps: str, kind: str) -> Markup:
    """A sign of its own, drawn in pixels around its place."""
    return at(along(point[0]), plane.height(point[1]), path(steps, kind))


def series(index: int) -> str:
    """The classes by which one of several lines is told: a colour, and a dash where colours come again."""
    return f"series-{index % COLOURS + 1} dash-{index // COLOURS % DASHES}"


def column(x: float, low: float, high: float, plane: Plane, kind: str) -> Markup:
    """An interval, upright."""
    return line(along(x), plane.height(low), along(x), plane.height(high), kind)
