"""A study's tables and report from what the store holds of it: all that can be made again at any time.

    published = publish(StudyFolder(results_dir, "optimizers"), RunStore(results_dir), reports_dir)
    published.report.path

No training and no TensorFlow: everything is derived from the latest plan and the records.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ablate.analysis.frame import Tables, study_tables
from ablate.analysis.judging import judge_study
from ablate.core.plans import StudyPlan, with_earlier_confirmation
from ablate.reporting.answer import Findings, findings_of_judged
from ablate.reporting.evidence import (
    INTERPOLATIONS,
    PHOTO_PREDICTIONS,
    Evidence,
    Packed,
    pack_evidence,
    unpack_interpolations,
    unpack_photo_predictions,
)
from ablate.reporting.writing import Written, write_packed
from ablate.storage.atomic import Damaged, read_stored
from ablate.storage.runs import RunStore
from ablate.storage.studies import PlanLine, StudyFolder, UnknownStudy

__all__ = ["Published", "publish"]


@dataclass(frozen=True)
class Published:
    """A study's latest plan, the ids of its runs as far as the store has them whole, what its answers are made of, a
    sweep each, and the report that was written."""

    plan: StudyPlan
    run_ids: frozenset[str]
    findings: tuple[Findings, ...]
    report: Written


def publish(folder: StudyFolder, store: RunStore, reports_dir: Path, redraw: bool = False) -> Published:
    """Writes the tables into the study's folder, and the report under `reports_dir`, where they changed.

    Args:
        redraw: whether to write the report even over one that says the same.

    Raises:
        UnknownStudy: when nothing was planned under the folder's name.
        ablate.storage.atomic.WriteFailed: when the file system refuses.
    """
    lines = folder.plan_lines()
    if not lines:
        raise UnknownStudy(f"no study {folder.name} under {folder.path.parent}")
    plan = with_earlier_confirmation(lines[-1].plan, [line.plan for line in lines[:-1]])
    run_ids, findings, packed = _packed(folder, store, replace(lines[-1], plan=plan))
    return Published(plan, run_ids, findings, write_packed(packed, reports_dir / folder.name, redraw))


def _packed(
    folder: StudyFolder, store: RunStore, line: PlanLine
) -> tuple[frozenset[str], tuple[Findings, ...], Packed]:
    """Which runs there are, what they showed, and what a report is made of; writes the tables on the way. There may
    be ten thousand runs, and no room to keep them until the report is made."""
    runs = store.present(line.plan.possible_run_ids, line.plan.measured)
    events = folder.events()
    judged = judge_study(line.plan, runs, events)
    findings = tuple(
        findings_of_judged(sweep, found, runs, events) for sweep, found in zip(line.plan.sweeps, judged, strict=True)
    )
    tables = _write_tables(folder, study_tables(line.plan, runs, judged))
    # What `ablate predict --report` and `ablate interpolate --report` left in the study's folder.
    left = {
        name: path.read_bytes()
        for name in (PHOTO_PREDICTIONS, INTERPOLATIONS)
        if (path := folder.path / name).is_file()
    }
    photo_predictions, asked = unpack_photo_predictions(left), unpack_interpolations(left)
    evidence = Evidence(
        line.plan,
        runs,
        line.argv,
        events,
        photo_predictions=photo_predictions,
        interpolations=asked,
        tables=tables,
        judged=judged,
    )
    return frozenset(runs), findings, pack_evidence(evidence)


def _write_tables(folder: StudyFolder, tables: Tables) -> dict[str, bytes]:
    """The files of the tables but the long one, which are small enough to be kept."""
    files = tables.files()
    for name, content in files.items():
        path = folder.path / name
        if not _holds(path, content):
            folder.write(name, content)
    folder.write_pieces("history.csv", tables.history_csv())
    return files


def _holds(path: Path, content: bytes) -> bool:
    """Whether a table is these bytes; one that cannot be read is made again."""
    try:
        return read_stored(path, len(content)) == content
    except (OSError, Damaged):
        return False
