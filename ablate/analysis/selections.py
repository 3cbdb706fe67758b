"""Which arm came out best, and whether fresh seeds have confirmed it.

The best of several means is too good on average: of eight equal arms at five seeds the best lies half a
standard deviation of a run above the truth. So the arm is *selected* by the seeds of the sweep, and it is
*best* only if it also wins on seeds that took no part in selecting it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablate.analysis.summaries import ArmSummary
from ablate.core.records import MetricInfo
from ablate.verdicts.verdict import Verdict, Word

__all__ = ["Selection", "select_arm"]


@dataclass(frozen=True)
class Selection:
    """The arm with the best mean and the one after it; `confirmation` is how the first compares with the
    baseline and with the runner-up on fresh seeds, empty when it was not tried. `left_out` are the arms where runs
    diverged: a mean of those that completed is not compared with means of all runs."""

    arm: str
    runner_up: str | None
    metric: MetricInfo
    confirmation: tuple[Verdict, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def is_confirmed(self) -> bool:
        return bool(self.confirmation) and all(verdict.word is Word.BETTER for verdict in self.confirmation)


def select_arm(
    summaries: Sequence[ArmSummary], metric: MetricInfo, confirmation: tuple[Verdict, ...] = ()
) -> Selection | None:
    """The selection among the arms that have a mean and no diverged run; None where there are not two of them,
    or where neither direction of the metric is better."""
    means = {
        summary.arm: summary.estimate.mean
        for summary in summaries
        if summary.estimate.mean is not None and not summary.n_diverged
    }
    if len(means) < 2 or not metric.sign:
        return None
    first, second, *_ = sorted(means, key=lambda arm: -metric.sign * means[arm])
    left_out = tuple(summary.arm for summary in summaries if summary.n_diverged)
    return Selection(first, second, metric, confirmation, left_out)
