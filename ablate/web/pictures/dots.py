"""One metric by arm: a row an arm, a dot for every seed, the mean and its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from markupsafe import Markup

from ablate.analysis.results import MetricSummaries, SweepResults
from ablate.analysis.summaries import ArmSummary
from ablate.plots.contents import DotRows, counts_of_arm, dot_rows, left_out, seeds_an_arm, shown_arms, titled
from ablate.plots.labels import axis_label, row_labels
from ablate.plots.scales import error_label, error_ticks, is_squeezed
from ablate.reporting.blocks import Code, Table, table
from ablate.reporting.numbers import interval, mean, number, shared_error, spread
from ablate.verdicts.verdict import Scale as Compared
from ablate.web.picture import Picture
from ablate.web.rows import DIAMOND, Row, RowsAxis, bar, dots, legend, mean_mark, rows, vertical
from ablate.web.svg import Scale, Tick, along, at, element, linear, logarithmic, path, picked_ticks, round_ticks

__all__ = ["PICTURES", "by_arm", "gap", "metric_by_arm", "seconds"]

# Of a label, which a page can break into lines.
MOST_CHARACTERS = 120


def metric_by_arm(results: SweepResults) -> Picture:
    info = MetricSummaries(results.metric, results.summaries)
    return by_arm(results, info, stated=results.stated, scale=results.scale)


def gap(results: SweepResults) -> Picture:
    return by_arm(results, results.gap)


def seconds(results: SweepResults) -> Picture:
    # Times are skewed by whatever else the machine does: a t interval of them would reach below zero.
    return by_arm(results, results.seconds, with_intervals=False)


def by_arm(
    results: SweepResults,
    info: MetricSummaries,
    with_intervals: bool = True,
    stated: Mapping[str, float] | None = None,
    scale: Compared = Compared.RAW,
) -> Picture:
    """
    Args:
        info: the metric, of each arm.
        stated: arm → a number that somebody else states of it, in the metric's unit.
        scale: on which the arms are compared.
    """
    everything = dot_rows(info, scale, stated)
    shown = dot_rows(MetricSummaries(info.metric, tuple(shown_arms(results, info.summaries))), scale, stated)
    axis, ticks = _axis(shown, with_intervals)
    labels, above = row_labels([summary.arm for summary in shown.summaries], MOST_CHARACTERS)
    error = shared_error(summary.estimate.se for summary in shown.summaries)
    lines = [
        _row(label, summary, shown, axis, error, with_intervals)
        for label, summary in zip(labels, shown.summaries, strict=True)
    ]
    title = axis_label(shown.metric, is_log=_is_log(shown))
    markup = element(
        "div",
        {"class": "dot-rows"},
        _heading(results, info),
        _legend(shown, with_intervals),
        rows(lines, RowsAxis(ticks, title, labels=above)),
    )
    return Picture(markup, numbers=_numbers(everything, with_intervals))


def _heading(results: SweepResults, info: MetricSummaries) -> Markup:
    subtitle = f" {seeds_an_arm(results)}{left_out(results)}"
    return element("p", {"class": "picture-title"}, element("strong", {}, f"{titled(info.metric)} by arm"), subtitle)


def _is_log(shown: DotRows) -> bool:
    values = shown.values
    return bool(values) and (shown.has_errors or is_squeezed(min(values), max(values)))


def _axis(shown: DotRows, with_intervals: bool) -> tuple[Scale, tuple[Tick, ...]]:
    """A logarithmic one is not as long as an interval that reaches near zero would make it."""
    estimates = [summary.estimate for summary in shown.summaries]
    ends = [end for estimate in estimates for end in (estimate.ci_low, estimate.ci_high) if end is not None]
    values = [*shown.values, *(ends if with_intervals else ())]
    if not _is_log(shown):
        scale = linear(values)
        return scale, round_ticks(scale, _label)
    scale = logarithmic(value for value in values if value >= min(shown.values) / 10)
    return scale, picked_ticks(scale, error_ticks(math.exp(scale.start), math.exp(scale.end)), error_label)


def _label(value: float) -> str:
    return f"{value:.6g}"


# rows --------------------------------------------------------------------------------------------------


def _row(
    label: str, summary: ArmSummary, shown: DotRows, scale: Scale, error: float | None, with_interval: bool
) -> Row:
    counts = counts_of_arm(summary)
    size = mean(summary.estimate, error=error)
    reach = interval(summary.estimate, error=error) if with_interval and summary.estimate.ci_low is not None else ""
    beside = (
        element("span", {"class": "row-size"}, f"{size} {reach}".strip()),
        element("span", {"class": "row-counts tone-bad" if " " in counts else "row-counts"}, counts),
    )
    named = " (baseline)" if summary.is_baseline else ""
    seeds = "; ".join(_by_seed(summary, error))
    said = f"{summary.arm}{named}: {shown.metric.title} {size} {reach}".strip() + f", {counts}. {seeds}".rstrip()
    kind = "is-baseline" if summary.is_baseline else ""
    return Row(label + named, _marks(summary, shown, scale, error, with_interval), said, beside, kind)


def _marks(summary: ArmSummary, shown: DotRows, scale: Scale, error: float | None, with_interval: bool) -> Markup:
    estimate = summary.estimate
    marks = []
    reference = next((each.estimate.mean for each in shown.summaries if each.is_baseline), None)
    if reference is not None:
        marks.append(vertical(scale.within(reference), "baseline"))
    if with_interval and estimate.ci_low is not None and estimate.ci_high is not None:
        marks.append(bar(scale.within(estimate.ci_low), scale.within(estimate.ci_high), "interval"))
    marks.append(
        dots(dict(zip(_by_seed(summary, error), (scale.within(value) for value in estimate.values), strict=True)))
    )
    if estimate.mean is not None:
        marks.append(mean_mark(scale.within(estimate.mean)))
    if summary.arm in shown.stated:
        marks.append(at(along(scale.within(shown.stated[summary.arm])), "50%", path(DIAMOND, "stated")))
    return Markup().join(marks)


def _by_seed(summary: ArmSummary, error: float | None) -> list[str]:
    estimate = summary.estimate
    # A digit more than the mean has, lest seeds look equal.
    digits = error / 10 if error else None
    return [
        f"seed {seed}: {number(value, digits)}" for seed, value in zip(estimate.seeds, estimate.values, strict=True)
    ]


# around the rows ---------------------------------------------------------------------------------------


def _legend(shown: DotRows, with_intervals: bool) -> Markup:
    of_mean = "geometric mean" if shown.is_geometric else "mean"
    has_interval = with_intervals and any(summary.estimate.ci_low is not None for summary in shown.summaries)
    signs = {
        "seed": "a seed",
        "mean": of_mean,
        "interval": "95% interval" if has_interval else "",
        "baseline": f"{of_mean} of the baseline",
        "stated": "what the original states, of one run" if shown.stated else "",
    }
    return legend({name: said for name, said in signs.items() if said})


def _numbers(shown: DotRows, with_intervals: bool) -> Table:
    error = shared_error(summary.estimate.se for summary in shown.summaries)
    header = [
        "arm",
        f"mean {shown.metric.title}",
        *(["95% interval"] if with_intervals else []),
        "sd",
        "runs",
        "by seed",
    ]
    return table(
        header,
        [
            [
                Code(summary.arm),
                mean(summary.estimate, error=error),
                *([interval(summary.estimate, error=error)] if with_intervals else []),
                spread(summary.estimate, error=error),
                counts_of_arm(summary).removeprefix("n="),
                "; ".join(_by_seed(summary, error)).replace("seed ", ""),
            ]
            for summary in shown.summaries
        ],
        range(1, len(header) - 1),
    )


PICTURES: Mapping[str, Callable[[SweepResults], Picture]] = {
    "metric_by_arm": metric_by_arm,
    "gap": gap,
    "seconds": seconds,
}
