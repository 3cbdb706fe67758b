"""Studies of which tables are left and no plan, and what can be made of these again.

    unplanned(results_dir)                       # names, in alphabetical order
    remains(results_dir, "optimizers")           # "has no plan; its tables name 12 runs, 12 of them stored"
    rebuild(results_dir, reports_dir, "optimizers")

Tables name runs and what came out, not the question that was asked. The report of a study holds its plan; where the
runs of the tables are among those of that plan, it is the study's.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from ablate.core.plans import StudyPlan
from ablate.core.specs import STUDY_NAME
from ablate.storage.atomic import Damaged, StoreError, read_stored
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder, study_names, unplanned_names

__all__ = ["rebuild", "remains", "unplanned"]

MOST_BYTES = 2**30
TABLE = "runs.csv"
# Where nothing says which runs a study needs. A repair leaves its folder, whose removal lets gc remove those runs.
WAY_OUT = "run its command again, or remove the folder: until then gc removes nothing"


def unplanned(results_dir: Path) -> tuple[str, ...]:
    """The studies without a plan, those whose file of plans holds none included.

    Raises:
        ReadRefused: when the system does not let look.
    """
    empty = [name for name in study_names(results_dir) if _is_without_plan(StudyFolder(results_dir, name))]
    return tuple(sorted({*unplanned_names(results_dir), *empty}))


def remains(results_dir: Path, name: str) -> str:
    """What is left of such a study, in words."""
    folder = results_dir / "studies" / name
    if not folder.is_dir():
        return "is no folder that can be looked into; gc removes nothing until it is mended or removed"
    try:
        if all(path.name.endswith(".lock") for path in folder.iterdir()):
            return f"has no plan, and its folder is empty; {WAY_OUT}"
        run_ids = _run_ids(folder)
    except (OSError, Damaged, ValueError) as error:
        return f"has no plan, and no table that names its runs ({error}); {WAY_OUT}"
    store = RunStore(results_dir, sets_aside=False)
    stored = set(store.ids()) & set(run_ids)
    return (
        f"has no plan; its tables name {len(run_ids)} runs, {len(stored)} of them stored. They do not say what was "
        "asked: its report does, or its command, run again"
    )


def rebuild(results_dir: Path, reports_dir: Path, name: str) -> bool:
    """Keeps the plan that the report of a study holds, if the runs of its tables are among those of the plan; whether
    that could be done.

    Raises:
        WriteFailed: when the file system refuses.
    """
    if not STUDY_NAME.fullmatch(name):
        return False
    folder = StudyFolder(results_dir, name)
    try:
        header = json.loads(read_stored(reports_dir / name / "data" / "plan.json", MOST_BYTES))
        plan = StudyPlan.from_json(header["plan"])
        words: Sequence[str] = [str(word) for word in header["command"]]
        run_ids = _run_ids(folder.path)
    except (OSError, Damaged, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    if plan.name != name or not run_ids <= set(plan.possible_run_ids):
        return False
    return folder.record_plan(plan, words)


def _is_without_plan(folder: StudyFolder) -> bool:
    """Whether the file of plans is sound and holds none; another version's plan is one."""
    try:
        return not any(journal.damaged() for journal in folder.journals[:1]) and not folder.plan_lines()
    except StoreError:
        return False


def _run_ids(folder: Path) -> set[str]:
    """The runs that the tables of a study name.

    Raises:
        OSError, Damaged, ValueError: when there is no such table.
    """
    rows = csv.DictReader(io.StringIO(read_stored(folder / TABLE, MOST_BYTES).decode(), newline=""))
    try:
        return {row["run_id"] for row in rows}
    except (KeyError, csv.Error) as error:
        raise ValueError(f"{TABLE} names no runs") from error
