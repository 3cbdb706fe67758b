"""What all pages share: the results folder, which is read and never written, and what was computed of it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from ablate.analysis.comparison import Comparison
from ablate.analysis.ensembles import study_ensembles
from ablate.analysis.interpolations import ArmInterpolations
from ablate.analysis.photo_predictions import ArmPhotoPredictions
from ablate.analysis.results import StudyResults, study_results
from ablate.analysis.values import Runs
from ablate.core.plans import StudyPlan, with_earlier_confirmation
from ablate.operations.sides import known_studies
from ablate.serving.cache import Cache
from ablate.serving.confined import LeadsOut, check_inside
from ablate.serving.content import Content
from ablate.serving.reader import Reader
from ablate.serving.workshop import Workshop
from ablate.storage.atomic import Damaged
from ablate.storage.index import MISSING
from ablate.storage.runs import RunStore
from ablate.storage.studies import PlanLine, StudyFolder, UnknownStudy

__all__ = ["DAMAGED", "ELSEWHERE", "Site", "StoredStudy", "Version"]

# Says which bytes something was read from, as far as the file system tells without reading them.
Version = str
# How many of each are kept: a study with the arrays of its runs takes megabytes, its plan a few kilobytes.
MOST_STUDIES, MOST_PLANS, MOST_VALUES, MOST_COMPARISONS = 4, 64, 64, 8
# Of the runs of all studies that are kept: with histories and predictions each takes some ten kilobytes.
MOST_RUNS = 10_000
# Of the curves of all comparisons that are kept, one a run and metric.
MOST_CURVES = 100_000
# Of pages that take long to make: how many are kept, of how many characters in all, and how many may wait.
MOST_MADE, MOST_CHARACTERS, MOST_WAITING = 16, 5e7, 16
# Kinds of what lasts, which are few.
MOST_LASTING = 1000
# What the index does not say of a run.
ELSEWHERE, DAMAGED = "elsewhere", "damaged"
# Plans, log, and what photographs and lines between runs have shown.
FILES_OF_A_STUDY = ("plans.jsonl", "study_log.jsonl", "photographs.npz", "lines.npz")
FILES_OF_A_RUN = ("record.json", "spec.json", "arrays.npz", "artefacts")
# Those by which a change shows: whoever changes the spec changes the record.
CHANGING_FILES_OF_A_RUN = ("record.json", "arrays.npz", "artefacts")

Left = TypeVar("Left")
Lasting = TypeVar("Lasting")


@dataclass(frozen=True)
class StoredStudy:
    """A study as far as the store has it.

    Attributes:
        photo_predictions, interpolations: what was asked of its runs later.
        damaged: what was left in its folder and cannot be read, in words.
        version: another one where any file of it is.
    """

    line: PlanLine
    runs: Runs
    events: tuple[Mapping[str, Any], ...]
    photo_predictions: ArmPhotoPredictions | None
    interpolations: tuple[ArmInterpolations, ...]
    damaged: tuple[str, ...]
    version: Version

    @property
    def plan(self) -> StudyPlan:
        return self.line.plan

    @property
    def number_done(self) -> int:
        """How many of the planned runs have an outcome."""
        return sum(run_id in self.runs and self.runs[run_id].record.status.is_outcome for run_id in self.plan.run_ids)

    @cached_property
    def results(self) -> StudyResults:
        """All that its report shows."""
        return study_results(
            self.plan,
            self.runs,
            self.events,
            study_ensembles(self.plan, self.runs),
            self.photo_predictions,
            self.interpolations,
        )


@dataclass(frozen=True)
class Site:
    """A results folder, which need not be there yet, and what was made of it.

    Attributes:
        data_dir: where data sets lie; None for wherever their loaders look.
        allow_targets: packages of the user's that what a spec names may come from.
        reader: has pictures read by its runs; None where nobody does.
        values: for whatever pages compute of what has a `Version`.
        comparisons: the last ones, with the curves of their runs.
        workshop: for what takes long enough that a page says it is being made.
    """

    results_dir: Path
    data_dir: Path | None = None
    allow_targets: tuple[str, ...] = ()
    reader: Reader | None = None
    values: Cache = field(default_factory=lambda: Cache(MOST_VALUES))
    comparisons: Cache = field(default_factory=lambda: Cache(MOST_COMPARISONS, MOST_CURVES, _curves))
    workshop: Workshop[Content] = field(
        default_factory=lambda: Workshop(MOST_MADE, MOST_WAITING, MOST_CHARACTERS, lambda made: len(made.markup))
    )
    _studies: Cache = field(default_factory=lambda: Cache(MOST_STUDIES, MOST_RUNS, lambda study: len(study.runs)))
    _lines: Cache = field(default_factory=lambda: Cache(MOST_PLANS))
    _lasting: Cache = field(default_factory=lambda: Cache(MOST_LASTING))

    def lasting(self, make: Callable[[Site], Lasting]) -> Lasting:
        """What `make` makes of this site when it is first asked for, kept while the server runs."""
        return self._lasting.get(make, lambda: make(self))

    @cached_property
    def store(self) -> RunStore:
        """The runs. What is damaged counts as missing, and stays where it is."""
        return RunStore(self.results_dir, sets_aside=False)

    def check_run(self, run_id: str) -> None:
        """Whether all of a run lies in the results folder.

        Raises:
            LeadsOut: where it does not.
        """
        folder = self.store.folder(run_id)
        check_inside(self.results_dir, (folder / name for name in FILES_OF_A_RUN))

    def check_name(self, name: str) -> None:
        """Whether a study could be called so.

        Raises:
            UnknownStudy: where none can.
        """
        self._folder(name)

    def seen_status(self, run_id: str, status: str) -> str:
        """The status of a run as the index has it, unless its folder says more: that it lies elsewhere, or that what
        counts as missing is there, and damaged."""
        try:
            self.check_run(run_id)
        except LeadsOut:
            return ELSEWHERE
        return DAMAGED if status == MISSING and os.path.lexists(self.store.folder(run_id)) else status

    def check_study(self, name: str) -> None:
        """Whether all of a study but its runs lies in the results folder.

        Raises:
            UnknownStudy: where none can have this name.
            LeadsOut: where it does not.
        """
        folder = self._folder(name)
        check_inside(self.results_dir, (folder.path / file for file in FILES_OF_A_STUDY))

    def line(self, name: str) -> PlanLine:
        """The latest plan of a study, with the confirmation that was planned before.

        Raises:
            UnknownStudy: when nothing was planned under this name.
            UnreadablePlan, DamagedPlan: when its plan cannot be read.
            LeadsOut: when it lies elsewhere.
        """
        folder = self._folder(name)
        self.check_study(name)
        path = folder.path / "plans.jsonl"
        return self._lines.get((name, _version((path,))), lambda: self._read_line(folder))

    def study(self, name: str) -> StoredStudy:
        """A study with its runs, all of their checksums verified.

        Raises:
            UnknownStudy, UnreadablePlan, DamagedPlan, LeadsOut: as `line`.
            UnreadableRecord: when another version of ablate wrote one of its runs.
        """
        line = self.line(name)
        version = self.version_of(line)
        return self._studies.get((name, version), lambda: self._read_study(line, version))

    def at_a_glance(self, name: str) -> Version:
        """Changes with the plan and the log of a study, and with any run that comes, goes or gives way; it is read off
        a few hundred folders, however many runs there are."""
        shards = sorted(self.results_dir.glob("runs/??"))
        return _version([*(self._folder(name).path / file for file in FILES_OF_A_STUDY), *shards])

    def version_of(self, line: PlanLine) -> Version:
        """Of all that a study is made of."""
        folder, store = self._folder(line.plan.name), self.store
        folders = (str(store.folder(run_id)) for run_id in line.plan.possible_run_ids)
        runs = (f"{of_run}/{file}" for of_run in folders for file in CHANGING_FILES_OF_A_RUN)
        return _version((*(folder.path / name for name in FILES_OF_A_STUDY), *runs))

    def version_of_side(self, name: str) -> Version:
        """Of all that a side of a comparison is made of: a study, an arm as study:level, or the beginning of a run id.

        Raises:
            UnreadablePlan, DamagedPlan, MissingRun, AmbiguousPrefix, LeadsOut: when it cannot be read.
        """
        study, colon, _ = name.partition(":")
        try:
            line = self.line(study)
        except UnknownStudy:
            if colon:  # which the comparison will say
                return ""
            run_id = self.store.find(name)
            self.check_run(run_id)
            return _version(self.store.folder(run_id) / file for file in FILES_OF_A_RUN)
        check_inside(self.results_dir, map(self.store.folder, line.plan.possible_run_ids))
        return self.version_of(line)

    def _folder(self, name: str) -> StudyFolder:
        try:
            return StudyFolder(self.results_dir, name)
        except ValueError as error:
            raise UnknownStudy(f"{error}. {known_studies(self.results_dir)}") from error

    def _read_line(self, folder: StudyFolder) -> PlanLine:
        lines = folder.readable_lines()
        if not lines:
            raise UnknownStudy(f"There is no study {folder.name}. {known_studies(self.results_dir)}")
        return replace(lines[-1], plan=with_earlier_confirmation(lines[-1].plan, [line.plan for line in lines[:-1]]))

    def _read_study(self, line: PlanLine, version: Version) -> StoredStudy:
        # A second of import, which whoever starts the server need not wait for.
        from ablate.operations.publish import read_left
        from ablate.publishing.evidence import (
            INTERPOLATIONS,
            PHOTO_PREDICTIONS,
            unpack_interpolations,
            unpack_photo_predictions,
        )

        folder, store = self._folder(line.plan.name), self.store
        check_inside(self.results_dir, (store.folder(run_id) for run_id in line.plan.possible_run_ids))
        damaged: list[str] = []

        def left(name: str, unpack: Callable[[Mapping[str, bytes]], Left]) -> Left:
            try:
                return read_left(folder, name, unpack)
            except Damaged as damage:
                damaged.append(str(damage))
                return unpack({})

        return StoredStudy(
            line=line,
            runs=store.present(line.plan.possible_run_ids, line.plan.measured),
            events=folder.events(),
            photo_predictions=left(PHOTO_PREDICTIONS, unpack_photo_predictions),
            interpolations=left(INTERPOLATIONS, unpack_interpolations),
            damaged=tuple(damaged),
            version=version,
        )


def _curves(comparison: Comparison) -> int:
    return sum(len(arm.seeds) for _, arms in comparison.curves for arm in arms)


def _version(paths: Iterable[Path | str]) -> Version:
    return hashlib.sha256("\n".join(map(_state, paths)).encode()).hexdigest()


def _state(path: Path | str) -> str:
    try:
        found = os.stat(path)  # noqa: PTH116  # of ten thousand runs
    except OSError:
        return ""
    return f"{found.st_mtime_ns} {found.st_ino} {found.st_size}"
