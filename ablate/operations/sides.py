"""What a name on the command line stands for: the runs of a study, of one of its arms, or one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ablate.analysis.comparison import Side, sides_of_study
from ablate.core.errors import UsageError
from ablate.core.identity import short_id
from ablate.core.plans import StudyPlan
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder, study_names

__all__ = ["distinct_sides", "find_sides", "known_plan", "known_studies", "one_side", "study_of"]


def find_sides(name: str, results_dir: Path, sets_aside: bool = True) -> tuple[Side, ...]:
    """The sides that a word names: the arms of a study (`optimizers`), one arm (`optimizers:adam`), or one run.

    Args:
        sets_aside: whether what is damaged is set aside, see `RunStore`.

    Raises:
        UsageError, NoSuchArm, MissingRun, AmbiguousPrefix: when it names none.
    """
    store = RunStore(results_dir, sets_aside)
    study, colon, level = name.partition(":")
    plan = known_plan(study, results_dir)
    if plan is None and colon:
        raise UsageError(f"No study {study} under {results_dir}. {known_studies(results_dir)}")
    if plan is None:
        run_id = store.find(name)
        run = replace(store.get(run_id), artefacts=store.open_metrics(run_id))
        return (Side(short_id(run.record.run_id), (run,)),)
    events = StudyFolder(results_dir, study).events()
    return sides_of_study(plan, store.present(plan.run_ids, plan.measured), level or None, events)


def distinct_sides(names: Sequence[str], results_dir: Path, sets_aside: bool = True) -> list[Side]:
    """The sides that several words name, in their order.

    Args:
        sets_aside: as `find_sides`.

    Raises:
        UsageError: as `find_sides`, and when two words name the same side.
        NoSuchArm, MissingRun, AmbiguousPrefix: as `find_sides`.
    """
    named_by: dict[str, str] = {}
    sides: list[Side] = []
    for name in names:
        found = find_sides(name, results_dir, sets_aside)
        twice = next((side.label for side in found if side.label in named_by), None)
        if twice is not None:
            raise UsageError(f"{named_by[twice]} and {name} both name {twice}: name each side once")
        named_by |= {side.label: name for side in found}
        sides += found
    return sides


def one_side(name: str, results_dir: Path, sets_aside: bool = True) -> Side:
    """The run, or the arm over its seeds, that a word names.

    Args:
        sets_aside: as `find_sides`.

    Raises:
        UsageError, NoSuchArm, MissingRun, AmbiguousPrefix: when it names none, or several arms.
    """
    sides = find_sides(name, results_dir, sets_aside)
    if len(sides) > 1:
        raise UsageError(f"{name} has several arms; name one of {', '.join(side.label for side in sides)}")
    if not sides:
        raise UsageError(f"{name} has no stored run yet")
    return sides[0]


def study_of(side: Side) -> str:
    """The study whose report can show what was found of a side.

    Raises:
        UsageError: when the side is a run by itself.
    """
    study, is_arm, _ = side.label.partition(":")
    if not is_arm:
        raise UsageError("A run by itself has no report: name an arm as study:level")
    return study


def known_plan(study: str, results_dir: Path) -> StudyPlan | None:
    """The latest plan of a study; None where there is none of this name.

    Raises:
        UnreadablePlan, DamagedPlan: when there is one that cannot be read.
    """
    try:
        lines = StudyFolder(results_dir, study).readable_lines()
    except ValueError:  # no name of a study, so perhaps the beginning of a run id
        return None
    return lines[-1].plan if lines else None


def known_studies(results_dir: Path) -> str:
    """A sentence that names the studies there are, for messages about one that is not."""
    names = study_names(results_dir)
    return f"There are {', '.join(names)}." if names else f"There are none under {results_dir} yet."
