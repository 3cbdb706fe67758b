"""Curves as `curves.js` draws them: every metric, arm and seed, with as many numbers as a page can bear.

curves_data([MetricCurves(metric, arms)])      # what stands as JSON in the figure
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ablate.analysis.curves import ArmCurves, MetricCurves, SeedCurve
from ablate.core.identity import Json
from ablate.core.records import MetricInfo
from ablate.plots.scales import is_near_one, is_squeezed
from ablate.sanitize.text import one_line
from ablate.web.thinning import Buckets, thinned

__all__ = ["MOST_VALUES", "counts_of", "curves_data", "is_share", "starts_logarithmic"]

# Of all curves of a figure together, and of one curve; below so many places no curve is worth looking at.
MOST_VALUES, MOST_PLACES, LEAST_PLACES = 100_000, 600, 32
SIGNIFICANT_DIGITS = 5
FEW_ARMS = 4


def curves_data(
    metrics: Sequence[MetricCurves],
    across: str = "epoch",
    places: int | None = None,
    under_way: Mapping[str, int] = MappingProxyType({}),
) -> dict[str, Json]:
    """The curves for the script, by metric and arm, rounded to five significant digits.

    Args:
        metrics: each of the same arms in the same order; the first is shown first.
        across: what is counted along the axis, from 1.
        places: at most so many values of a curve are drawn; as many as `MOST_VALUES` allow when None.
        under_way: arm → how many of its curves, the last ones, are of runs that go on; none of them has diverged.
    """
    epochs = max((len(curve.values) for each in metrics for arm in each.arms for curve in arm.seeds), default=0)
    buckets = Buckets.of(epochs, _places_for(metrics) if places is None else places)
    arms = metrics[0].arms if metrics else ()
    data: dict[str, Json] = {
        "across": across,
        "x": list(buckets.places),
        "arms": [{"name": one_line(arm.arm), "baseline": arm.is_baseline} for arm in arms],
        "metrics": [_metric(each, buckets, under_way) for each in metrics],
        "seeds": _begins_with_seeds(metrics),
    }
    notes = ["A mean ends with the shortest of its completed runs."] if _ends_early(metrics) else []
    if buckets.size > 1:
        data["stops"] = buckets.stops
        notes += [buckets.explained(across), "Numbers are means."]
    data["note"] = " ".join(notes)
    return data


def _begins_with_seeds(metrics: Sequence[MetricCurves]) -> bool:
    """Many arms with all their seeds would be a tangle; without a mean there is nothing else to be seen."""
    arms = metrics[0].arms if metrics else ()
    return len(arms) <= FEW_ARMS or not any(arm.mean for arm in arms)


def _ends_early(metrics: Sequence[MetricCurves]) -> bool:
    arms = [arm for each in metrics for arm in each.arms]
    return any(len(seed.values) > len(arm.mean) for arm in arms for seed in arm.seeds if not seed.has_diverged)


def _places_for(metrics: Sequence[MetricCurves]) -> int:
    lines = sum(len(arm.seeds) + 3 for each in metrics for arm in each.arms)
    return min(MOST_PLACES, max(LEAST_PLACES, MOST_VALUES // max(lines, 1)))


def _metric(curves: MetricCurves, buckets: Buckets, under_way: Mapping[str, int]) -> dict[str, Json]:
    info = curves.metric
    return {
        "title": one_line(info.title),
        "label": one_line(info.title if info.unit in ("", "fraction") else f"{info.title}, {info.unit}"),
        "share": is_share(info),
        "log": starts_logarithmic(curves),
        "arms": [_arm(arm, buckets, under_way.get(arm.arm, 0)) for arm in curves.arms],
    }


def _arm(arm: ArmCurves, buckets: Buckets, under_way: int) -> dict[str, Json]:
    interval = arm.interval()
    ended = len(arm.seeds) - under_way
    return {
        "counts": counts_of(arm, under_way) + (", baseline" if arm.is_baseline else ""),
        "mean": _rounded(arm.mean, buckets),
        "low": _rounded([low for low, _ in interval], buckets),
        "high": _rounded([high for _, high in interval], buckets),
        "seeds": [_seed(curve, buckets, is_live=position >= ended) for position, curve in enumerate(arm.seeds)],
    }


def _seed(curve: SeedCurve, buckets: Buckets, is_live: bool) -> dict[str, Json]:
    found: dict[str, Json] = {"seed": curve.seed, "values": _rounded(curve.values, buckets)}
    if is_live:
        found["live"] = True
    elif curve.has_diverged:
        known = [position for position, value in enumerate(curve.values) if math.isfinite(value)]
        # Where the last number stands; a run that diverged in its first epoch has none.
        found["end"] = [known[-1] + 1, _written(curve.values[known[-1]])] if known else []
    return found


def _rounded(values: Sequence[float], buckets: Buckets) -> list[Json]:
    return [None if value is None else _written(value) for value in thinned(values, buckets)]


def _written(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def counts_of(arm: ArmCurves, under_way: int = 0) -> str:
    """How many runs are in the mean, and how many are not."""
    others = ((arm.n_diverged - under_way, "diverged"), (under_way, "under way"))
    return ", ".join([f"n = {arm.n_completed}", *(f"{count} {what}" for count, what in others if count)])


def is_share(info: MetricInfo) -> bool:
    """Whether what is missing from 1 is an error, which a logarithmic axis can show."""
    return info.sign > 0 and info.range[1] == 1


def starts_logarithmic(curves: MetricCurves) -> bool:
    """Whether a linear axis would squeeze the curves: they end near 1, or some are many times the others."""
    completed = [curve.values for arm in curves.arms for curve in arm.seeds if curve.values and not curve.has_diverged]
    if is_share(curves.metric):
        return is_near_one(curves.metric, [values[-1] for values in completed] + [max(each) for each in completed])
    values = [value for each in completed for value in each if math.isfinite(value)]
    return bool(values) and is_squeezed(min(values), max(values))
