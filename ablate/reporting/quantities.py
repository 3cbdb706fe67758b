"""The numbers of a verdict as a reader wants them: percentage points, ratios of errors, p without its zero.

    difference(verdict)                                    # '+0.42 pp', '−0.0124', or '× 0.843'
    bounds(verdict, verdict.ci_low, verdict.ci_high)       # '+0.21..+0.63', or '× 0.82..0.87'

Plain text, for markdown and LaTeX alike. A shown number ends at the second significant digit of the difference's
standard error, or of a tenth of the margin where that is more; one that is undefined is a dash. In a table the digits
of a column follow the errors of all its rows: `shown_error` gives that of one, `numbers.shared_error` that of all.
"""

from __future__ import annotations

import math
from statistics import stdev

from ablate.core.records import CLASSIFICATION, MetricInfo
from ablate.reporting.numbers import UNDEFINED, number
from ablate.verdicts.verdict import Scale, Verdict

__all__ = [
    "bounds",
    "capitalised",
    "change_of_error",
    "difference",
    "has_had_the_power",
    "interval_in_brackets",
    "is_share_of_examples",
    "margin",
    "percent",
    "probability",
    "raw_difference",
    "seeds_needed",
    "shown_error",
    "shown_percent_error",
    "shown_raw_error",
    "standard_error",
]

PERCENTAGE_POINTS = " pp"
# Digits below a hundredth of the margin tell nothing of what was asked.
OF_THE_MARGIN = 0.1
# The largest logarithm of a ratio that is a float.
MOST_LOG_RATIO = 700.0


def capitalised(text: str) -> str:
    """The text with a capital letter at its beginning; names inside keep theirs."""
    return text[:1].upper() + text[1:]


def is_share_of_examples(metric: MetricInfo) -> bool:
    """Whether differences of the metric are read in percentage points. R² is a fraction too, but of no examples."""
    return metric.unit == "fraction" and metric.task == CLASSIFICATION


def standard_error(verdict: Verdict) -> float | None:
    """Of the mean difference, on the verdict's scale; None below two seeds."""
    sd = stdev(verdict.differences.values()) if verdict.is_of_signs and len(verdict.differences) > 1 else verdict.sd
    if sd is None or verdict.n < 2:
        return None
    return sd / math.sqrt(verdict.n) if verdict.sizes is None else sd * math.hypot(*(n**-0.5 for n in verdict.sizes))


def shown_error(verdict: Verdict) -> float | None:
    """What the digits of the difference follow, in the unit in which it is shown: per cent points, a ratio, or the
    metric's own; None below two seeds and without a spread."""
    precision = _precision(verdict)
    if precision is None:
        return None
    if verdict.scale is Scale.LOG_ERROR:
        # All ratios of one verdict end at the same digit, that of its estimate.
        return math.exp(min(verdict.diff or 0.0, MOST_LOG_RATIO)) * precision
    return 100 * precision if is_share_of_examples(verdict.metric) else precision


def shown_raw_error(verdict: Verdict) -> float | None:
    """The same of `raw_difference`. To first order: a ratio that is off by one per cent moves the arm's error by one
    per cent of itself."""
    if verdict.scale is Scale.RAW:
        return shown_error(verdict)
    precision = _precision(verdict)
    if precision is None or verdict.arm_mean is None:
        return None
    error = precision * (1 - verdict.arm_mean if verdict.metric.sign > 0 else abs(verdict.arm_mean))
    return 100 * error if is_share_of_examples(verdict.metric) else error


def _precision(verdict: Verdict) -> float | None:
    """On the verdict's scale."""
    error = standard_error(verdict)
    return max(error, OF_THE_MARGIN * (verdict.margin or 0.0)) if error else None


def difference(verdict: Verdict, error: float | None = None) -> str:
    """
    Args:
        error: what the digits follow, in the unit shown; that of the verdict where it is None. So of the next ones.
    """
    return _on_scale(verdict, verdict.diff, error, with_unit=True)


def bounds(verdict: Verdict, low: float | None, high: float | None) -> str:
    """An interval in running text; a ratio has its sign of multiplication once."""
    if low is None or high is None:
        return UNDEFINED
    first, second = _on_scale(verdict, low), _on_scale(verdict, high)
    return f"{first}..{second.removeprefix('× ')}"


def interval_in_brackets(verdict: Verdict, low: float | None, high: float | None, error: float | None = None) -> str:
    """An interval in a table whose header names the unit."""
    if low is None or high is None:
        return UNDEFINED
    first, second = (_on_scale(verdict, bound, error).removeprefix("× ") for bound in (low, high))
    return f"[{first}, {second}]"


def raw_difference(verdict: Verdict, error: float | None = None) -> str:
    """The difference in the metric's own unit, whatever the scale of the verdict."""
    if verdict.scale is Scale.RAW:
        return difference(verdict, error)
    return _in_metric_unit(verdict.metric, verdict.raw_diff, error or shown_raw_error(verdict), with_unit=True)


def margin(verdict: Verdict) -> str:
    """The stated margin as its author wrote it, without a sign: `0.2 pp`, `0.005`, `10%`."""
    if verdict.margin is None:
        return UNDEFINED
    if verdict.scale is Scale.LOG_ERROR:
        return f"{100 * math.expm1(verdict.margin):.4g}%"
    return f"{100 * verdict.margin:.4g} pp" if is_share_of_examples(verdict.metric) else f"{verdict.margin:.4g}"


def change_of_error(verdict: Verdict) -> str:
    """`18% fewer errors` of an accuracy, `16% lower` of a loss; empty where it is unknown."""
    change = verdict.diff_pct_error
    if change is None:
        return ""
    if verdict.metric.sign < 0:
        return f"{percent(verdict)} {'lower' if change < 0 else 'higher'}"
    if verdict.metric.counts_examples:
        return f"{percent(verdict)} {'fewer' if change < 0 else 'more'} errors"
    best, title = verdict.metric.range[1], verdict.metric.title
    return f"{best:g} − {title} {percent(verdict)} {'smaller' if change < 0 else 'larger'}"


def percent(verdict: Verdict, signed: bool = False, error: float | None = None) -> str:
    """The change of the error in per cent of the reference's, in whole per cent from ten on."""
    change = verdict.diff_pct_error
    if change is None:
        return UNDEFINED
    return f"{number(change if signed else abs(change), error or shown_percent_error(verdict), signed)}%"


def shown_percent_error(verdict: Verdict) -> float | None:
    """What the digits of `percent` follow, in per cent; None where it is unknown."""
    change, precision = verdict.diff_pct_error, _precision(verdict)
    if change is None:
        return None
    of_change = abs(change / verdict.diff) * precision if precision and verdict.diff else 0.0
    return max(of_change, 10.0 if abs(change) >= 10 else 1.0)


def probability(p: float | None) -> str:
    """`=.004`, `<.001`: a probability with its relation sign, to be put behind the letter p."""
    if p is None:
        return f" {UNDEFINED}"
    if p < 0.001:
        return "<.001"
    return "=1" if p > 0.9995 else f"={p:.3f}".replace("0.", ".", 1)


def has_had_the_power(verdict: Verdict) -> bool:
    """Whether no more seeds are needed for the margin than there are: what is open then is a part of the margin."""
    return verdict.seeds_needed_high is not None and verdict.seeds_needed_high <= verdict.n


def seeds_needed(verdict: Verdict) -> int | None:
    """Fresh seeds that give 80 % power for the margin, or for half of it where `has_had_the_power`; None where no
    number can be named, and where runs diverged, which more seeds do not resolve."""
    if verdict.n_diverged or verdict.n_diverged_reference:
        return None
    return verdict.seeds_needed_half if has_had_the_power(verdict) else verdict.seeds_needed_high


def _on_scale(verdict: Verdict, value: float | None, error: float | None = None, with_unit: bool = False) -> str:
    shown = error or shown_error(verdict)
    if value is None or verdict.scale is Scale.RAW:
        return _in_metric_unit(verdict.metric, value, shown, with_unit)
    return f"× {number(math.exp(min(value, MOST_LOG_RATIO)), shown)}"


def _in_metric_unit(metric: MetricInfo, value: float | None, error: float | None, with_unit: bool) -> str:
    """`error` is in the unit in which the value is shown."""
    if value is None:
        return UNDEFINED
    if not is_share_of_examples(metric):
        return number(value, error, signed=True)
    return number(100 * value, error, signed=True) + (PERCENTAGE_POINTS if with_unit else "")
