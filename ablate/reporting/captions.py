"""Which figures a sweep has, under which name, and what a reader who cannot see them is told.

The names are those of `ablate.plots.figures.DRAW`, which draws them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ablate.analysis.curves import ArmCurves
from ablate.analysis.results import SweepResults
from ablate.analysis.summaries import ArmSummary
from ablate.reporting.markdown import code

__all__ = ["Caption", "captions", "figure_file"]


@dataclass(frozen=True)
class Caption:
    """`name` is the figure's in `DRAW`; `alternative` is plain text, `text` is markdown."""

    name: str
    alternative: str
    text: str


def figure_file(sweep: str, name: str) -> str:
    """The file name of a figure; what a file name cannot hold everywhere becomes a dash."""
    return f"{re.sub(r'[^A-Za-z0-9_.=-]', '-', sweep)}-{name}.png"


def captions(results: SweepResults) -> tuple[Caption, ...]:
    """The captions of the figures that the results can fill, in the order of the report."""
    candidates = (
        (_has_values(results.summaries), _metric_by_arm(results)),
        (any(difference.estimate.n for difference in results.differences), _paired_differences(results)),
        (_has_curves(results.validation), _learning_curves(results)),
        (_has_values(results.gap.summaries), _gap()),
        (_has_values(results.seconds.summaries), _seconds()),
        (bool(results.confusions), _confusion(results)),
    )
    return tuple(caption for is_drawn, caption in candidates if is_drawn)


def _has_values(summaries: Sequence[ArmSummary]) -> bool:
    return any(summary.estimate.n for summary in summaries)


def _has_curves(arms: Sequence[ArmCurves]) -> bool:
    return any(curve.values for arm in arms for curve in arm.seeds)


def _metric_by_arm(results: SweepResults) -> Caption:
    title = results.metric.title
    return Caption(
        "metric_by_arm",
        f"Dot plot of the {title} of every seed of every arm, with mean and 95% interval",
        f"The {title} of every arm. A dot is one seed; bar and tick are the mean and its 95% t interval over "
        "seeds. The dashed line is the mean of the baseline.",
    )


def _paired_differences(results: SweepResults) -> Caption:
    margin = " The shaded band is the stated margin." if results.margin is not None else ""
    return Caption(
        "paired_differences",
        f"Dot plot of the paired differences in {results.metric.title} from the baseline, with 95% intervals",
        f"Differences in {results.metric.title} from the baseline {code(results.baseline.arm)}, paired by seed. A dot "
        f"is one seed; the bar is the mean and its 95% paired-t interval, each for its own comparison.{margin}",
    )


def _learning_curves(results: SweepResults) -> Caption:
    return Caption(
        "learning_curves",
        f"Curves of the {results.curve_metric.title} over epochs, one panel an arm, one thin line a seed",
        f"The {results.curve_metric.title} over epochs. Thin lines are seeds, the thick one their mean, the dashed one "
        "the mean on the training set while it is trained on, which may leave the panel; grey is the baseline. A cross "
        "marks where a run diverged.",
    )


def _gap() -> Caption:
    return Caption(
        "gap",
        "Dot plot of the difference between validation and training loss of every seed of every arm",
        "Validation minus training loss at the evaluated epoch, both from a full pass in inference mode.",
    )


def _seconds() -> Caption:
    return Caption(
        "seconds",
        "Dot plot of the time that each run of every arm took",
        "Wall time of each run without compilation, and the mean of each arm, as it was measured: other work on the "
        "machine is in it.",
    )


def _confusion(results: SweepResults) -> Caption:
    other = (
        f" and {code(results.confusions[1].label)}, whose mean lies farthest from it" if results.confusions[1:] else ""
    )
    return Caption(
        "confusion",
        "Confusion matrices of test predictions, true class against predicted class",
        f"Test examples by true and predicted class, summed over seeds: the baseline{other}. Colour is the share of "
        "the true class that was mistaken.",
    )
