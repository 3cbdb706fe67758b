"""What pictures of a page are drawn with: scales, ticks, and the few elements of SVG that they need.

    scale = linear([0.1, 0.4])
    circle(along(scale.place(0.2)), along(0.5), 3, "seed", title="seed 0: 0.2")

A place is a share of the side of its picture and written in per cent, so a picture is as wide as there is room while
dots stay round and text stays as large as the text beside it. Colours are the style sheet's: elements have classes.
Equal arguments give equal bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from ablate.plots.scales import ticks_apart
from ablate.sanitize.text import harmless

__all__ = [
    "Scale",
    "Tick",
    "along",
    "at",
    "breakable",
    "circle",
    "element",
    "group",
    "line",
    "linear",
    "logarithmic",
    "number",
    "path",
    "picked_ticks",
    "picture",
    "rect",
    "round_ticks",
    "stretched",
    "symmetric",
    "text",
]

Length = float | str

_BREAKS = re.compile(r"(?<=,)|(?<=[._=])(?=[A-Za-z])")

# Of an axis, beyond its lowest and its highest value.
ROOM = 0.04
# Of an axis, between ticks that a telephone shows, and between all.
APART, APART_WHERE_WIDE = 0.17, 0.085
# Pixels of the shortest axis, and of the shortest that has fine ticks: the style sheet sees to it.
NARROW, WIDE = 280, 400
# Of the linear part of a symmetric scale, in decades of the logarithmic one; matplotlib's for `linscale=2`.
LINEAR_DECADES = 2.0 / (1 - 0.1)


# scales ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scale:
    """Where values lie on an axis: `start` and `end` are those of its ends after `forward`, which does not descend."""

    start: float
    end: float
    forward: Callable[[float], float]

    def place(self, value: float) -> float:
        """0 at the lower end, 1 at the upper; beyond them outside."""
        return (self.forward(value) - self.start) / (self.end - self.start)

    def within(self, value: float) -> float:
        """The same, held between the ends: where what reaches beyond the axis leaves it."""
        if math.isinf(value):
            return 1.0 if value > 0 else 0.0
        return min(1.0, max(0.0, self.place(value)))


def linear(values: Iterable[float], room: float = ROOM) -> Scale:
    """From the lowest to the highest of the finite values with room on both sides."""
    return _scale(values, float, room)


def logarithmic(values: Iterable[float], room: float = ROOM) -> Scale:
    """The same on a logarithmic axis. What is not above zero sets no limit, and lies at the lower end."""
    return _scale(values, lambda value: math.log(value) if value > 0 else -math.inf, room)


def symmetric(values: Iterable[float], threshold: float, room: float = ROOM) -> Scale:
    """The same, linear up to ±`threshold` and logarithmic beyond it."""

    def forward(value: float) -> float:
        if abs(value) <= threshold:
            return value * LINEAR_DECADES
        return math.copysign(threshold * (LINEAR_DECADES + math.log10(abs(value) / threshold)), value)

    return _scale(values, forward, room)


def _scale(values: Iterable[float], forward: Callable[[float], float], room: float) -> Scale:
    places = [place for value in values if math.isfinite(place := forward(value))] or [0.0, 1.0]
    low, high = min(places), max(places)
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        beside = 0.05 * abs(low) or 1.0
        return Scale(low - beside, high + beside, forward)
    return Scale(low - room * (high - low), high + room * (high - low), forward)


# ticks -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tick:
    """`is_fine` says that it is shown where there is room for more ticks."""

    place: float
    label: str
    is_fine: bool = False


def picked_ticks(scale: Scale, candidates: Sequence[float], label: Callable[[float], str]) -> tuple[Tick, ...]:
    """Of the candidates, the plainest first, those that lie apart from each other; in the order of their places."""
    apart = ticks_apart(candidates, scale.place, APART)
    longest = max((len(label(value)) for value in apart), default=0)
    coarse = ticks_apart(candidates, scale.place, max(APART, _room(longest, NARROW)))
    fine = ticks_apart(candidates, scale.place, max(APART_WHERE_WIDE, _room(longest, WIDE)), coarse)
    return _ticks(coarse, {value: at for value, at in fine.items() if len(label(value)) <= longest}, label)


def round_ticks(scale: Scale, label: Callable[[float], str]) -> tuple[Tick, ...]:
    """Of a linear scale: multiples of 1, 2 or 5 times a power of ten, and where there is room of half of that."""
    span = scale.end - scale.start
    longest = max((len(label(value)) for value in _multiples(_step(APART * span), scale)), default=0)
    step = _step(max(APART, _room(longest, NARROW)) * span)
    coarse = {value: scale.place(value) for value in _multiples(step, scale)}
    halves = {value: scale.place(value) for value in _multiples(step / 2, scale)}
    longest = max((len(label(value)) for value in halves), default=0)
    if step / 2 < _room(longest, WIDE) * span:
        return _ticks(coarse, {}, label)
    fine = {value: place for value, place in halves.items() if all(abs(place - at) > 1e-9 for at in coarse.values())}
    return _ticks(coarse, fine, label)


def _room(characters: int, width: float) -> float:
    """What a label takes of an axis that is so many pixels wide."""
    return (7 * characters + 8) / width


def _ticks(
    coarse: Mapping[float, float], fine: Mapping[float, float], label: Callable[[float], str]
) -> tuple[Tick, ...]:
    found = [
        Tick(min(1.0, max(0.0, place)), label(value).replace("-", "−"), is_fine)
        for ticks, is_fine in ((coarse, False), (fine, True))
        for value, place in ticks.items()
    ]
    return tuple(sorted(found, key=lambda tick: tick.place))


def _step(least: float) -> float:
    """The least of the numbers 1, 2 and 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least * (1 - 1e-9))


def _multiples(step: float, scale: Scale) -> list[float]:
    first, last = math.ceil(scale.start / step - 1e-9), math.floor(scale.end / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


# elements ----------------------------------------------------------------------------------------------


def number(value: float) -> str:
    """To two decimals, without zeros behind them and without a minus before zero.

    Raises:
        ValueError: when it is not finite, for nothing can be drawn there.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is no place")
    written = f"{value:z.2f}"
    return written.rstrip("0").rstrip(".")


def along(share: float) -> str:
    """A share of a side, as a length."""
    return f"{number(100 * share)}%"


def element(name: str, attributes: Mapping[str, Length], *children: str) -> Markup:
    """Attributes that are empty are left out; children that are no markup are text."""
    written = Markup().join(
        Markup(' {}="{}"').format(Markup(key), harmless(value) if isinstance(value, str) else number(value))
        for key, value in attributes.items()
        if value != ""
    )
    opened = Markup("<{}{}").format(Markup(name), written)
    if not children:
        return Markup("{}/>").format(opened)
    content = Markup().join(child if isinstance(child, Markup) else escape(harmless(child)) for child in children)
    return Markup("{}>{}</{}>").format(opened, content, Markup(name))


def breakable(label: str) -> Markup:
    """A name of an arm, which may go on in the next line behind a comma and between the words of a setting."""
    return Markup("<wbr/>").join(escape(part) for part in _BREAKS.split(harmless(label)))


def line(x1: Length, y1: Length, x2: Length, y2: Length, kind: str = "", title: str = "") -> Markup:
    return element("line", {"class": kind, "x1": x1, "y1": y1, "x2": x2, "y2": y2}, *_title(title))


def circle(x: Length, y: Length, radius: float, kind: str = "", title: str = "") -> Markup:
    return element("circle", {"class": kind, "cx": x, "cy": y, "r": radius}, *_title(title))


def rect(x: Length, y: Length, width: Length, height: Length, kind: str = "", title: str = "") -> Markup:
    return element("rect", {"class": kind, "x": x, "y": y, "width": width, "height": height}, *_title(title))


def text(x: Length, y: Length, said: str, kind: str = "") -> Markup:
    return element("text", {"class": kind, "x": x, "y": y}, said)


def path(steps: str, kind: str = "") -> Markup:
    """`steps` are the commands of the path, in pixels, or in per cent where it is `stretched`."""
    return element("path", {"class": kind, "d": steps})


def group(kind: str, *children: Markup, title: str = "") -> Markup:
    return element("g", {"class": kind}, *_title(title), *children)


def at(x: Length, y: Length, *children: Markup) -> Markup:
    """What is drawn in pixels around a place."""
    return element("svg", {"x": x, "y": y, "overflow": "visible"}, *children)


def stretched(*children: Markup) -> Markup:
    """What is drawn in per cent of both sides, paths too. The style sheet keeps lines as thick as they are."""
    sides: dict[str, Length] = {"class": "stretched", "viewBox": "0 0 100 100", "preserveAspectRatio": "none"}
    return element("svg", sides, *children)


def picture(kind: str, title: str, *children: Markup) -> Markup:
    """A picture of its own, as wide and as high as the style sheet says. One without a title is passed over in silence
    by whoever reads the page aloud."""
    silent = {"aria-hidden": "true"} if not title else {"role": "img"}
    return element("svg", {"class": kind, **silent}, *_title(title), *children)


def _title(title: str) -> tuple[Markup, ...]:
    return (element("title", {}, title),) if title else ()
