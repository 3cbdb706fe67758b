"""Which figures stand in which section of a report: one that would look alike in several stands in the first.

for figures in figures_of_sweeps(results):
    figures.shown, figures.elsewhere
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from ablate.analysis.results import StudyResults, SweepResults
from ablate.reporting.captions import CLASS_DISTRIBUTION
from ablate.reporting.figures import Caption, captions_of

__all__ = ["SweepFigures", "figures_of_sweeps"]


@dataclass(frozen=True)
class SweepFigures:
    """The captions of what a sweep's section shows; figure → the sweep in whose section the same one stands."""

    shown: tuple[Caption, ...]
    elsewhere: Mapping[str, str] = field(default_factory=dict)


def figures_of_sweeps(results: StudyResults) -> tuple[SweepFigures, ...]:
    """Of each sweep, in their order."""
    first: dict[Hashable, str] = {}
    found = []
    for sweep in results.sweeps:
        name, all_of_it = sweep.planned.spec.name, captions_of(sweep)
        own = {caption.name: first.setdefault(_shows(caption, sweep), name) for caption in all_of_it}
        shown = tuple(caption for caption in all_of_it if own[caption.name] == name)
        found.append(SweepFigures(shown, {figure: where for figure, where in own.items() if where != name}))
    return tuple(found)


def _shows(caption: Caption, sweep: SweepResults) -> Hashable:
    """Equal for figures that look alike: the classes are those of the data, whatever is varied."""
    if caption.name == CLASS_DISTRIBUTION and sweep.examples is not None:
        return caption.name, tuple((part, tuple(counts)) for part, counts in sweep.examples.classes.items())
    return caption.name, sweep.planned.spec.name
