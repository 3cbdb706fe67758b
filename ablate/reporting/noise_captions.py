"""The caption of the figure of a sweep that asks where noise comes from; `ablate.plots.seed_noise` draws it."""

from __future__ import annotations

from ablate.analysis.results import SweepResults
from ablate.reporting.blocks import Code, text
from ablate.reporting.figures import Caption
from ablate.reporting.seed_noise import FIGURE

__all__ = ["captions"]


def captions(results: SweepResults) -> tuple[Caption, ...]:
    """One, where some variance is known."""
    noise = results.noise
    if noise is None or all(part.variance is None for part in noise.rows.values()):
        return ()
    title = results.metric.title
    return (
        Caption(
            FIGURE,
            f"Standard deviation of the {title} over seeds, a row for each part that varies, with 95% interval",
            text(
                f"How far the {title} of runs scatters when only this part of the seed varies: a tick is the standard "
                "deviation over seeds, the bar its 95% interval (χ²). The dashed line is that of ",
                Code(noise.together),
                ". At the right stands the share of its variance, with the 95% interval of the ratio.",
            ),
        ),
    )
