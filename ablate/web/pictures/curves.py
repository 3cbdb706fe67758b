"""Learning curves that a reader can hover over, zoom and switch, and how they are printed.

The script draws every metric that the epochs of the runs have (`curves.js` says how); where there is none, and on
paper, stand small pictures, one an arm: the mean with its interval, and the baseline's mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ablate.analysis.curves import ArmCurves, MetricCurves, SeedCurve
from ablate.analysis.results import SweepResults
from ablate.analysis.values import column_info, training_metric
from ablate.core.identity import Json
from ablate.core.records import MetricInfo
from ablate.plots.scales import is_near_one, is_squeezed
from ablate.reporting.blocks import Code, Inline, Table, Text, table, text
from ablate.reporting.numbers import number
from ablate.sanitize.text import one_line
from ablate.web.picture import Picture

__all__ = ["MOST_VALUES", "PICTURES", "Buckets", "curves_data", "curves_picture", "thinned"]

# Of all curves of a figure together, and of one curve; below so many places no curve is worth looking at.
MOST_VALUES, MOST_PLACES, LEAST_PLACES = 100_000, 600, 32
# Of all curves, where those of a further metric are among them.
MOST_WITH_FURTHER = 60_000
# A bucket is drawn by three values: as many epochs stand for themselves.
DRAWN_OF_A_BUCKET = 3
SIGNIFICANT_DIGITS = 5
# The table of numbers: rows, and columns of epochs.
MOST_ROWS, EPOCHS_IN_TABLE = 150, 5


# thinning ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Buckets:
    """Which epochs are drawn as one: the first and the last stand for themselves, the others `size` by `size`.

    A bucket is drawn by its lowest and its highest value in the order in which they came, with the mean between them.
    """

    epochs: int
    size: int = 1

    @classmethod
    def of(cls, epochs: int, places: int) -> Buckets:
        """Those that need at most `places` places."""
        if epochs <= places:
            return cls(epochs)
        # A last bucket of one to three epochs needs as many places as it has epochs, no more than another.
        fitting = math.ceil((epochs - 2) / max((places - 2) // DRAWN_OF_A_BUCKET, 1))
        return cls(epochs, max(fitting, DRAWN_OF_A_BUCKET + 1))

    @property
    def ranges(self) -> tuple[range, ...]:
        """Positions of epochs, from 0, in each."""
        if self.size == 1:
            return tuple(range(each, each + 1) for each in range(self.epochs))
        last = self.epochs - 1
        between = (range(start, min(start + self.size, last)) for start in range(1, last, self.size))
        return range(1), *between, range(last, last + 1)

    @property
    def places(self) -> tuple[float, ...]:
        """Where on the axis of epochs, which begins at 1, what `thinned` gives is drawn."""
        return tuple(place for each in self.ranges for place in _places(each))

    @property
    def stops(self) -> list[Json]:
        """[index among `places`, the epochs that its value is of], where numbers are to be read; a mean in a bucket."""
        found: list[Json] = []
        index = 0
        for each in self.ranges:
            if len(each) > DRAWN_OF_A_BUCKET:
                found.append([index + 1, f"{each[0] + 1}–{each[-1] + 1}"])
                index += DRAWN_OF_A_BUCKET
                continue
            found.extend([index + offset, str(position + 1)] for offset, position in enumerate(each))
            index += len(each)
        return found


def thinned(values: Sequence[float], buckets: Buckets) -> list[float | None]:
    """What is drawn of a curve at the places of the buckets, as far as it goes; None where it is no number."""
    drawn: list[float | None] = []
    for each in buckets.ranges:
        here = values[each.start : each.stop]
        drawn.extend(_of_bucket(here) if len(each) > DRAWN_OF_A_BUCKET and here else map(_finite, here))
    return drawn


def _places(bucket: range) -> list[float]:
    if len(bucket) <= DRAWN_OF_A_BUCKET:
        return [position + 1 for position in bucket]
    first, last = bucket[0] + 1, bucket[-1] + 1
    return [first, (first + last) / 2, last]


def _of_bucket(values: Sequence[float]) -> list[float | None]:
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return [None] * DRAWN_OF_A_BUCKET
    low, high = min(known), max(known)
    first, second = (low, high) if known.index(low) <= known.index(high) else (high, low)
    # Not beyond the extremes by the last bit of a sum.
    return [first, min(max(math.fsum(known) / len(known), low), high), second]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


# what the script draws ---------------------------------------------------------------------------------


def curves_data(metrics: Sequence[MetricCurves], across: str = "epoch", places: int | None = None) -> dict[str, Json]:
    """The curves for the script, by metric and arm, rounded to five significant digits.

    Args:
        metrics: each of the same arms in the same order; the first is shown first.
        across: what is counted along the axis, from 1.
        places: at most so many values of a curve are drawn; as many as `MOST_VALUES` allow when None.
    """
    epochs = max((len(curve.values) for each in metrics for arm in each.arms for curve in arm.seeds), default=0)
    buckets = Buckets.of(epochs, _places_for(metrics) if places is None else places)
    arms = metrics[0].arms if metrics else ()
    positions = {each.metric.name: index for index, each in enumerate(metrics)}
    data: dict[str, Json] = {
        "across": across,
        "x": list(buckets.places),
        "arms": [{"name": one_line(arm.arm), "baseline": arm.is_baseline} for arm in arms],
        "metrics": [_metric(each, positions, buckets) for each in metrics],
    }
    notes = ["A mean ends with the shortest of its completed runs."] if _ends_early(metrics) else []
    if buckets.size > 1:
        data["stops"] = buckets.stops
        notes.append(
            f"Drawn: every {buckets.size} of {epochs} {across}s as their lowest and highest value with their mean "
            "between them; numbers are means."
        )
    data["note"] = " ".join(notes)
    return data


def _ends_early(metrics: Sequence[MetricCurves]) -> bool:
    arms = [arm for each in metrics for arm in each.arms]
    return any(len(seed.values) > len(arm.mean) for arm in arms for seed in arm.seeds if not seed.has_diverged)


def _places_for(metrics: Sequence[MetricCurves]) -> int:
    lines = sum(len(arm.seeds) + 3 for each in metrics for arm in each.arms)
    return min(MOST_PLACES, max(LEAST_PLACES, MOST_VALUES // max(lines, 1)))


def _metric(curves: MetricCurves, positions: Mapping[str, int], buckets: Buckets) -> dict[str, Json]:
    info = curves.metric
    found: dict[str, Json] = {
        "title": one_line(info.title),
        "unit": one_line(info.unit),
        "share": _is_share(info),
        "log": _starts_log(curves),
        "arms": [_arm(arm, buckets) for arm in curves.arms],
    }
    twin = training_metric(info.name)
    if twin != info.name and twin in positions:
        found["twin"] = positions[twin]
    return found


def _arm(arm: ArmCurves, buckets: Buckets) -> dict[str, Json]:
    interval = arm.interval()
    return {
        "n": arm.n_completed,
        "mean": _rounded(arm.mean, buckets),
        "low": _rounded([low for low, _ in interval], buckets),
        "high": _rounded([high for _, high in interval], buckets),
        "seeds": [_seed(curve, buckets) for curve in arm.seeds],
    }


def _seed(curve: SeedCurve, buckets: Buckets) -> dict[str, Json]:
    found: dict[str, Json] = {"seed": curve.seed, "values": _rounded(curve.values, buckets)}
    if curve.has_diverged:
        known = [position for position, value in enumerate(curve.values) if math.isfinite(value)]
        # Where the last number stands; a run that diverged in its first epoch has none.
        found["end"] = [known[-1] + 1, _written(curve.values[known[-1]])] if known else []
    return found


def _rounded(values: Sequence[float], buckets: Buckets) -> list[Json]:
    return [None if value is None else _written(value) for value in thinned(values, buckets)]


def _written(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def _is_share(info: MetricInfo) -> bool:
    """Whether what is missing from 1 is an error, which a logarithmic axis can show."""
    return info.sign > 0 and info.range[1] == 1


def _starts_log(curves: MetricCurves) -> bool:
    """Whether a linear axis would squeeze the curves: they end near 1, or some are many times the others."""
    completed = [curve.values for arm in curves.arms for curve in arm.seeds if curve.values and not curve.has_diverged]
    if _is_share(curves.metric):
        return is_near_one(curves.metric, [values[-1] for values in completed] + [max(each) for each in completed])
    values = [value for each in completed for value in each if math.isfinite(value)]
    return bool(values) and is_squeezed(min(values), max(values))


# what is printed ---------------------------------------------------------------------------------------

WIDTH, HEIGHT = 300, 150
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 8, 22
Place = Callable[[float], float]


def _printed(curves: MetricCurves, across: str) -> Markup:
    """Small pictures, one an arm, on axes that they share."""
    title = one_line(curves.metric.title)
    axis = _Axis.of(curves)
    buckets = Buckets.of(axis.epochs, MOST_PLACES // DRAWN_OF_A_BUCKET)
    baseline = next((arm for arm in curves.arms if arm.is_baseline), None)
    panels = Markup("\n").join(_panel(arm, baseline, axis, buckets, title) for arm in curves.arms)
    shown = f"1 − {title}" if axis.is_error else title
    log = ", log axis" if axis.is_log else ""
    return Markup(
        '<p class="curves-key">{} over {}s{}: mean over seeds with its 95% interval{}</p>\n'
        '<div class="curves-small">\n{}\n</div>'
    ).format(shown, across, log, "; dashed: mean of the baseline" if baseline is not None else "", panels)


@dataclass(frozen=True)
class _Axis:
    """The values that the panels share, as they are or as what is missing from 1, and how they are placed."""

    low: float
    high: float
    epochs: int
    is_log: bool
    is_error: bool

    @classmethod
    def of(cls, curves: MetricCurves) -> _Axis:
        is_log = _starts_log(curves)
        is_error = is_log and _is_share(curves.metric)
        shown = [1 - value if is_error else value for arm in curves.arms for value in _values_of(arm)]
        known = [value for value in shown if math.isfinite(value) and (value > 0 or not is_log)] or [0.1, 1.0]
        low, high = min(known), max(known)
        if low == high:
            low, high = low - 0.05 * (abs(low) or 1), high + 0.05 * (abs(high) or 1)
        epochs = max((len(arm.mean) for arm in curves.arms), default=0)
        return cls(low, high, epochs, is_log and low > 0, is_error)

    def y(self, value: float) -> float:
        shown = 1 - value if self.is_error else value
        if self.is_log:
            shown = max(shown, self.low)
            share = math.log(shown / self.low) / math.log(self.high / self.low)
        else:
            share = (shown - self.low) / (self.high - self.low)
        return TOP + (1 - min(max(share, 0.0), 1.0)) * (HEIGHT - TOP - BOTTOM)

    def x(self, epoch: float) -> float:
        share = 0.5 if self.epochs < 2 else (epoch - 1) / (self.epochs - 1)
        return LEFT + share * (WIDTH - LEFT - RIGHT)


def _values_of(arm: ArmCurves) -> list[float]:
    return [*arm.mean, *(end for both in arm.interval() for end in both)]


def _panel(arm: ArmCurves, baseline: ArmCurves | None, axis: _Axis, buckets: Buckets, title: str) -> Markup:
    name = one_line(arm.arm)
    counts = f"n = {arm.n_completed}" + (f", {arm.n_diverged} diverged" if arm.n_diverged else "")
    drawn = [
        _grid(axis),
        _band(arm, axis, buckets),
        _line(baseline.mean, "curve-baseline", axis, buckets) if baseline is not None and baseline != arm else Markup(),
        _line(arm.mean, "curve-mean", axis, buckets),
    ]
    return Markup(
        '<div class="curves-panel"><p><code>{}</code> <span>{}</span></p>'
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg></div>'
    ).format(name, counts, WIDTH, HEIGHT, f"Mean {title} of {name} over epochs, {counts}", Markup().join(drawn))


def _grid(axis: _Axis) -> Markup:
    """Lines at the ends of the values and halfway, with their numbers; the first and the last epoch below."""
    middle = math.sqrt(axis.low * axis.high) if axis.is_log else (axis.low + axis.high) / 2
    rows = Markup().join(
        Markup('<path class="curve-grid" d="M{} {}H{}"/><text x="{}" y="{}" text-anchor="end">{}</text>').format(
            LEFT, _at(y := axis.y(1 - value if axis.is_error else value)), WIDTH - RIGHT, LEFT - 5, _at(y + 4), shown
        )
        for value in (axis.low, middle, axis.high)
        for shown in (f"{value:.3g}".replace("-", "−"),)
    )
    ends = [(1, "start"), (axis.epochs, "end")] if axis.epochs > 1 else [(1, "middle")]
    columns = Markup().join(
        Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(_at(axis.x(epoch)), HEIGHT - 6, anchor, epoch)
        for epoch, anchor in ends
    )
    return rows + columns


def _band(arm: ArmCurves, axis: _Axis, buckets: Buckets) -> Markup:
    interval = arm.interval()
    low, high = (thinned([ends[side] for ends in interval], buckets) for side in (0, 1))
    both = [
        (axis.x(place), axis.y(below), axis.y(above))
        for place, below, above in zip(buckets.places, low, high, strict=False)
        if below is not None and above is not None
    ]
    if not both:
        return Markup()
    edge = [f"{_at(x)} {_at(above)}" for x, _, above in both] + [f"{_at(x)} {_at(below)}" for x, below, _ in both[::-1]]
    return Markup('<path class="curve-band" d="M{}Z"/>').format("L".join(edge))


def _line(values: Sequence[float], name: str, axis: _Axis, buckets: Buckets) -> Markup:
    points = [
        (_at(axis.x(place)), _at(axis.y(value)))
        for place, value in zip(buckets.places, thinned(values, buckets), strict=False)
        if value is not None
    ]
    if not points:
        return Markup()
    if len(points) == 1:  # which no line would show
        return Markup('<circle class="{}" cx="{}" cy="{}" r="3"/>').format(name, *points[0])
    return Markup('<path class="{}" d="M{}"/>').format(name, "L".join(f"{x} {y}" for x, y in points))


def _at(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


# numbers -----------------------------------------------------------------------------------------------


def _numbers(curves: MetricCurves) -> Table:
    """The means at a few epochs, and every seed where the table stays readable."""
    epochs = max((len(curve.values) for arm in curves.arms for curve in arm.seeds), default=0)
    steps = max(EPOCHS_IN_TABLE - 1, 1)
    shown = sorted({round(1 + (epochs - 1) * step / steps) for step in range(EPOCHS_IN_TABLE)}) if epochs else []
    with_seeds = sum(len(arm.seeds) + 1 for arm in curves.arms) <= MOST_ROWS
    rows = [row for arm in curves.arms for row in _rows(arm, shown, with_seeds)]
    info = curves.metric
    header = ["arm", "seed", *(f"epoch {epoch}" for epoch in shown)]
    left_out = "" if with_seeds else "; single seeds are in the tables of the study's data"
    caption = f"{info.title}: mean over completed runs and its 95% interval{left_out}"
    return table(header, rows, numeric=range(2, len(header)), caption=caption)


def _rows(arm: ArmCurves, epochs: Sequence[int], with_seeds: bool) -> list[list[Inline]]:
    diverged = f", {arm.n_diverged} diverged" if arm.n_diverged else ""
    interval = arm.interval()
    means = [_mean_at(arm.mean, interval, epoch - 1) for epoch in epochs]
    rows: list[list[Inline]] = [[Code(arm.arm), f"mean of {arm.n_completed}{diverged}", *means]]
    for curve in arm.seeds if with_seeds else ():
        seed = f"{curve.seed}, diverged" if curve.has_diverged else str(curve.seed)
        rows.append([Code(arm.arm), seed, *(_value_at(curve.values, epoch - 1) for epoch in epochs)])
    return rows


def _mean_at(mean: Sequence[float], interval: Sequence[tuple[float, float]], position: int) -> str:
    if position >= len(mean):
        return number(None)
    if position >= len(interval):
        return number(mean[position])
    low, high = interval[position]
    half = (high - low) / 4  # about the standard error, by which numbers have their digits
    return f"{number(mean[position], half)} [{number(low, half)}, {number(high, half)}]"


def _value_at(values: Sequence[float], position: int) -> str:
    return number(values[position] if position < len(values) else None)


# the picture -------------------------------------------------------------------------------------------


def curves_picture(metrics: Sequence[MetricCurves], across: str = "epoch", note: str = "") -> Picture:
    """Curves of the same arms by one metric or more, the first of which is shown first, and printed.

    Args:
        note: what else is to be known of the drawing.
    """
    data = curves_data(metrics, across)
    data["note"] = " ".join(filter(None, (str(data["note"]), note)))
    return Picture(_printed(metrics[0], across), _numbers(metrics[0]), "curves", data, _caption(metrics, across))


def _caption(metrics: Sequence[MetricCurves], across: str) -> Text:
    """What holds of the drawing and of what is printed alike."""
    diverged = any(arm.n_diverged for each in metrics for arm in each.arms)
    crosses = " On the screen a cross marks where a run diverged." if diverged else ""
    return text(
        f"The {metrics[0].metric.title} over {across}s: the mean over the completed runs of each arm, as far as all of "
        f"them reach, and its 95% t interval. Training metrics are measured during the {across}.{crosses}"
    )


def learning_curves(results: SweepResults) -> Picture:
    shown = MetricCurves(results.curve_metric, results.validation)
    twin = training_metric(results.curve_metric.name)
    has_twin = twin != results.curve_metric.name and any(arm.seeds for arm in results.training)
    trained = [MetricCurves(column_info(twin), results.training)] if has_twin else []
    metrics, left_out = [shown, *trained], []
    for each in results.further:
        if sum(map(_values, [*metrics, each])) <= MOST_WITH_FURTHER:
            metrics.append(each)
        else:
            left_out.append(one_line(each.metric.title))
    note = f"Recorded too, and left out of this page for its size: {', '.join(left_out)}." if left_out else ""
    return curves_picture(metrics, note=note)


def _values(curves: MetricCurves) -> int:
    """How many numbers the curves of a metric are, none of them thinned."""
    return sum(3 * len(arm.mean) + sum(len(seed.values) for seed in arm.seeds) for arm in curves.arms)


PICTURES = {"learning_curves": learning_curves}
