"""Lines over numbers: accuracy over displacement, and error over how many seeds are asked together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup

from ablate.analysis.displacement import UNITS, Displacement
from ablate.analysis.ensembles import EnsembleGain
from ablate.analysis.results import SweepResults
from ablate.plots.contents import MOST_ARMS
from ablate.reporting.blocks import Code, Inline, table
from ablate.reporting.numbers import number
from ablate.web.picture import Picture
from ablate.web.plots import Plane, plot, points, segments, series, value_axis
from ablate.web.rows import legend
from ablate.web.svg import Scale, Tick, circle, element, group, line, linear, round_ticks

__all__ = ["PICTURES", "displacement", "ensembles"]


def displacement(results: SweepResults) -> Picture:
    """A plot for each kind of displacement, with the same values upwards; seeds thin, their mean thick."""
    curves = results.displacements
    shown = [arm.arm for arm in curves[0].arms][:MOST_ARMS]
    values = [value for info in curves for arm in info.arms for of_seed in arm.seeds.values() for value in of_seed]
    axis = value_axis(values, is_log=False)
    seeds = max(len(arm.seeds) for info in curves for arm in info.arms)
    explained = f" thin lines are seeds (up to {seeds} an arm), thick ones their mean{_left_out(len(curves[0].arms))}"
    labels = [f"{arm.arm}{' (baseline)' if arm.is_baseline else ''}" for arm in curves[0].arms]
    drawn = element("div", {"class": "panels is-wide"}, *(_displaced(info, axis, shown) for info in curves))
    rows: list[list[Inline]] = [
        [Code(arm.arm), UNITS[info.kind], number(amount), number(accuracy), str(len(arm.seeds))]
        for info in curves
        for arm in info.arms
        for amount, accuracy in zip(info.amounts, arm.mean, strict=True)
    ]
    numbers = table(["arm", "displacement", "amount", "mean test accuracy", "seeds"], rows, (2, 3, 4))
    return Picture(_page("Test accuracy of displaced images", explained, labels[:MOST_ARMS], drawn), numbers)


def _displaced(info: Displacement, axis: tuple[Scale, tuple[Tick, ...]], shown: Sequence[str]) -> Markup:
    across = linear(info.amounts)
    plane = Plane(*axis, round_ticks(across, lambda value: f"{value:.6g}"), UNITS[info.kind])
    drawn = []
    for index, arm in enumerate(each for each in info.arms if each.arm in shown):
        seeds = [
            segments(_points(info.amounts, values, across), plane, "thin-line", f"{arm.arm}, seed {seed}")
            for seed, values in arm.seeds.items()
        ]
        mean = _points(info.amounts, arm.mean, across)
        titles = [
            f"{arm.arm} at {amount:.6g}: {number(value)}" for amount, value in zip(info.amounts, arm.mean, strict=True)
        ]
        told = points(mean, plane, "mean-dots", 2.6, titles)
        drawn.append(group(series(index), *seeds, segments(mean, plane, "mean-line"), told))
    return plot("test accuracy", plane, Markup().join(drawn), f"test accuracy over {UNITS[info.kind]}, a line an arm")


def ensembles(results: SweepResults) -> Picture:
    """Dots at one are the seeds alone."""
    gains = dict(list(results.ensembles.items())[:MOST_ARMS])
    sizes = [float(size) for gain in gains.values() for size, _ in gain.by_size]
    across = linear(sizes)
    errors = [1 - accuracy for gain in gains.values() for _, accuracy in gain.by_size]
    singles = [1 - value for gain in gains.values() for value in gain.single.values]
    names = tuple(tick for tick in round_ticks(across, lambda value: f"{value:.6g}") if "." not in tick.label)
    plane = Plane(*value_axis([*errors, *singles], is_log=False), names, "seeds asked together")
    marks = Markup().join(_members(index, arm, gain, plane, across) for index, (arm, gain) in enumerate(gains.items()))
    said = "test error over the number of seeds that are asked together, a line an arm"
    drawn = element("div", {"class": "panels is-wide"}, plot("1 − test accuracy (goal: lower)", plane, marks, said))
    rows: list[list[Inline]] = [
        [Code(arm), str(size), number(1 - accuracy)]
        for arm, gain in results.ensembles.items()
        for size, accuracy in gain.by_size
    ]
    left_out = _left_out(len(results.ensembles))
    explained = f" mean over ensembles of so many seeds of an arm; small dots are single seeds{left_out}"
    return Picture(
        _page("Test error of several seeds asked together", explained, list(gains), drawn),
        table(["arm", "seeds asked together", "1 − test accuracy"], rows, (1, 2)),
    )


def _members(index: int, arm: str, gain: EnsembleGain, plane: Plane, across: Scale) -> Markup:
    sizes = [float(size) for size, _ in gain.by_size]
    errors = [1 - accuracy for _, accuracy in gain.by_size]
    mean = _points(sizes, errors, across)
    singles = _points([1.0] * gain.single.n, [1 - value for value in gain.single.values], across)
    titles = [f"{arm}, {size:g} together: {number(error)}" for size, error in zip(sizes, errors, strict=True)]
    return group(
        series(index),
        points(singles, plane, "seeds", 2.2),
        segments(mean, plane, "mean-line"),
        points(mean, plane, "mean-dots", 3.6, titles),
    )


def _points(xs: Sequence[float], ys: Sequence[float], across: Scale) -> list[tuple[float, float]]:
    return [(across.place(x), y) for x, y in zip(xs, ys, strict=True)]


def _left_out(arms: int) -> str:
    return f"; {MOST_ARMS} of {arms} arms shown" if arms > MOST_ARMS else ""


def _page(title: str, explained: str, labels: Sequence[str], drawn: Markup) -> Markup:
    signs = [
        (group(series(index), line(1, 7, 27, 7, "mean-line"), circle(14, 7, 3.2)), label)
        for index, label in enumerate(labels)
    ]
    heading = element("p", {"class": "picture-title"}, element("strong", {}, title), explained)
    return element("div", {"class": "panels-of"}, heading, legend({}, signs), drawn)


PICTURES: Mapping[str, Callable[[SweepResults], Picture]] = {"displacement": displacement, "ensembles": ensembles}
