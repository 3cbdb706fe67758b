"""Runs, arms and studies, side by side."""

from __future__ import annotations

from pathlib import Path

from ablate.analysis.comparison import Comparison, compare as compare_sides
from ablate.core.errors import UsageError
from ablate.operations.as_json import document, shows
from ablate.operations.request import results_folder
from ablate.operations.sides import distinct_sides, known_studies
from ablate.reporting.comparison import mismatch_text

__all__ = ["NotComparable", "compare"]

# Without the curves, which are the histories of the runs: `show` has them.
shows(
    "labels",
    "are_comparable",
    "mismatches",
    "settings",
    "verdicts",
    "scope",
    "questions",
    "multiplicity",
    "metrics",
    "confusions",
    "disagreements",
    "by_example",
)(Comparison)
document("compare", version=4)(Comparison)


class NotComparable(UsageError):
    """The sides differ in their data, split, metric or numerics; the message says in which."""

    @property
    def hint(self) -> str:
        return "To compare them all the same: --allow"


def compare(
    *names: str, results_dir: Path | str | None = None, allow: bool = False, sets_aside: bool = True
) -> Comparison:
    """What the sides that the names stand for have in common and where they part: a study (`optimizers`, all its
    arms), an arm (`optimizers:adam`) or the beginning of a run id. The first side is the one that the others are
    compared with.

    Args:
        allow: whether to compare even what is not comparable.
        sets_aside: whether what is damaged is set aside; without, nothing in the store is touched.

    Raises:
        NotComparable: when it is not and that is not allowed.
        UsageError, NoSuchArm, MissingRun, AmbiguousPrefix: when a name stands for nothing, all for one side only, or
            two for the same.
    """
    results = results_folder(results_dir)
    sides = distinct_sides(names, results, sets_aside)
    if len(sides) < 2:
        raise UsageError(f"A comparison needs two sides or more. {known_studies(results)}")
    comparison = compare_sides(sides)
    if not comparison.are_comparable and not allow:
        raise NotComparable(mismatch_text(comparison))
    return comparison
