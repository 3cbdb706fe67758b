"""A study's tables and report from what the store holds of it: all that can be made again at any time.

    published = publish(StudyFolder(results_dir, "optimizers"), RunStore(results_dir), reports_dir)
    published.report.path

No training and no TensorFlow: everything is derived from the latest plan and the records.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from ablate.analysis.frame import Tables, study_tables
from ablate.analysis.judging import judge_study
from ablate.core.plans import StudyPlan, with_earlier_confirmation
from ablate.publishing.evidence import (
    INTERPOLATIONS,
    PHOTO_PREDICTIONS,
    Evidence,
    Packed,
    pack_evidence,
    unpack_interpolations,
    unpack_photo_predictions,
)
from ablate.publishing.writing import Written, write_packed
from ablate.reporting.answer import Findings, findings_of_judged
from ablate.storage.atomic import Damaged, ReadRefused, read_stored, set_aside
from ablate.storage.runs import RunStore
from ablate.storage.studies import PlanLine, StudyFolder, UnknownStudy

__all__ = ["LEFT", "Published", "known_of", "publish", "read_left"]

log = logging.getLogger(__name__)

Left = TypeVar("Left")

# What `ablate predict --report` and `ablate interpolate --report` leave in a study's folder, and how it is read.
LEFT = {PHOTO_PREDICTIONS: unpack_photo_predictions, INTERPOLATIONS: unpack_interpolations}
# Of either.
MOST_BYTES = 2**30


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
        DamagedPlan: when no plan of it can be read.
        ablate.storage.atomic.WriteFailed: when the file system refuses.
    """
    lines = folder.readable_lines()
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
    photo_predictions = known_of(folder, PHOTO_PREDICTIONS, unpack_photo_predictions)
    asked = known_of(folder, INTERPOLATIONS, unpack_interpolations)
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


def known_of(folder: StudyFolder, name: str, unpack: Callable[[Mapping[str, bytes]], Left]) -> Left:
    """What is left in a study's folder under one of the names of `LEFT`; what is damaged is set aside, with a warning.

    Raises:
        ReadRefused: when the system does not let it be read.
    """
    try:
        return read_left(folder, name, unpack)
    except Damaged as damage:
        aside = set_aside(folder.path / name)
        log.warning("%s; set aside as %s. The command that wrote it makes it again", damage, aside.name)
        return unpack({})


def read_left(folder: StudyFolder, name: str, unpack: Callable[[Mapping[str, bytes]], Left]) -> Left:
    """The same, and nothing is set aside.

    Raises:
        Damaged: when it is not what was written.
        ReadRefused: when the system does not let it be read.
    """
    path = folder.path / name
    try:
        return unpack({name: read_stored(path, MOST_BYTES)})
    except FileNotFoundError:
        return unpack({})
    except (Damaged, ReadRefused):
        raise
    except Exception as error:  # arrays can contradict each other in more ways than can be checked
        raise Damaged(f"{path} is damaged ({type(error).__name__}: {error})") from error


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
