"""The verdicts of a sweep at another margin than the stated one: exploratory, whatever they say.

explored = explore("optimizers", margin=0.01)
[(row.subject, row.stated_word, row.word) for row in explored.changed]
"""

from __future__ import annotations

from pathlib import Path

from ablate.analysis.exploring import Exploration, ExploredRow, explore_margin
from ablate.core.errors import UsageError
from ablate.core.plans import StudyPlan
from ablate.operations.as_json import document, shows
from ablate.operations.load import load

__all__ = ["Exploration", "NoSuchSweep", "explore", "position_of"]

shows("subject", "stated_word", "word", "has_changed", "verdict=explored")(ExploredRow)
shows("study", "sweep", "metric", "scale", "margin", "stated_margin", "is_stated", "arms", "claims", "seeds")(
    Exploration
)
document("explore", version=1)(Exploration)


class NoSuchSweep(UsageError, LookupError):
    """The study has no sweep of this name."""


def explore(
    study: str,
    *,
    margin: float | str,
    sweep: str | None = None,
    results_dir: Path | str | None = None,
    sets_aside: bool = True,
) -> Exploration:
    """What the verdicts of a stored sweep would be at `margin`.

    Args:
        margin: in the unit of the metric, or as `10%` of the error where the sweep's own is.
        sweep: its name; the study's first by default.
        sets_aside: see `ablate.operations.load.load`.

    Raises:
        UnknownStudy, UnreadablePlan: when there is no such study, or it cannot be read.
        NoSuchSweep, BadMargin: when it has no such sweep, or that is no margin of it.
    """
    loaded = load(study, results_dir=results_dir, sets_aside=sets_aside)
    results = loaded.results.sweeps[position_of(loaded.plan, sweep)]
    return explore_margin(results, loaded.plan, loaded.stored, loaded.folder.events(), margin)


def position_of(plan: StudyPlan, sweep: str | None) -> int:
    """Which of the study's sweeps has a name; the first where none is given.

    Raises:
        NoSuchSweep: where none has.
    """
    names = [each.spec.name for each in plan.sweeps]
    if sweep is None:
        return 0
    if sweep not in names:
        raise NoSuchSweep(f"{plan.name} has no sweep {sweep}. There are {', '.join(names)}.")
    return names.index(sweep)
