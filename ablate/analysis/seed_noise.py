"""Where the noise of a run comes from: what a sweep of the design `seed_parts` has shown, part by part.

found = seed_noise(sweep, summarise(sweep, runs, value_in("val_loss")), column_info("val_loss"))
found.components.parts["order"].share       # of the variance of runs in which every part varies
found.resplit["together with the split"].share
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ablate.analysis.summaries import ArmSummary
from ablate.core.plans import PlannedArm, PlannedSweep
from ablate.core.records import MetricInfo
from ablate.stats.components import VarianceComponents, VariancePart, variance_components

__all__ = ["SeedNoise", "seed_noise"]

# The factor by which each seed has a split of its own; the other factors of the design are parts of the seed.
RESPLITS = "dataset.resplits"


@dataclass(frozen=True)
class SeedNoise:
    """The noise of one recipe in one metric, in its unit.

    Attributes:
        together: the arm in which every part varies and the split does not: the noise that seeds usually show.
        components: its variance, and those of the parts, each alone.
        resplit: arm → its variance, of those in which the split varies: alone, or together with everything.
        everything: the arm in which the split varies together with all parts, if there is one.
    """

    metric: MetricInfo
    together: str
    components: VarianceComponents
    resplit: Mapping[str, VariancePart]
    everything: str | None

    @property
    def rows(self) -> dict[str, VariancePart]:
        """Arm → its variance, in the order of the design."""
        return {self.together: self.components.together, **self.components.parts, **self.resplit}


def seed_noise(sweep: PlannedSweep, summaries: Sequence[ArmSummary], metric: MetricInfo) -> SeedNoise | None:
    """The variances over the seeds that have a value; None for a sweep that does not ask about noise.

    Args:
        summaries: of each arm, on `metric`.
    """
    if not sweep.spec.is_about_noise:
        return None
    values = {summary.arm: summary.estimate.values for summary in summaries}
    together = values[sweep.baseline.name]
    splits = {arm.name: values[arm.name] for arm in sweep.arms if arm.levels.get(RESPLITS) is True}
    parts = {arm.name: values[arm.name] for arm in sweep.arms if not arm.is_baseline and arm.name not in splits}
    everything = [arm.name for arm in sweep.arms if arm.name in splits and len(_varied(arm)) > 1]
    return SeedNoise(
        metric=metric,
        together=sweep.baseline.name,
        components=variance_components(together, parts),
        resplit=variance_components(together, splits).parts,
        everything=next(iter(everything), None),
    )


def _varied(arm: PlannedArm) -> list[str]:
    """The factors that follow the seed."""
    return [factor for factor, level in arm.levels.items() if level is (True if factor == RESPLITS else None)]
